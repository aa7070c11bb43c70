import assert from "node:assert/strict";
import test from "node:test";
import { commandOf, requestOf, typed } from "../../console/lib/rerun.js";

const RUN = { run_id: "p-first-1" };

test("by default the run's settings meet the newest versions", () => {
  assert.deepEqual(requestOf("same", RUN, {}), { from_run: "p-first-1", settings: "run", versions: "newest" });
});

test("an edited value is an override, which the API checks", () => {
  assert.deepEqual(requestOf("recipe", RUN, { rate: 0.02 }), {
    from_run: "p-first-1", settings: "recipe", versions: "newest", overrides: { hyperparameters: { rate: 0.02 } },
  });
});

test("exactly the same takes no edits", () => {
  assert.deepEqual(requestOf("exact", RUN, { rate: 0.02 }), { from_run: "p-first-1", settings: "run", versions: "pinned" });
});

test("what is typed has the type of the value before", () => {
  assert.deepEqual([typed("3", 1), typed("1e-3", 0.1), typed("x", 1), typed("true", false), typed("3", "a")], [3, 0.001, "x", true, "3"]);
});

test("the command has the same settings and edits", () => {
  assert.equal(commandOf("recipe", RUN, { rate: 0.02, name: "it's" }), "rerun --settings recipe --set rate=0.02 --set 'name=it'\\''s' p-first-1");
  assert.equal(commandOf("exact", RUN, { rate: 0.02 }), "rerun --versions pinned p-first-1");
});
