// @ts-check
// Runs of a comparison as rows of values by column, for what draws rows.

import { columnsOf, valueIn } from "./columns.js";
import { number, usd } from "./format.js";

/**
 * @typedef {import("./plots.js").Row} Row
 * @typedef {import("./plots.js").Column} Column
 * @typedef {{run: any, plan: any, values: Record<string, number>}} Found a run, its plan, and its newest metrics
 */

const SECOND = 1000;
const OTHERS = [{ id: "cost", label: "cost (USD)" }, { id: "took", label: "training (s)" }];

/**
 * @param {Found[]} found
 * @returns {{rows: Row[], columns: Column[]}} columns by importance: the headline metric, hyperparameters, the rest
 */
export function comparedRows(found) {
  const runs = found.map(({ run, plan, values }) => ({ ...run, metrics: values, hyperparameters: plan.hyperparameters || run.hyperparameters }));
  const headline = `m:${runs[0]?.metric}`;
  const rank = (/** @type {any} */ { id, kind }) => (id === headline ? 0 : kind === "hyperparameter" ? 1 : 2);
  const own = columnsOf(runs).filter((column) => column.kind !== "fixed").sort((a, b) => rank(a) - rank(b));
  const columns = [...own, ...OTHERS];
  const rows = runs.map((run) => ({ id: run.run_id, values: Object.fromEntries(columns.map(({ id }) => [id, id === "took" ? secondsOf(run) : valueIn(run, id)])) }));
  return { rows, columns };
}

/** @param {any} run */
function secondsOf(run) {
  const took = valueIn(run, "took");
  return typeof took === "number" ? took / SECOND : undefined;
}

/**
 * What a row is, in a line: `monday 12ab34c: accuracy 0.95, dropout 0.2`.
 * @param {string} name
 * @param {Row} row
 * @param {Column[]} columns
 */
export function described(name, row, columns) {
  const said = columns.filter(({ id }) => row.values[id] !== undefined && row.values[id] !== null).map(({ id, label }) => {
    const value = row.values[id];
    return id === "cost" ? `cost ${usd(Number(value))}` : `${label} ${typeof value === "number" ? number(value) : value}`;
  });
  return `${name}: ${said.join(", ") || "no values"}`;
}
