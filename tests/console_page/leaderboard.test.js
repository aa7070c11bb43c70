import assert from "node:assert/strict";
import test from "node:test";
import * as leaderboard from "../../console/lib/leaderboard.js";
import { continued, refreshed } from "../../console/lib/run_pages.js";

const run = (id, dataset, value) => ({ run_id: id, project: "p", dataset, metric: "loss", metrics: value === undefined ? {} : { loss: value } });
const RUNS = [run("a", "monday", 0.5), run("b", "sunday", 0.2), run("c", "monday"), run("d", "monday", 0.1)];
const ids = (runs) => runs.map((each) => each.run_id).join("");
const page = (runs, cursor) => ({ runs, cursor });

test("runs of a dataset stand together, in the order of the first of each", () => {
  const groups = leaderboard.groupsOf(RUNS);
  assert.deepEqual(groups.map((group) => [group.dataset, ids(group.runs)]), [["monday", "acd"], ["sunday", "b"]]);
  assert.deepEqual(leaderboard.rangeOf(groups[0].runs), { metric: "loss", low: 0.1, high: 0.5 });
  assert.equal(leaderboard.rangeOf([RUNS[2]]), null);
  const rows = leaderboard.groupedRows(groups, new Set(["p/monday"]));
  assert.deepEqual(rows.map((row) => row.group?.dataset ?? row.run.run_id), ["monday", "sunday", "b"]);
});

test("a ranking tells by its ends whether lower is better", () => {
  assert.ok(leaderboard.isLowerBetter([RUNS[3], RUNS[1], RUNS[0]]));
  assert.ok(!leaderboard.isLowerBetter([RUNS[0], RUNS[3]]));
  assert.ok(!leaderboard.isLowerBetter([RUNS[0]]) && !leaderboard.isLowerBetter([]));
});

test("runs that aren't ranked follow the ranked ones", () => {
  assert.equal(ids(leaderboard.rankedFirst([RUNS[3], RUNS[1], RUNS[0]], RUNS)), "dbac");
});

test("blocks have all rows in their order", () => {
  const rows = leaderboard.rowsOf(Array.from({ length: 55 }, (_, n) => run(String(n), "d")));
  const blocks = leaderboard.blocksOf(rows);
  assert.deepEqual(blocks.map(({ first, rows: some }) => [first, some.length]), [[0, 20], [20, 20], [40, 15]]);
  assert.deepEqual(blocks.flatMap((block) => block.rows), rows);
});

test("a first page that is read again keeps the order and what follows it", () => {
  const [a, b, c, d] = RUNS, e = run("e", "new");
  assert.equal(ids(refreshed([a, b, c, d], page([e, a, b], "more"))), "eabcd");
  assert.equal(ids(refreshed([a, b, c, d], page([a, c], "more"))), "acd", "b was deleted");
  assert.equal(ids(refreshed([a, b], page([], "more"))), "ab", "a filtered page may be empty");
  assert.equal(ids(refreshed([a, b], page([a], null))), "a");
  assert.equal(ids(continued([a, b], [b, c])), "abc");
});
