import assert from "node:assert/strict";
import { test } from "node:test";

import { byDay, byProject, curvesOf, monthAfter, total } from "../../console/lib/costs.js";

const cost = (day, project, usd, more = {}) => ({ day: `2026-11-${day}`, project, runs: 1, cost_usd: usd, active: 0, worst_usd: 0, ...more });
const COSTS = [cost("03", "a", 1), cost("01", "b", 4, { active: 1, worst_usd: 2, runs: 2 }), cost("01", "a", 2), cost("01", "a", 0.5)];

test("projects are summed, the dearest first", () => {
  assert.deepEqual(byProject(COSTS), [
    { project: "b", usd: 4, runs: 2, active: 1, worst: 2 },
    { project: "a", usd: 3.5, runs: 3, active: 0, worst: 0 },
  ]);
  assert.equal(total(COSTS), 7.5);
});

test("days are summed by project, the newest first", () => {
  assert.deepEqual(byDay(COSTS), {
    columns: ["b", "a"],
    days: [{ day: "2026-11-03", usd: 1, cells: [0, 1] }, { day: "2026-11-01", usd: 6.5, cells: [4, 2.5] }],
  });
});

test("of many projects the dearest have a column, the others one together", () => {
  const many = Array.from({ length: 9 }, (_, n) => cost("01", `p${n}`, n + 1));
  assert.deepEqual(byDay(many).columns, ["p8", "p7", "p6", "p5", "p4", "other projects"]);
  assert.deepEqual(byDay(many).days[0].cells, [9, 8, 7, 6, 5, 10]);
  assert.deepEqual(byDay(many.slice(0, 6)).columns.length, 6);
  assert.equal(curvesOf(many, "2026-11", "2026-11-02").length, 6);
});

test("curves add up to today and no further", () => {
  const [all, b, a] = curvesOf(COSTS, "2026-11", "2026-11-03");
  assert.deepEqual(all.points, [{ step: 1, value: 6.5 }, { step: 2, value: 6.5 }, { step: 3, value: 7.5 }]);
  assert.deepEqual([b.name, a.name], ["b", "a"]);
  assert.equal(curvesOf(COSTS, "2026-11", "2026-12-05")[0].points.length, 30);
  assert.equal(curvesOf(COSTS.slice(0, 1), "2026-11", "2026-11-05").length, 1);
});

test("months follow each other over the year's end", () => {
  assert.deepEqual([monthAfter("2026-01", -1), monthAfter("2026-12", 1)], ["2025-12", "2027-01"]);
});
