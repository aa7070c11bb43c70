import assert from "node:assert/strict";
import test from "node:test";
import { reachesFurther, smoothed, stepsOf, valuesOf } from "../../console/lib/chart_range.js";

const curve = (steps, value, behind = false) => ({ points: steps.map((step) => ({ step, value: value(step) })), behind });
const long = curve(Array.from({ length: 15000 }, (_, n) => n), (n) => n, true);
const own = curve([1, 2, 12], (n) => n / 10);

test("a run's own steps and values are shown, whatever another run has", () => {
  assert.deepEqual(stepsOf([long, own]), [1, 12]);
  const [low, high] = valuesOf([long, own], [1, 12]);
  assert.ok(low > 0 && low < 0.1 && high > 1.2 && high < 1.3, `${low} ${high}`);
  assert.ok(reachesFurther([long, own]));
  assert.ok(!reachesFurther([own]));
});

test("while a run has no points of its own, the others are shown", () => {
  assert.deepEqual(stepsOf([long, curve([], Number)]), [0, 14999]);
  assert.deepEqual(stepsOf([]), [0, 1]);
});

test("values between the shown steps decide the height", () => {
  const [low, high] = valuesOf([own], [2, 12]);
  assert.ok(low > 0.1 && high < 1.3);
  assert.deepEqual(valuesOf([], [0, 1]), [0, 1]);
  assert.ok(valuesOf([curve([1], () => Number.NaN), curve([1], () => 5)], [0, 2]).every(Number.isFinite));
});

test("a smoothed curve begins at its first value and keeps its steps", () => {
  const points = [1, 3, Number.NaN, 3].map((value, step) => ({ step, value }));
  assert.equal(smoothed(points, 0), points);
  const values = smoothed(points, 0.5).map((point) => point.value);
  assert.equal(values[0], 1);
  assert.ok(values[1] > 2 && values[1] < 3 && Number.isNaN(values[2]) && values[3] > values[1]);
});

test("a logarithmic scale shows positive values alone", () => {
  const [low, high] = valuesOf([curve([1, 2, 3], (n) => n - 2 + 0.01)], [1, 3], true);
  assert.ok(low > 0 && low < 0.01 && high > 1.01);
  assert.ok(valuesOf([curve([1], () => -1)], [0, 2], true).every((value) => value > 0));
});
