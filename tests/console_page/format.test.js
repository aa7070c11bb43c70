import assert from "node:assert/strict";
import test from "node:test";
import { isAlike, number, tick } from "../../console/lib/format.js";

test("a whole number keeps all its digits", () => {
  assert.deepEqual([14999, 15000, 0, -7, 12345678].map(number), ["14999", "15000", "0", "-7", "12345678"]);
});

test("another value never reads as a whole number", () => {
  assert.deepEqual([0.99999, 0.9126, 14999.5, 12345.678, 1.000001].map(number), ["0.99999", "0.9126", "14999.5", "12345.7", "1.000001"]);
});

test("very small and very large values have an exponent", () => {
  assert.deepEqual([3.85e-6, 1234567.5, Number.NaN].map(number), ["3.85e-6", "1.23e+6", "NaN"]);
});

test("an axis has little room", () => {
  assert.deepEqual([200000, 1500000, 0.5, 2500].map(tick), ["2e5", "1.5e6", "0.5", "2500"]);
});

test("values that are the same in four digits are alike, and others aren't", () => {
  assert.ok(isAlike(0.91260385, 0.9126));
  assert.ok(isAlike(0, 0));
  assert.ok(!isAlike(0.99999, 0.9999));
  assert.ok(!isAlike(0.913, 0.9126));
});
