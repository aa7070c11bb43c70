// One run in a list.

import { valueIn } from "../lib/columns.js";
import { hash, number, usd } from "../lib/format.js";
import { Component, html } from "../lib/html.js";
import { headline } from "../lib/status.js";
import { Badge } from "./badge.js";
import { Spark } from "./spark.js";
import { Ago, Took } from "./time.js";

const WATCHED = ["run", "index", "isChosen", "columns", "live"];
const NONE = html`<span class="dim">–</span>`;

export class RunRow extends Component {
  // Of 500 rows, those are drawn anew whose run has changed.
  shouldComponentUpdate(next) {
    return WATCHED.some((name) => next[name] !== this.props[name]) || String(next.trend) !== String(this.props.trend)
      || next.unusual.join() !== this.props.unusual.join();
  }

  render({ run, index, inProject, isChosen, onChoose, columns, unusual, ...more }) {
    const name = `${run.project}/${run.dataset} ${hash(run.run_id)}`;
    return html`
      <div class=${`run-row ${isChosen ? "chosen" : ""}`} role="row" aria-rowindex=${index + 2}>
        <span role="cell" class="cell-choose"><input type="checkbox" aria-label=${`Compare ${name}`} checked=${isChosen} onChange=${() => onChoose(run.run_id)} /></span>
        <span role="cell" class="cell-status"><${Badge} status=${run.status} /></span>
        <span role="cell" class="cell-name">
          <a class="run-link" href=${`/runs/${encodeURIComponent(run.run_id)}`} data-run=${run.run_id} title=${run.run_id}>
            ${!inProject && html`<span class="dim"><bdi>${run.project}</bdi> /</span> `}<bdi>${run.dataset}</bdi>
          </a>
          <code class="hash">${hash(run.run_id)}</code>${run.trial && html` <span class="dim">trial ${run.trial}</span>`}
          ${run.name && html`<bdi class="cell-given-name">${run.name}</bdi>`}${run.tags?.map((tag) => html`<bdi class="tag" key=${tag}>${tag}</bdi>`)}
          ${run.cause && run.status !== "CANCELLED" && html`<span class="cell-cause" dir="auto">${run.cause.message}</span>`}
          ${unusual.length > 0 && html`<span class="cell-unusual"><span class="sr">Other than usual: </span><bdi>${unusual.join(" · ")}</bdi></span>`}
        </span>
        ${columns.map((column) => html`<${Cell} key=${column.id} column=${column} run=${run} ...${more} />`)}
      </div>`;
  }
}

/** `live` has the newest metrics of a run that trains. */
function Cell({ column, run, trend = [], live }) {
  const [kind] = column.id.split(":");
  const content = { metric: Metric, trend: Trend, took: () => html`<${Took} of=${run} />`, cost: Cost, started: () => html`<${Ago} at=${run.created_at} />` }[kind] || Value;
  return html`<span role="cell" class=${`cell-${kind} ${kind === "trend" ? "" : "right"}`}>
    ${kind.length === 1 && html`<bdi class="cell-label">${column.label} </bdi>`}${content({ column, run, trend, live })}</span>`;
}

const Metric = ({ run, live }) => {
  const value = headline(run) ?? live?.[run.metric];
  if (value === undefined) return NONE;
  return html`<bdi class="metric-name">${run.metric}</bdi> <b class=${headline(run) === undefined ? "dim" : ""}>${number(value)}</b>`;
};
const Trend = ({ run, trend }) => (headline(run) === undefined ? "" : html`<${Spark} values=${trend} label=${run.metric} />`);
const Cost = ({ run }) => (run.cost ? usd(run.cost.estimate_usd) : NONE);

function Value({ column, run, live }) {
  const own = valueIn(run, column.id);
  const value = own ?? (column.kind === "metric" ? live?.[column.label] : undefined);
  if (value === undefined) return NONE;
  return html`<bdi class=${own === undefined ? "dim" : ""}>${typeof value === "number" ? number(value) : String(value)}</bdi>`;
}
