import assert from "node:assert/strict";
import test from "node:test";
import { Phases, timeline } from "../../console/lib/phases.js";
import { preparedText } from "../../console/lib/prepared.js";

const OWN = { run_id: "penguins-first-1", files: 3, bytes: 2_400_000, seconds: 840, metrics: { rows: 1200, dropped: 3 } };

test("a run says what its step left, or whose data it uses", () => {
  assert.equal(preparedText({ run_id: "penguins-first-1", prepared: OWN }), "3 files, 2.4 MB in 14 min 0 s; dropped 3; rows 1200");
  assert.equal(preparedText({ run_id: "penguins-first-2", prepared: OWN }), "3 files, 2.4 MB of penguins-first-1 reused, 14 min 0 s saved; dropped 3; rows 1200");
});

test("the timeline shows the attempts of both steps, each by its kind", () => {
  const at = (minute) => `2026-11-23T02:${minute}:00Z`;
  const attempt = (number, step, from, to) => ({ number, step, started_at: at(from), stopped_at: at(to), exit_code: 0, reason: "" });
  const run = {
    status: "SUCCEEDED", created_at: at("00"), updated_at: at("40"), stopped_at: at("40"), history: [],
    attempts: [attempt(1, "prepare", "02", "10"), attempt(2, "train", "15", "40")],
  };
  const kinds = timeline(run, new Phases(), 0).map((row) => row.stretches.map((each) => each.kind));
  assert.deepEqual(kinds, [["waiting", "preparing"], ["waiting", "training"]]);
});
