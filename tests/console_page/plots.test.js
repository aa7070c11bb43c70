import assert from "node:assert/strict";
import test from "node:test";
import { parallel, pieces, scatter, varying } from "../../console/lib/plots.js";
import { scaleOf } from "../../console/lib/scale.js";

const column = (id) => ({ id, label: id });
const row = (id, rate, accuracy, optimizer) => ({ id, values: { rate, accuracy, optimizer } });
const ROWS = [row("a", 0.001, 0.9, "adam"), row("b", 0.1, 0.8, "sgd"), row("c", 0.01, undefined, "adam"), row("d", 0.01, 0.85, "rms")];

test("a scale of numbers goes from the least to the greatest, with round ticks", () => {
  const scale = scaleOf([0.12, 0.48, null, Number.NaN]);
  assert.deepEqual([0.12, 0.48, undefined, "x", Number.NaN].map(scale.at), [0, 1, null, null, null]);
  assert.deepEqual(scale.ticks.map((tick) => tick.label), ["0.2", "0.3", "0.4"]);
  assert.ok(!scale.isLog);
});

test("values of very different sizes get a logarithmic scale", () => {
  const scale = scaleOf([0.0001, 0.1]);
  assert.ok(scale.isLog);
  assert.deepEqual(scale.ticks.map((tick) => tick.label), ["1.00e-4", "0.001", "0.01", "0.1"]);
  assert.ok(Math.abs(scale.at(0.001) - 1 / 3) < 1e-9);
});

test("words stand in a row, and a lone value in the middle", () => {
  const scale = scaleOf(["sgd", "adam", true, "adam"]);
  assert.deepEqual(["adam", "sgd", true, "gone"].map(scale.at), [0, 0.5, 1, null]);
  assert.equal(scaleOf([3, 3]).at(3), 0.5);
  assert.deepEqual(scaleOf([]).ticks, []);
});

test("a scatter has the rows with both values, from left to right", () => {
  const { points, x } = scatter(ROWS, column("rate"), column("accuracy"));
  assert.deepEqual(points.map((point) => point.id), ["a", "d", "b"]);
  assert.deepEqual([points[0].x, points[0].y, points[2].x, points[2].y], [0, 1, 1, 0]);
  assert.ok(x.scale.isLog);
});

test("a line has a gap where its row has no value", () => {
  const { axes, lines } = parallel(ROWS, ["rate", "accuracy", "optimizer"].map(column));
  assert.deepEqual(axes.map((axis) => axis.column.id), ["rate", "accuracy", "optimizer"]);
  assert.equal(lines[2].heights[1], null);
  assert.deepEqual(pieces(lines[2]).map((piece) => piece.map(([n]) => n)), [[0], [2]]);
  assert.deepEqual(pieces(lines[0]), [[[0, 0], [1, 1], [2, 0]]]);
});

test("columns that are alike in all rows aren't worth an axis", () => {
  const rows = [row("a", 1, 1, "x"), row("b", 1, 2, undefined)];
  assert.deepEqual(varying(rows, ["rate", "accuracy", "optimizer"].map(column)).map((each) => each.id), ["accuracy", "optimizer"]);
});
