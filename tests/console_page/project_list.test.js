import assert from "node:assert/strict";
import test from "node:test";
import { foundProjects, recentProjects } from "../../console/lib/project_list.js";

const project = (n, at) => ({ project: `team-${n}`, latest_run: at ? { created_at: at } : null });
const MANY = [project(0), ...Array.from({ length: 30 }, (_, n) => project(n + 1, `2026-11-${String(n + 1).padStart(2, "0")}`))];
const names = (projects) => projects.map((each) => each.project);

test("of many projects those with the newest runs are shown, and the open one", () => {
  const shown = names(recentProjects(MANY, "team-0"));
  assert.deepEqual([shown.length, shown[0], shown[11], shown[12]], [13, "team-30", "team-19", "team-0"]);
  assert.equal(recentProjects(MANY, "team-30").length, 12);
});

test("projects are found by parts of their name", () => {
  assert.deepEqual(names(foundProjects(MANY, "2 Team")), ["team-2", "team-12", ...Array.from({ length: 10 }, (_, n) => `team-${20 + n}`)]);
  assert.deepEqual(foundProjects(MANY, "gone"), []);
});
