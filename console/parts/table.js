// A table of cells, which scrolls where it is too wide.

import { html } from "../lib/html.js";

export const Table = ({ label, heads, rows }) => html`
  <div class="table-box" tabindex="0" role="region" aria-label=${label}>
    <table class="differences cells"><thead><tr>${heads.map((head) => html`<th scope="col" key=${head}><bdi>${head}</bdi></th>`)}</tr></thead>
      <tbody>${rows.map((cells, n) => html`<tr class="differs" key=${n}>${cells.map((cell, k) => html`<td key=${k}>${cell}</td>`)}</tr>`)}</tbody></table>
  </div>`;
