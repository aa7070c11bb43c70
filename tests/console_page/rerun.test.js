import assert from "node:assert/strict";
import test from "node:test";
import { requestOf, typed } from "../../console/lib/rerun.js";

const RUN = { run_id: "p-first-1", project: "p", dataset: "first" };
const SETTINGS = {
  hyperparameters: { epochs: 5, rate: 0.01 }, overrides: { hyperparameters: { epochs: 5 }, resources: { vcpus: 8 } },
  recipe: { epochs: 12, rate: 0.01 }, published: { epochs: 12, rate: 0.02 },
};
const BODY = { project: "p", dataset: "first", rerun: true };

test("the same settings override what the newest recipe says otherwise", () => {
  assert.deepEqual(requestOf("same", RUN, SETTINGS, {}), { ...BODY, overrides: { hyperparameters: { epochs: 5, rate: 0.01 }, resources: { vcpus: 8 } }, force: true });
});

test("an edited value is checked by the API", () => {
  const body = requestOf("same", RUN, SETTINGS, { rate: 0.02 });
  assert.deepEqual(body.overrides.hyperparameters, { epochs: 5 });
  assert.equal(body.force, undefined);
});

test("the recipe as it is now overrides nothing but what is edited", () => {
  assert.deepEqual(requestOf("recipe", RUN, SETTINGS, {}), BODY);
  assert.deepEqual(requestOf("recipe", RUN, SETTINGS, { epochs: 3 }).overrides, { hyperparameters: { epochs: 3 } });
});

test("exactly the same is the run's own plan", () => {
  assert.deepEqual(requestOf("exact", RUN, SETTINGS, {}), { from_run: "p-first-1" });
});

test("what is typed has the type of the value before", () => {
  assert.deepEqual([typed("3", 1), typed("1e-3", 0.1), typed("x", 1), typed("true", false), typed("3", "a")], [3, 0.001, "x", true, "3"]);
});
