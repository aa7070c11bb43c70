import assert from "node:assert/strict";
import test from "node:test";
import { differingFiles, differingSettings, linesOf } from "../../console/lib/code_diff.js";

const file = (path, version_id) => ({ path, version_id, size: 1 });
const short = (lines) => lines.map(({ kind, text }) => `${{ same: " ", removed: "-", added: "+", gap: "…" }[kind]}${text}`);

test("a changed line stands with the lines around it, under the numbers of both texts", () => {
  const before = Array.from({ length: 20 }, (_, n) => `line ${n + 1}`);
  const after = before.toSpliced(9, 1, "another", "and one more");
  const lines = linesOf(before.join("\n"), after.join("\n"));
  assert.deepEqual(short(lines), [
    "…", " line 7", " line 8", " line 9", "-line 10", "+another", "+and one more", " line 11", " line 12", " line 13", "…",
  ]);
  assert.deepEqual(lines.filter((line) => line.kind !== "gap").map((line) => [line.before, line.after]).slice(3, 7), [[10, 0], [0, 10], [0, 11], [11, 12]]);
});

test("a new file is added whole, a deleted one removed whole", () => {
  assert.deepEqual(short(linesOf("", "a\nb\n")), ["+a", "+b"]);
  assert.deepEqual(short(linesOf("a\r\n", "")), ["-a"]);
});

test("the same text has no lines", () => assert.deepEqual(linesOf("a\nb\n", "a\nb"), []));

test("files differ by their version, and are there once or twice", () => {
  const { found, same } = differingFiles([file("a", "1"), file("b", "1"), file("c", "1")], [file("a", "1"), file("b", "2"), file("d", "1")]);
  assert.deepEqual(found.map((each) => [each.path, each.before?.version_id, each.after?.version_id]), [["b", "1", "2"], ["c", "1", undefined], ["d", undefined, "1"]]);
  assert.equal(same, 1);
});

test("settings differ by name, whatever section they are in", () => {
  const before = { hyperparameters: { epochs: 5, rate: 0.1 }, spot: "auto", args: ["-v"] };
  const after = { hyperparameters: { epochs: 5, rate: 0.2 }, environment: { MODE: "fast" }, spot: "auto", args: [] };
  assert.deepEqual(differingSettings(before, after), [
    ["hyperparameters.rate", "0.1", "0.2"], ["args", '["-v"]', "[]"], ["environment.MODE", null, "fast"],
  ]);
});
