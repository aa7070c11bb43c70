// @ts-check
// What a month cost: by project, by day, and as curves up to each day.

import { look } from "./curves.js";

/**
 * @typedef {{day: string, project: string, runs: number, cost_usd: number, active: number, worst_usd: number}} Cost
 */

const SHOWN = 5; // projects that have a column and a curve of their own
const OTHERS = "other projects", ALL = "all projects";

/** @param {Cost[]} costs */
export const total = (costs) => costs.reduce((sum, each) => sum + each.cost_usd, 0);

/**
 * The sums of each project, the dearest first.
 * @param {Cost[]} costs parts of days, which may be of the same day and project
 */
export function byProject(costs) {
  const found = groups(costs, (each) => each.project).map(([project, own]) => ({
    project, usd: total(own), runs: sum(own, "runs"), active: sum(own, "active"), worst: sum(own, "worst_usd"),
  }));
  return found.sort((a, b) => b.usd - a.usd || a.project.localeCompare(b.project));
}

/**
 * A table of days, newest first, by the dearest projects: `columns` has their names, each day `cells` in USD and the sum.
 * @param {Cost[]} costs
 */
export function byDay(costs) {
  const columns = columnsOf(costs);
  const days = groups(costs, (each) => each.day).sort(([a], [b]) => b.localeCompare(a)).map(([day, own]) => ({
    day, usd: total(own), cells: columns.map((column) => total(own.filter((each) => column.has(each.project)))),
  }));
  return { columns: columns.map((column) => column.name), days };
}

/**
 * The cost up to each day, of all projects and of the dearest, as `Chart` takes curves.
 * @param {Cost[]} costs
 * @param {string} month such as 2026-11
 * @param {string} today such as 2026-11-23: later days aren't drawn
 */
export function curvesOf(costs, month, today) {
  const days = daysOf(month).filter((day) => day <= today);
  const columns = columnsOf(costs);
  const shown = columns.length === 1 ? columns : [{ name: ALL, has: () => true }, ...columns.slice(0, SHOWN)];
  return shown.map(({ name, has }, n) => {
    const own = costs.filter((each) => has(each.project));
    return { name, label: name, ...look(n), points: days.map((day, index) => ({ step: index + 1, value: total(own.filter((each) => each.day <= day)) })) };
  });
}

/**
 * The month so many months later.
 * @param {string} month
 * @param {number} by
 */
export const monthAfter = (month, by) => new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)) - 1 + by)).toISOString().slice(0, 7);

/** @param {string} month */
const daysOf = (month) => Array.from({ length: new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate() }, (_, n) => `${month}-${String(n + 1).padStart(2, "0")}`);

/**
 * @param {Cost[]} costs
 * @returns {{name: string, has: (project: string) => boolean}[]}
 */
function columnsOf(costs) {
  const names = byProject(costs).map((each) => each.project), own = names.slice(0, names.length > SHOWN + 1 ? SHOWN : SHOWN + 1);
  const columns = own.map((name) => ({ name, has: (/** @type {string} */ project) => project === name }));
  return own.length === names.length ? columns : [...columns, { name: OTHERS, has: (project) => !own.includes(project) }];
}

/**
 * @param {Cost[]} costs
 * @param {(cost: Cost) => string} keyOf
 * @returns {[string, Cost[]][]}
 */
function groups(costs, keyOf) {
  /** @type {Map<string, Cost[]>} */
  const found = new Map();
  for (const each of costs) found.set(keyOf(each), [...(found.get(keyOf(each)) || []), each]);
  return [...found];
}

/**
 * @param {Cost[]} costs
 * @param {"runs" | "active" | "worst_usd"} name
 */
const sum = (costs, name) => costs.reduce((all, each) => all + each[name], 0);
