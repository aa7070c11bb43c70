// Some rows of a list of runs. Far from what is seen it is an empty box as high as they are.

import { differing } from "../lib/columns.js";
import { counted, number } from "../lib/format.js";
import { html, useRef } from "../lib/html.js";
import { useInSight } from "../lib/in_sight.js";
import { rangeOf } from "../lib/leaderboard.js";
import { RunRow } from "./run_row.js";

const ROW_HEIGHT = 45; // px, until its rows were seen
const AT_FIRST = 3; // blocks that are drawn before anybody knows what is in sight
const NOTHING_USUAL = new Map();

export function RunBlock({ block, number: n, heights, ...list }) {
  const box = useRef();
  const isNear = useInSight(box, n < AT_FIRST, (height) => heights.set(n, height));
  const height = heights.get(n) || block.rows.length * ROW_HEIGHT;
  if (!isNear) return html`<div ref=${box} style=${{ height: `${height}px` }} />`;
  return html`
    <div ref=${box} role="rowgroup" style=${{ height: "" }}>
      ${block.rows.map(({ run, group }, index) => (group
        ? html`<${GroupRow} key=${group.key} group=${group} index=${block.first + index} ...${list} />`
        : html`<${Row} key=${run.run_id} run=${run} index=${block.first + index} ...${list} />`))}
    </div>`;
}

const Row = ({ run, index, trendOf, live, usual, chosen, toggle, project, columns }) => html`
  <${RunRow} run=${run} index=${index} trend=${trendOf(run.run_id)} inProject=${Boolean(project)} isChosen=${chosen.includes(run.run_id)}
    onChoose=${toggle} columns=${columns} live=${live[run.run_id]} unusual=${differing(run, usual.get(run.project) || NOTHING_USUAL)} />`;

function GroupRow({ group, index, project, closed, toggleGroup }) {
  const range = rangeOf(group.runs);
  const isOpen = !closed.has(group.key);
  return html`
    <div class="run-row run-group" role="row" aria-rowindex=${index + 2}>
      <span role="cell">
        <button type="button" class="group-button" aria-expanded=${isOpen} onClick=${() => toggleGroup(group.key)}>
          <span aria-hidden="true">${isOpen ? "▾" : "▸"}</span> ${!project && html`<bdi class="dim">${group.project}</bdi><span class="dim"> / </span>`}<bdi>${group.dataset}</bdi>
        </button>
        <span class="dim">${counted(group.runs.length, "run")}${range && html` · <bdi>${range.metric}</bdi> ${spread(range)}`}</span>
      </span>
    </div>`;
}

const spread = ({ low, high }) => (low === high ? number(low) : `${number(low)} to ${number(high)}`);
