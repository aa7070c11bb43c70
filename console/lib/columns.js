// @ts-check
// The columns of a list of runs: what there is to choose, the values, their order, and the search by value.

import { number } from "./format.js";
import { headline } from "./status.js";

/**
 * @typedef {any} Run a run as the API gives it
 * @typedef {{id: string, label: string, kind: "fixed" | "metric" | "hyperparameter"}} Column
 * @typedef {{column: string, isUp: boolean}} Order
 */

/** @type {Column[]} */
export const FIXED = [
  { id: "metric", label: "Metric", kind: "fixed" }, { id: "trend", label: "Trend", kind: "fixed" },
  { id: "took", label: "Took", kind: "fixed" }, { id: "cost", label: "Cost", kind: "fixed" }, { id: "started", label: "Started", kind: "fixed" },
];
export const DEFAULT = FIXED.map((column) => column.id);
/** @type {Order} */
export const NEWEST = { column: "started", isUp: false };
const WORDS = new Intl.Collator(undefined, { numeric: true });
const TERM = /^([^<>=]+)(<=|>=|=|<|>)(.+)$/;

/**
 * All columns that some runs have values for: the fixed ones, then metrics, then hyperparameters, by name.
 * @param {Run[]} runs
 * @returns {Column[]}
 */
export function columnsOf(runs) {
  const metrics = namesIn(runs, "metrics"), hyperparameters = namesIn(runs, "hyperparameters");
  return [
    ...FIXED,
    ...metrics.map((name) => /** @type {Column} */ ({ id: `m:${name}`, label: name, kind: "metric" })),
    ...hyperparameters.map((name) => /** @type {Column} */ ({ id: `h:${name}`, label: name, kind: "hyperparameter" })),
  ];
}

/**
 * @param {Run[]} runs
 * @param {"metrics" | "hyperparameters"} of
 */
function namesIn(runs, of) {
  const names = new Set();
  for (const run of runs) for (const name in run[of]) names.add(name);
  return [...names].sort(WORDS.compare);
}

/**
 * The value of a run in a column; undefined if it has none.
 * @param {Run} run
 * @param {string} column
 * @returns {number | string | boolean | undefined}
 */
export function valueIn(run, column) {
  if (column.startsWith("m:")) return run.metrics[column.slice(2)];
  if (column.startsWith("h:")) return run.hyperparameters[column.slice(2)];
  if (column === "metric" || column === "trend") return headline(run);
  if (column === "cost") return run.cost?.estimate_usd;
  if (column === "started") return run.created_at;
  if (column !== "took") return undefined;
  return run.started_at && run.stopped_at ? Date.parse(run.stopped_at) - Date.parse(run.started_at) : undefined;
}

/**
 * Whether a list is in the order that the API gives it.
 * @param {Order} order
 */
export const isNewestFirst = (order) => order.column === NEWEST.column && order.isUp === NEWEST.isUp;

/**
 * Runs in another order than newest first, in which they come; those without a value come last, equal ones stay as
 * they were.
 * @param {Run[]} runs
 * @param {Order} order
 */
export function inOrder(runs, { column, isUp }) {
  if (isNewestFirst({ column, isUp })) return runs;
  const valued = runs.map((run) => ({ run, value: valueIn(run, column) }));
  const has = (/** @type {{value: any}} */ { value }) => value !== undefined && value !== null && !Number.isNaN(value);
  const sorted = valued.filter(has).sort((a, b) => compared(a.value, b.value) * (isUp ? 1 : -1));
  return [...sorted, ...valued.filter((each) => !has(each))].map(({ run }) => run);
}

/**
 * @param {any} a
 * @param {any} b
 */
function compared(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return WORDS.compare(String(a), String(b));
}

/**
 * The tags of some runs, by name.
 * @param {Run[]} runs
 * @returns {string[]}
 */
export const tagsOf = (runs) => [...new Set(runs.flatMap((run) => run.tags || []))].sort();

/**
 * The value that most of the runs have, for each hyperparameter.
 * @param {Run[]} runs
 * @returns {Map<string, unknown>}
 */
export function usualOf(runs) {
  /** @type {Map<string, Map<unknown, number>>} */
  const counts = new Map();
  for (const run of runs) {
    for (const [name, value] of Object.entries(run.hyperparameters)) {
      const values = counts.get(name) || new Map();
      values.set(value, (values.get(value) || 0) + 1);
      counts.set(name, values);
    }
  }
  return new Map([...counts].map(([name, values]) => [name, [...values].reduce((most, each) => (each[1] > most[1] ? each : most))[0]]));
}

/**
 * The usual values of each project's runs.
 * @param {Run[]} runs
 */
export function usualByProject(runs) {
  /** @type {Map<string, Run[]>} */
  const projects = new Map();
  for (const run of runs) {
    const some = projects.get(run.project);
    if (some) some.push(run);
    else projects.set(run.project, [run]);
  }
  return new Map([...projects].map(([project, some]) => [project, usualOf(some)]));
}

/**
 * What a run has other than usual: `learning_rate 0.003`, by name.
 * @param {Run} run
 * @param {Map<string, unknown>} usual
 */
export const differing = (run, usual) =>
  Object.entries(run.hyperparameters).filter(([name, value]) => usual.has(name) && usual.get(name) !== value).map(([name, value]) => `${name} ${typeof value === "number" ? number(value) : value}`).sort();

/**
 * Whether a run has all words of a search: parts of its texts, or comparisons such as `dropout>0.2`.
 * @param {Run} run
 * @param {string} words
 */
export function isFound(run, words) {
  const wanted = words.split(/\s+/).filter(Boolean);
  if (!wanted.length) return true;
  const text = [run.name, run.note, ...(run.tags || []), run.run_id, run.project, run.dataset, run.status, run.launched_by, run.cause?.message, run.cause?.code].join(" ").toLowerCase();
  return wanted.every((word) => {
    const term = TERM.exec(word);
    return term ? holds(run, term[1], term[2], term[3]) : text.includes(word.toLowerCase());
  });
}

/**
 * @param {Run} run
 * @param {string} name
 * @param {string} sign
 * @param {string} than
 */
function holds(run, name, sign, than) {
  const value = [`m:${name}`, `h:${name}`, name].map((column) => valueIn(run, column)).find((each) => each !== undefined && each !== null);
  if (value === undefined) return false;
  const isNumber = typeof value === "number" && !Number.isNaN(Number(than));
  const order = isNumber ? Number(value) - Number(than) : compared(String(value).toLowerCase(), than.toLowerCase());
  return { "<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0, "=": order === 0 }[sign] ?? false;
}
