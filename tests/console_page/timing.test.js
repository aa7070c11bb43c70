import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { compared, DOING } from "../../console/lib/timing.js";

const since = "2026-11-23T02:13:00Z", now = Date.parse("2026-11-23T02:13:40Z");
const timing = (name, usual) => ({ underway: { name, since, usual } });

test("a part is compared with how long it usually takes", () => {
  assert.equal(
    compared(timing("image_pulled", { seconds: 25, runs: 6, of: "project" }), now),
    "Pulling the image: 40 s, usually 25 s (median of 6 runs of the project).",
  );
  assert.equal(
    compared(timing("trained", { seconds: 554, runs: 1, of: "stack" }), now),
    "Since its first output or metric: 40 s, usually 9 min 14 s (median of 1 run of the stack).",
  );
});

test("nothing is said without runs to compare with, after the end, and before the answer", () => {
  assert.deepEqual([timing("fetched", null), { underway: null }, null].map((each) => compared(each, now)), ["", "", ""]);
});

test("every part of the API has words", () => {
  const { components } = JSON.parse(readFileSync(new URL("../../functions/runs_api/openapi.json", import.meta.url), "utf8"));
  assert.deepEqual(Object.keys(DOING), components.schemas.UnderwayView.properties.name.enum);
});
