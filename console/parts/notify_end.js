// A notification of the browser when the run ends. The browser is asked for it only by a click.

import { html, useEffect, useState } from "../lib/html.js";
import { isEnded, sentence, word } from "../lib/status.js";
import { Icon } from "./icon.js";

export function NotifyAtEnd({ run }) {
  const [state, setState] = useState(""); // "", on, denied
  const ended = isEnded(run);
  useEffect(() => {
    if (!ended || state !== "on") return;
    const shown = new Notification(`${word(run.status)}: ${run.project}/${run.name || run.dataset}`, { body: sentence(run, Date.now()), tag: run.run_id });
    shown.onclick = () => window.focus();
    setState("");
  }, [ended, state]);
  if (ended || typeof Notification === "undefined") return null;
  const toggle = async () => {
    if (state === "on") return setState("");
    return setState((await Notification.requestPermission()) === "granted" ? "on" : "denied");
  };
  return html`
    <button type="button" class="button" aria-pressed=${state === "on"} onClick=${toggle} title="A notification of the browser, while this page is open">
      <${Icon} name="bell" />${state === "denied" ? "The browser forbids it" : state === "on" ? "Notifies at the end" : "Notify me"}</button>`;
}
