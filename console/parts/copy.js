// A command to copy.

import { html, useEffect, useState } from "../lib/html.js";
import { Icon } from "./icon.js";

export function Copy({ text, label = "Copy", quiet }) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (!said) return undefined;
    const timer = setTimeout(() => setSaid(""), 1600);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setSaid("Copied"),
      () => setSaid("The browser forbids it"),
    );
  return html`
    <button type="button" class=${quiet ? "button quiet" : "button"} onClick=${copy} title=${text.length < 200 ? text : undefined}>
      <${Icon} name="copy" /><span aria-live="polite">${said || label}</span>
    </button>`;
}

/** A command as it is typed, and the button that copies it. */
export const Command = ({ text }) => html`
  <div class="command"><code tabindex="0">${text}</code><${Copy} text=${text} quiet /></div>`;
