import assert from "node:assert/strict";
import test from "node:test";
import * as columns from "../../console/lib/columns.js";

const run = (name, hyperparameters, metrics = {}, more = {}) => ({
  run_id: name, project: "p", dataset: name, status: "SUCCEEDED", launched_by: "me", created_at: `2026-11-29T00:00:0${name.length}Z`,
  hyperparameters, metrics, metric: "accuracy", cost: null, started_at: null, stopped_at: null, ...more,
});
const RUNS = [
  run("a", { dropout: 0.1, rate: 0.01 }, { accuracy: 0.9 }), run("bb", { dropout: 0.3, rate: 0.01 }, { accuracy: 0.95, loss: 2 }),
  run("ccc", { dropout: 0.1, rate: 0.01, name: "x" }), run("dddd", { dropout: 0.25, rate: 0.01 }, { accuracy: 0.95 }),
];
const ids = (runs) => runs.map((each) => each.run_id);

test("columns are what some run has values for", () => {
  assert.deepEqual(columns.columnsOf(RUNS).map((each) => each.id), [...columns.DEFAULT, "m:accuracy", "m:loss", "h:dropout", "h:name", "h:rate"]);
});

test("runs without a value come last in both directions, and equal ones stay in their order", () => {
  assert.deepEqual(ids(columns.inOrder(RUNS, { column: "m:accuracy", isUp: false })), ["bb", "dddd", "a", "ccc"]);
  assert.deepEqual(ids(columns.inOrder(RUNS, { column: "metric", isUp: true })), ["a", "bb", "dddd", "ccc"]);
  assert.deepEqual(ids(columns.inOrder(RUNS, { column: "started", isUp: true })), ["a", "bb", "ccc", "dddd"]);
  assert.equal(columns.inOrder(RUNS, columns.NEWEST), RUNS, "newest first is how they come");
  assert.deepEqual(ids(columns.inOrder(RUNS, { column: "h:gone", isUp: true })), ids(RUNS));
});

test("what is unusual about a run is named", () => {
  const usual = columns.usualOf(RUNS);
  assert.equal(usual.get("dropout"), 0.1);
  assert.deepEqual(columns.differing(RUNS[1], usual), ["dropout 0.3"]);
  assert.deepEqual(columns.differing(RUNS[0], usual), []);
  assert.deepEqual(columns.differing({ hyperparameters: { dropout: 0.8145971459219636 } }, usual), ["dropout 0.8146"]);
});

test("what is usual is so for a project", () => {
  const others = [run("e", { dropout: 0.9 }, {}, { project: "q" })];
  assert.deepEqual([...columns.usualByProject([...RUNS, ...others])].map(([project, usual]) => [project, usual.get("dropout")]), [["p", 0.1], ["q", 0.9]]);
});

test("runs are found by words and by values", () => {
  const found = (words) => ids(RUNS.filter((each) => columns.isFound(each, words)));
  assert.deepEqual(found("dropout>0.2"), ["bb", "dddd"]);
  assert.deepEqual(found("dropout>=0.25 accuracy=0.95 BB"), ["bb"]);
  assert.deepEqual(found("name=X"), ["ccc"]);
  assert.deepEqual(found("loss<1"), []);
  assert.deepEqual(found(""), ids(RUNS));
});
