import assert from "node:assert/strict";
import test from "node:test";
import { tabTitle } from "../../console/lib/status.js";

const RUN = { status: "RUNNING", metric: "test_accuracy", metrics: {}, name: null, dataset: "first", project: "penguins" };

test("a tab's title begins with the state and the metric", () => {
  assert.equal(tabTitle(RUN), "Running · first · penguins");
  assert.equal(tabTitle({ ...RUN, status: "SUCCEEDED", metrics: { test_accuracy: 0.9 }, name: "wide" }), "Succeeded · test_accuracy 0.9 · wide · penguins");
});
