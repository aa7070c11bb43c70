// @ts-check
// The rows of a list of runs: best first, by dataset, and in blocks of which only those in sight are drawn.

import { headline } from "./status.js";

/**
 * @typedef {any} Run a run as the API gives it
 * @typedef {{key: string, project: string, dataset: string, runs: Run[]}} Group the runs of a dataset
 * @typedef {{group: Group} | {run: Run}} Row
 * @typedef {{first: number, rows: Row[]}} Block `first` is the number of its first row, from 0
 */

export const BLOCK = 20;

/**
 * Whether the best value is the lowest one, as a ranking shows that comes best first.
 * @param {Run[]} ranked
 */
export const isLowerBetter = (ranked) => ranked.length > 1 && Number(headline(ranked[0])) < Number(headline(ranked.at(-1)));

/**
 * Ranked runs, then those of other runs that the ranking doesn't have.
 * @param {Run[]} ranked
 * @param {Run[]} others
 */
export function rankedFirst(ranked, others) {
  const known = new Set(ranked.map((run) => run.run_id));
  return [...ranked, ...others.filter((run) => !known.has(run.run_id))];
}

/**
 * The datasets of runs, in the order of the first run of each.
 * @param {Run[]} runs
 * @returns {Group[]}
 */
export function groupsOf(runs) {
  /** @type {Map<string, Group>} */
  const groups = new Map();
  for (const run of runs) {
    const key = `${run.project}/${run.dataset}`;
    /** @type {Group} */
    const group = groups.get(key) || { key, project: run.project, dataset: run.dataset, runs: [] };
    group.runs.push(run);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/**
 * A head for each group, and below it the group's runs unless it is closed.
 * @param {Group[]} groups
 * @param {Set<string>} closed keys of groups
 * @returns {Row[]}
 */
export const groupedRows = (groups, closed) => groups.flatMap((group) => [{ group }, ...(closed.has(group.key) ? [] : rowsOf(group.runs))]);

/**
 * @param {Run[]} runs
 * @returns {Row[]}
 */
export const rowsOf = (runs) => runs.map((run) => ({ run }));

/**
 * @param {Row[]} rows
 * @returns {Block[]}
 */
export const blocksOf = (rows) =>
  Array.from({ length: Math.ceil(rows.length / BLOCK) }, (_, n) => ({ first: n * BLOCK, rows: rows.slice(n * BLOCK, (n + 1) * BLOCK) }));

/**
 * The name of the headline metric of a group's runs with its lowest and highest value; null without a value.
 * @param {Run[]} runs
 */
export function rangeOf(runs) {
  const metric = runs.find((run) => Number.isFinite(headline(run)))?.metric;
  const values = runs.filter((run) => run.metric === metric).map(headline).filter(Number.isFinite);
  return values.length ? { metric, low: Math.min(...values), high: Math.max(...values) } : null;
}
