import assert from "node:assert/strict";
import test from "node:test";
import { announcement, sentence, tabTitle } from "../../console/lib/status.js";

const RUN = { status: "RUNNING", metric: "test_accuracy", metrics: {}, name: null, dataset: "first", project: "penguins" };

test("a tab's title begins with the state and the metric", () => {
  assert.equal(tabTitle(RUN), "Running · first · penguins");
  assert.equal(tabTitle({ ...RUN, status: "SUCCEEDED", metrics: { test_accuracy: 0.9 }, name: "wide" }), "Succeeded · test_accuracy 0.9 · wide · penguins");
});

test("a run says whose data it waits for, and that it prepares its own", () => {
  const run = { ...RUN, created_at: "2026-11-23T02:00:00Z", attempts: [], history: [] };
  const now = Date.parse("2026-11-23T02:01:00Z");
  assert.equal(sentence({ ...run, status: "CLAIMED", waits_for: "penguins-first-1" }, now), "Waiting for the data that penguins-first-1 prepares.");
  const preparing = { ...run, step: "prepare", started_at: run.created_at, stopped_at: null };
  assert.equal(sentence(preparing, now), "Preparing the data: for 1 min 0 s so far.");
  assert.equal(announcement(preparing), "Preparing the data.");
  assert.equal(announcement({ ...preparing, step: "train" }), "Training.");
});
