import assert from "node:assert/strict";
import test from "node:test";
import { along, axesOf, machineOf, metricsOf } from "../../console/lib/axes.js";

const series = (name, ...pairs) => ({ name, points: pairs.map(([step, value]) => ({ step, value })) });
const LOSS = series("loss", [1, 9], [5, 8], [10, 7], [12, 6]);
const TIME = series("droptrain/seconds", [2, 60], [10, 300]);
const GPU = series("droptrain/gpu_busy_percent", [10, 90]);
const steps = (found) => found.points.map((point) => point.step);

test("axes are those that a run has values for", () => {
  assert.deepEqual(axesOf([LOSS]), ["step"]);
  assert.deepEqual(axesOf([LOSS, series("epoch", [1, 0]), TIME]), ["step", "epoch", "time"]);
  assert.deepEqual(metricsOf([LOSS, TIME, GPU]), [LOSS]);
});

test("steps become times, between and beyond the samples", () => {
  const { label, runs } = along([[LOSS, TIME]], "time");
  assert.equal(label, "minutes");
  assert.deepEqual(steps(runs[0][0]), [0.5, 2.5, 5, 6]);
  assert.deepEqual(runs[0][0].points.map((point) => point.value), [9, 8, 7, 6]);
});

test("a later attempt that repeats steps never goes back in time", () => {
  const again = series("droptrain/seconds", [2, 60], [8, 200], [4, 260], [10, 400]);
  const places = steps(along([[LOSS, again]], "time").runs[0][0]);
  assert.deepEqual([...places].sort((a, b) => a - b), places);
});

test("a run without values for an axis has no curves along it", () => {
  const { runs } = along([[LOSS, TIME], [LOSS]], "time");
  assert.deepEqual(runs.map((each) => each.length), [1, 0]);
  assert.deepEqual(steps(along([[LOSS], [LOSS]], "step").runs[1][0]), steps(LOSS));
});

test("a metric that counts other steps isn't drawn along the time", () => {
  const epochs = series("val_loss", [1, 3], [2, 2]);
  assert.deepEqual(along([[LOSS, epochs, TIME]], "time").runs[0].map((each) => each.name), ["loss"]);
});

test("GPU use is drawn along the time", () => {
  const [{ title, xLabel, points }] = machineOf([LOSS, TIME, GPU]);
  assert.deepEqual([title, xLabel, points], ["GPU busy (%)", "minutes", [{ step: 5, value: 90 }]], "the first sample had none");
});
