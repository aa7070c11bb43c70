// Asks before something is ended, and shows the command that does the same.

import { post } from "../lib/api.js";
import { html } from "../lib/html.js";
import { useAction } from "../lib/use_action.js";
import { Command } from "./copy.js";
import { Dialog } from "./dialog.js";
import { Trouble } from "./trouble.js";

/** `what` is a run or a sweep, at `address` of the API; `children` say what becomes of it. */
export function Cancel({ what, address, command, reload, onClose, children }) {
  const [state, act] = useAction(async () => {
    await post(`${address}/cancel`);
    reload();
    onClose();
  });
  return html`
    <${Dialog} title=${`End this ${what}?`} onClose=${onClose}>
      <p>${children}</p>
      <${Command} text=${command} />
      ${state.error && html`<${Trouble} title="It wasn't cancelled" error=${state.error} />`}
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>Let it train</button>
        <button type="button" class="button danger" disabled=${state.busy} onClick=${act}>Cancel ${what}</button>
      </div>
    <//>`;
}
