// One run in a list.

import { hash, number, usd } from "../lib/format.js";
import { Component, html } from "../lib/html.js";
import { headline } from "../lib/status.js";
import { Badge } from "./badge.js";
import { Spark } from "./spark.js";
import { Ago, Took } from "./time.js";

export class RunRow extends Component {
  // Of 500 rows, those are drawn anew whose run has changed.
  shouldComponentUpdate(next) {
    return next.run !== this.props.run || next.isChosen !== this.props.isChosen || next.onChoose.length !== this.props.onChoose.length
      || String(next.trend) !== String(this.props.trend);
  }

  render({ run, trend = [], inProject, isChosen, onChoose }) {
    const value = headline(run);
    const name = `${run.project}/${run.dataset} ${hash(run.run_id)}`;
    return html`
      <div class=${`run-row ${isChosen ? "chosen" : ""}`} role="row">
        <span role="cell" class="cell-choose"><input type="checkbox" aria-label=${`Compare ${name}`} checked=${isChosen} onChange=${() => onChoose(run.run_id)} /></span>
        <span role="cell" class="cell-status"><${Badge} status=${run.status} /></span>
        <span role="cell" class="cell-name">
          <a class="run-link" href=${`/runs/${encodeURIComponent(run.run_id)}`} data-run=${run.run_id} title=${run.run_id}>
            ${!inProject && html`<bdi class="dim">${run.project}</bdi><span class="dim"> / </span>`}<bdi>${run.dataset}</bdi>
          </a>
          <code class="hash">${hash(run.run_id)}</code>
          ${run.cause && run.status !== "CANCELLED" && html`<span class="cell-cause" dir="auto">${run.cause.message}</span>`}
        </span>
        <span role="cell" class="cell-metric right">${value === undefined ? html`<span class="dim">–</span>` : html`<bdi class="metric-name">${run.metric}</bdi> <b>${number(value)}</b>`}</span>
        <span role="cell" class="cell-trend">${value !== undefined && html`<${Spark} values=${trend} label=${run.metric} />`}</span>
        <span role="cell" class="cell-took right"><${Took} of=${run} /></span>
        <span role="cell" class="cell-cost right">${run.cost ? usd(run.cost.estimate_usd) : html`<span class="dim">–</span>`}</span>
        <span role="cell" class="cell-age right"><${Ago} at=${run.created_at} /></span>
      </div>`;
  }
}
