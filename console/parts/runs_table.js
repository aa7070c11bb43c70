// The table of a list of runs: its head, and its rows in blocks.

import { FIXED } from "../lib/columns.js";
import { html, useMemo, useState } from "../lib/html.js";
import { blocksOf, groupedRows, groupsOf, rowsOf } from "../lib/leaderboard.js";
import { RunBlock } from "./run_block.js";
import { RunsHead } from "./runs_head.js";

const WIDTHS = { metric: "var(--metric, 150px)", trend: "72px", took: "76px", cost: "62px", started: "78px" };
const OTHER_WIDTH = "104px";
const heights = new Map(); // of blocks that were drawn, by list: going back finds each row where it was

export function RunsTable({ shown, hasMore, isGrouped, columns, order, onSort, ...list }) {
  const [closed, setClosed] = useState(NO_GROUPS);
  const rows = useMemo(() => (isGrouped ? groupedRows(groupsOf(shown), closed) : rowsOf(shown)), [shown, isGrouped, closed]);
  const blocks = useMemo(() => blocksOf(rows), [rows]);
  const known = heightsOf(`${list.project} ${isGrouped} ${order.column} ${order.isUp}`);
  const toggleGroup = (key) => setClosed((was) => new Set(was.has(key) ? [...was].filter((each) => each !== key) : [...was, key]));
  const widths = columns.map((column) => WIDTHS[column.id] || OTHER_WIDTH).join(" ");
  return html`
    <div class="runs" role="table" aria-label="Runs" aria-rowcount=${hasMore ? -1 : rows.length + 1} style=${{ "--columns": widths, "--extra": Math.max(0, columns.length - FIXED.length) }}>
      <${RunsHead} columns=${columns} order=${order} onSort=${onSort} />
      ${blocks.map((block, n) => html`<${RunBlock} key=${n} block=${block} number=${n} heights=${known} columns=${columns} closed=${closed} toggleGroup=${toggleGroup} ...${list} />`)}
    </div>`;
}

const NO_GROUPS = new Set();

function heightsOf(list) {
  if (!heights.has(list)) heights.set(list, new Map());
  return heights.get(list);
}
