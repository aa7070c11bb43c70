import assert from "node:assert/strict";
import { test } from "node:test";

import { byTrial, importances, parameters, ranked, sweepSentence, trialRows } from "../../console/lib/sweep.js";

const trial = (number, value, more = {}) => ({ trial: number, run_id: `r${number}`, status: "SUCCEEDED", value, hyperparameters: { rate: number / 10 }, ...more });
const sweep = (goal, runs) => ({ metric: { name: "accuracy", goal }, space: { layers: "1..4:int", rate: "0..1" }, importance: { rate: 0.7, layers: 0.3 }, runs });
const numbers = (runs) => runs.map((run) => run.trial);

test("trials are ranked by the goal, and those without a value come last", () => {
  const runs = [trial(1, 0.8), trial(4, undefined, { status: "FAILED" }), trial(2, 0.9), trial(3, null, { status: "RUNNING" }), trial(5, 0.9)];
  assert.deepEqual(numbers(ranked(sweep("maximize", runs))), [2, 5, 1, 3, 4]);
  assert.deepEqual(numbers(ranked(sweep("minimize", runs))), [1, 2, 5, 3, 4]);
});

test("the best so far never gets worse", () => {
  const runs = [trial(3, 0.7), trial(1, 0.8), trial(2, null), trial(4, 0.9)];
  assert.deepEqual(byTrial(sweep("maximize", runs)).best.map(({ step, value }) => [step, value]), [[1, 0.8], [3, 0.8], [4, 0.9]]);
  assert.deepEqual(byTrial(sweep("minimize", runs)).best.map(({ value }) => value), [0.8, 0.7, 0.7]);
});

test("a trial that was stopped early is never the best so far", () => {
  const { values, best } = byTrial(sweep("maximize", [trial(1, 0.8), trial(2, 0.9, { stopped_early: true })]));
  assert.deepEqual([values.length, best], [2, [{ step: 1, value: 0.8 }]]);
});

test("the most important parameters come first", () => {
  assert.deepEqual(importances(sweep("maximize", [])), [{ name: "rate", share: 0.7 }, { name: "layers", share: 0.3 }]);
  assert.deepEqual(parameters({ ...sweep("maximize", []), importance: undefined }), ["layers", "rate"]);
  const { rows, columns } = trialRows(sweep("maximize", [trial(1, 0.8, { cost_usd: 0.1 }), trial(2, null)]));
  assert.deepEqual(columns.map(({ label }) => label), ["accuracy", "rate", "layers", "cost (USD)"]);
  assert.deepEqual(rows[0], { id: "r1", values: { value: 0.8, cost: 0.1, "h:rate": 0.1, "h:layers": undefined } });
  assert.equal(rows[1].values.value, undefined);
});

test("a sentence says how far it is and what is best", () => {
  const counts = { running: 4, succeeded: 8, failed: 1, cancelled: 0, stopped_early: 2, left: 7 };
  const going = { status: "RUNNING", counts, trials: 20, metric: { name: "accuracy" }, best: { value: 0.95, trial: 3 } };
  assert.equal(sweepSentence(going), "9 of 20 trials are done, 4 are under way. The best accuracy so far is 0.95, of trial 3.");
  const ended = { ...going, status: "CANCELLED", counts: { ...counts, running: 0, left: 19 }, reason: "Cancelled by ann.", best: null };
  assert.equal(sweepSentence(ended), "1 trial of 20 was made. Cancelled by ann.");
});
