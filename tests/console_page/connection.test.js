import assert from "node:assert/strict";
import test from "node:test";
import { connection, forget, onConnection, report } from "../../console/lib/connection.js";
import { SELDOM, waitAfter } from "../../console/lib/waits.js";

const DOWN = { status: 502, name: "unreachable", message: "Nobody answers." };
const EXPIRED = { status: 403, name: "refused", message: "Forbidden." };

function heard() {
  const states = [];
  const stop = onConnection((now) => states.push(now.state));
  return { states, stop };
}

test("one failing source among healthy ones is announced once", () => {
  const { states, stop } = heard();
  report("runs", "the runs", null, 0);
  for (let at = 0; at < 20; at += 1) {
    report("budget", "the budget", DOWN, at);
    report("runs", "the runs", null, at);
  }
  assert.deepEqual(states, ["lost"]);
  assert.deepEqual([connection().what, connection().since, connection().isWhole], [["the budget"], 0, false]);
  report("budget", "the budget", null, 21);
  assert.deepEqual(states, ["lost", "ok"]);
  forget("runs");
  forget("budget");
  stop();
});

test("refused credentials and a lost session differ from a server that is away", () => {
  report("runs", "the runs", EXPIRED, 0);
  assert.equal(connection().state, "signed-out");
  report("budget", "the budget", { ...EXPIRED, name: "token" }, 0);
  assert.equal(connection().state, "token");
  forget("runs");
  forget("budget");
  report("runs", "the runs", { status: 403, name: "denied", message: "These credentials may not call GetObject." }, 0);
  assert.equal(connection().state, "ok");
  report("runs", "the runs", { status: 404, name: "not-found", message: "No run." }, 0);
  assert.equal(connection().state, "ok");
  forget("runs");
});

test("refused credentials are tried again seldom, an answer that won't change never", () => {
  assert.deepEqual([401, 403].map((status) => waitAfter(status, 0)), [SELDOM, SELDOM]);
  assert.deepEqual([400, 404, 422].map((status) => waitAfter(status, 0)), [null, null, null]);
  assert.deepEqual([0, 1, 2, 9].map((failures) => waitAfter(502, failures)), [1000, 2000, 4000, SELDOM]);
  assert.equal(waitAfter(429, 0), 1000);
});
