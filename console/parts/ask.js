// Asks before something is changed for good, and shows the command that does the same.

import { html } from "../lib/html.js";
import { useAction } from "../lib/use_action.js";
import { Command } from "./copy.js";
import { Dialog } from "./dialog.js";
import { Trouble } from "./trouble.js";

/** `act` does it, after the button `yes`; `no` closes, and `failed` is the title of an error. */
export function Ask({ title, yes, no, failed, danger, command, act, reload, onClose, children }) {
  const [state, start] = useAction(async () => {
    await act();
    reload();
    onClose();
  });
  return html`
    <${Dialog} title=${title} onClose=${onClose}>
      ${children}
      <${Command} text=${command} />
      ${state.error && html`<${Trouble} title=${failed} error=${state.error} />`}
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>${no}</button>
        <button type="button" class=${danger ? "button danger" : "button primary"} disabled=${state.busy} onClick=${start}>${yes}</button>
      </div>
    <//>`;
}
