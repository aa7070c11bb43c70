import assert from "node:assert/strict";
import test from "node:test";
import * as drops from "../../console/lib/drop_state.js";
import { matches } from "../../console/lib/dropped.js";

const INPUTS = { training: "train.csv", testing: "test.csv" };
const PROJECT = { inputs: INPUTS, suggested: "2026-11-29-abc123", waiting: [] };
const WAITING = { ...PROJECT, waiting: [{ dataset: "monday", missing: ["test.csv"], present: ["train.csv"] }] };
const WRONG = [{ level: "error", message: "ragged", fix: "" }];
const WARNED = [{ level: "warning", message: "few rows", fix: "" }];

const file = (id, path) => ({ id, path, size: 10 });
const add = (...files) => ({ type: "added", files, inputs: INPUTS });
const checked = (id, findings = []) => ({ type: "checked", id, findings });
const after = (...actions) => actions.reduce(drops.reduce, drops.EMPTY);
const BOTH = [add(file("a", "train.csv"), file("b", "test.csv")), checked("a"), checked("b")];

test("files that are right and complete start by themselves", () => {
  assert.equal(after(BOTH[0]).phase, "checking");
  const drop = after(...BOTH);
  assert.equal(drop.phase, "ready");
  assert.ok(drops.startsByItself(drop, PROJECT));
});

test("a late answer about a replaced file says nothing of the newer file of that name", () => {
  const drop = after(...BOTH, add(file("c", "train.csv")), checked("a"));
  assert.equal(drop.phase, "checking");
  assert.equal(drop.files.find((each) => each.path === "train.csv").state, "checking");
  const judged = drops.reduce(drop, checked("c", WRONG));
  assert.ok(!drops.canSend(judged, PROJECT));
  assert.equal(drops.reduce(judged, checked("a")).files.find((each) => each.id === "c").state, "wrong");
});

test("what the recipe doesn't name is left out and blocks nothing", () => {
  const drop = after(add(file("n", "notes.txt"), file("d", "sub/train.csv")), ...BOTH);
  assert.deepEqual(drop.files.filter((each) => each.state === "left-out").map((each) => each.path), ["notes.txt", "sub/train.csv"]);
  assert.ok(drops.startsByItself(drop, PROJECT));
  assert.deepEqual(drops.sendable(drop).map((each) => each.path), ["train.csv", "test.csv"]);
  assert.ok(!drops.canSend(after(add(file("n", "notes.txt"))), PROJECT));
});

test("a warning waits for a word, an error and a failed check for another file or another try", () => {
  const warned = after(...BOTH, add(file("c", "train.csv")), checked("c", WARNED));
  assert.ok(drops.canSend(warned, PROJECT) && !drops.startsByItself(warned, PROJECT));
  const failed = after(BOTH[0], checked("b"), { type: "check-failed", id: "a", error: new Error("Too slow.") });
  assert.ok(!drops.canSend(failed, PROJECT));
  const again = drops.reduce(failed, { type: "recheck", id: "a" });
  assert.equal(again.phase, "checking");
  assert.ok(drops.startsByItself(drops.reduce(again, checked("a")), PROJECT));
});

test("after a failed upload what is sent stays sent, and the rest can be tried again", () => {
  const sent = [{ type: "send" }, { type: "sending", id: "a" }, { type: "sent", id: "a" }, { type: "sending", id: "b" }];
  const failed = after(...BOTH, ...sent, { type: "send-failed", error: new Error("502") });
  assert.equal(failed.phase, "failed");
  assert.deepEqual(failed.files.map((each) => each.state), ["sent", "unsent"]);
  assert.ok(drops.canSend(failed, PROJECT) && !drops.startsByItself(failed, PROJECT));
  const renamed = drops.reduce(failed, { type: "named", name: "other" });
  assert.deepEqual(renamed.files.map((each) => each.state), ["unsent", "unsent"], "another dataset has none of them");
});

test("a file is removed, and with the last one the drop is empty", () => {
  const one = after(...BOTH, { type: "removed", id: "a" });
  assert.deepEqual(drops.lacking(one, PROJECT), ["train.csv"]);
  assert.deepEqual(drops.reduce(one, { type: "removed", id: "b" }), drops.EMPTY);
});

test("an incomplete drop asks whether a waiting dataset is meant", () => {
  const drop = after(add(file("b", "test.csv")), checked("b"));
  assert.deepEqual(drops.couldBeMeant(drop, WAITING).map((each) => each.dataset), ["monday"]);
  assert.ok(!drops.canSend(drop, WAITING));
  const meant = drops.reduce(drop, { type: "named", name: "monday" });
  assert.ok(drops.startsByItself(meant, WAITING));
  const other = drops.reduce(drop, { type: "named", name: "tuesday" });
  assert.ok(drops.canSend(other, WAITING) && !drops.startsByItself(other, WAITING));
  assert.deepEqual(drops.lacking(other, WAITING), ["train.csv"]);
});

test("a complete drop is a dataset of its own, whatever waits", () => {
  const drop = after(...BOTH);
  assert.deepEqual(drops.couldBeMeant(drop, WAITING), []);
  assert.equal(drops.datasetOf(drop, WAITING), PROJECT.suggested);
  const named = drops.reduce(drop, { type: "named", name: "monday" });
  assert.deepEqual(drops.replaced(named, WAITING), ["train.csv"]);
  assert.ok(!drops.startsByItself(named, WAITING), "it would replace a file there");
});

test("a dataset's name is checked as the command checks it", () => {
  for (const name of ["a", "2026-11-29", "week_46.b", "x".repeat(40)]) assert.equal(drops.nameProblem(name), "", name);
  for (const name of ["", "-a", "Week", "a b", "x".repeat(41), "ü"]) assert.notEqual(drops.nameProblem(name), "", name);
  assert.ok(!drops.canSend(drops.reduce(after(...BOTH), { type: "named", name: "Bad Name" }), PROJECT));
});

test("files that come while others are sent wait for another drop", () => {
  const drop = after(...BOTH, { type: "send" }, add(file("c", "train.csv")));
  assert.deepEqual(drop.files.map((each) => each.id), ["a", "b"]);
  assert.match(drop.note, /being sent/);
  const next = after(...BOTH, { type: "send" }, { type: "done", note: "There." }, add(file("c", "train.csv")));
  assert.deepEqual(next.files.map((each) => each.id), ["c"]);
});

test("patterns are read as the recipe reads them", () => {
  assert.ok(matches("part-*.csv", "part-01.csv") && matches("a/?.csv", "a/b.csv") && matches("[ab]*.csv", "b1.csv"));
  assert.ok(matches("[!a].csv", "b.csv") && !matches("[!a].csv", "a.csv"));
  assert.ok(!matches("*.csv", "sub/a.csv") && !matches("train.csv", "trainxcsv") && !matches("a(1).csv", "a1.csv"));
});
