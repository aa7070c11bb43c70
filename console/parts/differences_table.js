// Runs side by side: a column for each run, a row for each property. The column that is pointed at is lit.

import { look } from "../lib/curves.js";
import { hash } from "../lib/format.js";
import { html } from "../lib/html.js";
import { Badge } from "./badge.js";
import { Swatch } from "./swatch.js";

export function DifferencesTable({ runs, rows, lit, onLight }) {
  const ids = runs.map((run) => run.run_id);
  const light = (event) => {
    const number = event.target.closest("[data-column]")?.dataset.column;
    onLight(number === undefined ? null : ids[Number(number)]);
  };
  const shade = (n) => (ids[n] === lit ? "lit" : "");
  return html`
    <div class="table-box" tabindex="0" role="region" aria-label="Differences of the runs">
      <table class="differences" onMouseOver=${light} onMouseLeave=${() => onLight(null)} onFocusIn=${light}>
        <thead><tr><th scope="col"><span class="sr">What</span></th>
          ${runs.map((run, n) => html`<th scope="col" key=${run.run_id} class=${shade(n)} data-column=${n}><${Swatch} ...${look(n)} /><a href=${`/runs/${run.run_id}`}><bdi>${run.dataset}</bdi> <code class="hash">${hash(run.run_id)}</code></a><${Badge} status=${run.status} /></th>`)}</tr></thead>
        <tbody>${rows.map((row) => html`
          <tr key=${`${row.section} ${row.name}`} class=${row.differs ? "differs" : ""}>
            <th scope="row">${row.section && html`<span class="dim">${row.section} </span>`}<bdi>${row.name}</bdi></th>
            ${row.cells.map((cell, n) => html`<td key=${n} class=${`${shade(n)} ${n === row.best ? "best" : ""}`} data-column=${n}><bdi>${cell}</bdi>${n === row.best && html` <span class="best-mark">best</span>`}</td>`)}
          </tr>`)}</tbody>
      </table>
    </div>`;
}
