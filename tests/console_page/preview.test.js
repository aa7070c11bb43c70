import assert from "node:assert/strict";
import { test } from "node:test";

import { canBeShown, indented } from "../../console/lib/preview.js";

test("JSON is indented and keeps its numbers as they were written", () => {
  const text = '{"id": 12345678901234567890, "rate": 1.0, "of": [1e-3, "a, {b: \\"c\\"}"], "none": {}, "no": []}';
  assert.equal(indented(text), `{
  "id": 12345678901234567890,
  "rate": 1.0,
  "of": [
    1e-3,
    "a, {b: \\"c\\"}"
  ],
  "none": {},
  "no": []
}`);
});

test("what is no JSON stays as it is", () => {
  for (const text of ['{"a": 1}\n{"a": 2}\n', "", "a: [", "plain"]) assert.equal(indented(text), text);
});

test("small texts and images can be looked at", () => {
  assert.ok(canBeShown({ path: "export/metrics.JSON", size: 10 }));
  assert.ok(canBeShown({ path: "export/confusion.png", size: 1 << 20 }));
  assert.ok(!canBeShown({ path: "export/metrics.json", size: 1 << 20 }));
  assert.ok(!canBeShown({ path: "export/model.keras", size: 10 }));
  assert.ok(!canBeShown({ path: "export/page.svg", size: 10 }));
});
