// Rows by their columns, as points or as lines: which columns, is chosen here.

import { html, useMemo, useState } from "../lib/html.js";
import { varying } from "../lib/plots.js";
import { Parallel } from "./parallel.js";
import { Scatter } from "./scatter.js";

const MOST_AXES = 6; // that are there before somebody chooses

/** `columns` in the order of their importance, the result first; `looks` by the row's id, as `Plot` takes them. */
export function Plots({ rows, columns, looks, lit, onLight }) {
  const useful = useMemo(() => varying(rows, columns), [rows, columns]);
  const [asked, setAsked] = useState({ x: "", y: "", axes: null });
  const find = (id, otherwise) => useful.find((column) => column.id === id) || otherwise;
  const y = find(asked.y, useful[0]), x = find(asked.x, useful.find((column) => column !== y));
  const names = asked.axes || useful.slice(0, MOST_AXES).reverse().map((column) => column.id); // the result on the right
  const axes = useMemo(() => names.map((id) => find(id)).filter(Boolean), [useful, names.join("\0")]);
  if (!x) return null;
  const toggle = (id) => setAsked({ ...asked, axes: names.includes(id) ? names.filter((each) => each !== id) : [id, ...names] });
  const shown = { rows, looks, lit, onLight };
  return html`
    <section class="panel" aria-label="Columns against each other">
      <div class="panel-head"><h2>Columns against each other</h2><span class="space" /><span class="dim plot-lit">${looks.get(lit)?.description}</span></div>
      <div class="plots">
        <div>
          <p class="plot-choice"><${Choice} label="Up" columns=${useful} chosen=${y} choose=${(id) => setAsked({ ...asked, y: id })} />
            <${Choice} label="Across" columns=${useful} chosen=${x} choose=${(id) => setAsked({ ...asked, x: id })} /></p>
          <${Scatter} x=${x} y=${y} ...${shown} />
        </div>
        <div>
          <details class="plot-choice"><summary>${axes.length} of ${useful.length} columns</summary>
            ${useful.map(({ id, label }) => html`<label key=${id}><input type="checkbox" checked=${names.includes(id)} disabled=${names.includes(id) && axes.length < 3} onChange=${() => toggle(id)} /> <bdi>${label}</bdi></label>`)}
          </details>
          <${Parallel} columns=${axes} ...${shown} />
        </div>
      </div>
    </section>`;
}

const Choice = ({ label, columns, chosen, choose }) => html`
  <label>${label} <select onChange=${(event) => choose(event.target.value)}>
    ${columns.map((column) => html`<option key=${column.id} value=${column.id} selected=${column === chosen}>${column.label}</option>`)}
  </select></label>`;
