// @ts-check
// A sweep as what its page draws: trials best first, the best so far, rows by column, and a sentence.

import { counted, number } from "./format.js";

/**
 * @typedef {{trial: number, run_id: string, status: string, value?: number | null, hyperparameters: Record<string, any>, cost_usd?: number | null, stopped_early?: any}} Trial
 * @typedef {{metric: {name: string, goal: string}, importance?: Record<string, number> | null, runs: Trial[], space: Record<string, string>}} Sweep
 */

/**
 * The trials, best first; those without a value come last, by their number.
 * @param {Sweep} sweep
 */
export function ranked({ runs, metric }) {
  const worst = metric.goal === "minimize" ? Infinity : -Infinity, sign = metric.goal === "minimize" ? 1 : -1;
  const at = (/** @type {Trial} */ run) => (hasValue(run) ? Number(run.value) : worst);
  return [...runs].sort((a, b) => (at(a) === at(b) ? 0 : sign * (at(a) - at(b))) || a.trial - b.trial);
}

/**
 * The value of each trial and the best value up to it, as points by the trial's number. Trials that were stopped
 * early are never the best.
 * @param {Sweep} sweep
 */
export function byTrial({ runs, metric }) {
  const pointsOf = (/** @type {Trial[]} */ some) => some.filter(hasValue).map((run) => ({ step: run.trial, value: Number(run.value) })).sort((a, b) => a.step - b.step);
  const better = metric.goal === "minimize" ? Math.min : Math.max;
  let best = metric.goal === "minimize" ? Infinity : -Infinity;
  const whole = pointsOf(runs.filter((run) => !run.stopped_early));
  return { values: pointsOf(runs), best: whole.map(({ step, value }) => ({ step, value: (best = better(best, value)) })) };
}

/**
 * Parameters with their share of what the metric depends on, the largest first; none while that isn't known.
 * @param {Sweep} sweep
 */
export const importances = ({ importance }) => Object.entries(importance || {}).map(([name, share]) => ({ name, share })).sort((a, b) => b.share - a.share);

/**
 * The names of the parameters, the most important first.
 * @param {Sweep} sweep
 */
export function parameters(sweep) {
  const known = importances(sweep).map(({ name }) => name);
  return [...known, ...Object.keys(sweep.space).filter((name) => !known.includes(name))];
}

/**
 * Trials as rows by column, the metric first, for what draws rows.
 * @param {Sweep} sweep
 */
export function trialRows(sweep) {
  const names = parameters(sweep);
  const columns = [{ id: "value", label: sweep.metric.name }, ...names.map((name) => ({ id: `h:${name}`, label: name })), { id: "cost", label: "cost (USD)" }];
  const rows = sweep.runs.map((run) => ({
    id: run.run_id,
    values: Object.fromEntries([["value", run.value ?? undefined], ["cost", run.cost_usd ?? undefined], ...names.map((name) => [`h:${name}`, run.hyperparameters[name]])]),
  }));
  return { rows, columns };
}

/**
 * What happens, in a sentence: `9 of 20 trials are done, 4 train. The best accuracy so far is 0.95.`
 * @param {any} sweep
 */
export function sweepSentence({ status, counts, trials, metric, best, reason }) {
  const done = trials - counts.left - counts.running;
  const found = best ? ` The best ${metric.name}${status === "RUNNING" ? " so far" : ""} is ${number(best.value)}, of trial ${best.trial}.` : "";
  if (status === "RUNNING") return `${done} of ${counted(trials, "trial")} ${done === 1 ? "is" : "are"} done, ${counts.running} ${counts.running === 1 ? "is" : "are"} under way.${found}`;
  return `${counted(done, "trial")} of ${trials} ${done === 1 ? "was" : "were"} made.${reason ? ` ${reason}` : ""}${found}`;
}

/** @param {Trial} run */
const hasValue = (run) => run.value !== null && run.value !== undefined && Number.isFinite(run.value);
