// Which columns a project's list has.

import { DEFAULT } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { Dialog } from "./dialog.js";

const KINDS = [["fixed", "The run"], ["metric", "Metrics"], ["hyperparameter", "Hyperparameters"]];

export function ColumnChoice({ columns, chosen, choose, onClose }) {
  const toggle = (id) => choose(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id]);
  return html`
    <${Dialog} title="Columns" onClose=${onClose}>
      ${KINDS.map(([kind, title]) => {
        const some = columns.filter((column) => column.kind === kind);
        return some.length > 0 && html`
          <fieldset class="columns" key=${kind}><legend>${title}</legend>
            ${some.map(({ id, label }) => html`
              <label key=${id}><input type="checkbox" checked=${chosen.includes(id)} onChange=${() => toggle(id)} /> <bdi>${label}</bdi></label>`)}
          </fieldset>`;
      })}
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${() => choose(DEFAULT)}>As at first</button>
        <button type="button" class="button primary" onClick=${onClose}>Done</button>
      </div>
    <//>`;
}
