import assert from "node:assert/strict";
import test from "node:test";
import { differences, toCsv } from "../../console/lib/differences.js";

const found = (id, value, plan = {}) => ({
  run: { run_id: id, project: "p", dataset: id, status: "SUCCEEDED", metric: "loss", metrics: {}, inputs: [], attempts: [], started_at: null, stopped_at: null },
  plan: { hyperparameters: {}, metric: { name: "loss", goal: "minimize" }, ...plan }, values: { accuracy: 1, loss: value },
});

test("the headline metric comes first, with its best value by the goal", () => {
  const [first] = differences([found("a", 0.5), found("b", 0.25), found("c", Number.NaN)]);
  assert.deepEqual([first.name, first.best, first.differs], ["loss", 1, true]);
  assert.equal(differences([found("a", 1), found("b", 1)])[0].best, -1);
});

test("values that are only shown alike differ all the same", () => {
  assert.ok(differences([found("a", 0.91261), found("b", 0.91264)])[0].differs);
});

test("a CSV has a column for each run, and no formula", () => {
  const rows = [{ section: "hyperparameter", name: "note", cells: ["=1+1", 'a "b", c'] }, { section: "", name: "x", cells: ["-0.5", "–"] }];
  assert.equal(toCsv([{ run_id: "r1" }, { run_id: "r2" }], rows), ',r1,r2\nhyperparameter note,\'=1+1,"a ""b"", c"\nx,-0.5,–\n');
});
