// The head of a list of runs: what each column is, and what the list is sorted by.

import { html } from "../lib/html.js";

const RIGHT = (column) => column.id !== "trend";

export const RunsHead = ({ columns, order, onSort }) => html`
  <div class="run-row runs-head" role="row" aria-rowindex="1">
    <span role="columnheader"><span class="sr">Compare</span></span><span role="columnheader">Status</span><span role="columnheader">Run</span>
    ${columns.map((column) => html`
      <span role="columnheader" key=${column.id} class=${`head-${column.id.split(":")[0]} ${RIGHT(column) ? "right" : ""}`} aria-sort=${sorting(column, order)}>
        ${!onSort || column.id === "trend" ? column.label : html`
          <button type="button" class="head-button" title=${`Sort by ${column.label}`} onClick=${() => onSort(column)}>
            <bdi>${column.label}</bdi>${order.column === column.id ? (order.isUp ? " ↑" : " ↓") : ""}</button>`}
      </span>`)}
  </div>`;

const sorting = (column, order) => (order.column === column.id ? (order.isUp ? "ascending" : "descending") : undefined);
