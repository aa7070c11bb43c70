import assert from "node:assert/strict";
import test from "node:test";
import { findingsOf, versionsOf } from "../../console/lib/datasets.js";

const run = (id, digest, versions, more = {}) => ({
  run_id: id, inputs_digest: digest, created_at: `2026-11-2${id}`, status: "SUCCEEDED", warnings: [],
  inputs: versions.map((version_id) => ({ key: "projects/p/data/d/train.csv", version_id })), ...more,
});

test("a version has all of its runs, and is current if its files are there", () => {
  const runs = [run("3", "b", ["v2"]), run("2", "a", ["v1"]), run("1", "a", ["v1"]), run("0", null, [])];
  const found = versionsOf(runs, [{ file: "train.csv", version_id: "v2", size: 1, uploaded_at: "" }]);
  assert.deepEqual(found.map((each) => [each.digest, each.isCurrent, each.since, each.runs.map((one) => one.run_id)]), [
    ["b", true, "2026-11-23", ["3"]], ["a", false, "2026-11-21", ["2", "1"]],
  ]);
});

test("a rejection and the warnings of the newest run are what preflight saw", () => {
  const warning = { file: "train.csv", row: 7, message: "A field is empty.", fix: "Fill it." };
  const rejected = run("2", "b", ["v2"], { status: "REJECTED", cause: { message: "No rows.", fix: "Add some." }, warnings: [warning] });
  assert.deepEqual(findingsOf([rejected, run("1", "a", ["v1"])]), [
    { isWrong: true, message: "No rows.", fix: "Add some." },
    { isWrong: false, message: "train.csv line 7 A field is empty.", fix: "Fill it." },
  ]);
  assert.deepEqual(findingsOf([]), []);
});
