// A run's life as stretches of time, attempt by attempt: from its history, its attempts and the log's own lines.

import { isEnded } from "./status.js";

const OWN_LINE = /^\[droptrain\] (fetch|train|sync) (\d+(?:\.\d+)?) s: /;

/** What the container says of itself in the log: by attempt, the seconds from its start to the script's and to saving. */
export class Phases {
  attempts = new Map();
  phase = null;

  /** A line of the log, in order. */
  hear({ attempt, text }) {
    if (attempt === null) return;
    const known = this.attempts.get(attempt) || { fetch: null, sync: null };
    this.attempts.set(attempt, known);
    const own = OWN_LINE.exec(text);
    if (own?.[1] === "fetch") known.fetch = Number(own[2]);
    if (own?.[1] === "sync") known.sync ??= Number(own[2]);
    if (own) this.phase = own[1] === "fetch" && / s: Running /.test(text) ? "train" : own[1];
    else if (this.phase === "fetch") this.phase = "train";
  }
}

/** Rows of the timeline: one before the attempts, then one for each, of {kind, from, to} with times in ms. */
export function timeline(run, phases, now) {
  const end = run.stopped_at ? Date.parse(run.stopped_at) : isEnded(run) ? Date.parse(run.updated_at) : now;
  const starts = attemptsOf(run, end);
  const rows = [];
  let from = Date.parse(run.created_at);
  const waits = waitingIn(run);
  for (const attempt of starts) {
    const stretches = waitingBetween(waits, from, attempt.from);
    rows.push({ ...attempt, stretches: [...stretches, ...trainingOf(attempt, phases?.attempts.get(attempt.number))] });
    from = attempt.to;
  }
  if (!isEnded(run) && !starts.some((attempt) => attempt.isGoing)) {
    rows.push({ number: starts.length + 1, from, to: end, isGoing: true, stretches: waitingBetween(waits, from, end) });
  } else if (!starts.length) {
    rows.push({ number: 0, from, to: end, stretches: waitingBetween(waits, from, end) });
  }
  return rows.map((row) => ({ ...row, stretches: row.stretches.filter((each) => each.to > each.from || each.isGoing) }));
}

/** Attempts that have ended, and the one that goes on, which the record doesn't list yet. */
function attemptsOf(run, end) {
  const known = run.attempts.filter((each) => each.started_at).map((each) => ({
    number: each.number, step: each.step, from: Date.parse(each.started_at), to: each.stopped_at ? Date.parse(each.stopped_at) : end,
    exitCode: each.exit_code, reason: each.reason, isReclaimed: isReclaimed(each.reason), isGoing: !each.stopped_at && !isEnded(run),
  }));
  if (run.status !== "RUNNING" || known.some((each) => each.isGoing)) return known;
  const since = run.history.filter((step) => step.status === "RUNNING").at(-1);
  const begun = Date.parse(since?.at || run.started_at || run.updated_at);
  return [...known, { number: run.attempts.length + 1, step: run.step, from: begun, to: end, exitCode: null, reason: null, isGoing: true }];
}

/** Batch's own words begin with these when an instance is taken away. */
export const isReclaimed = (reason) => (reason || "").startsWith("Host EC2");

function waitingIn(run) {
  return run.history
    .filter((step) => ["CLAIMED", "SUBMITTED", "RUNNABLE", "STARTING"].includes(step.status))
    .map((step) => ({ at: Date.parse(step.at), kind: step.status === "STARTING" ? "starting" : "waiting" }));
}

function waitingBetween(waits, from, to) {
  const found = [];
  let at = from, kind = "waiting";
  for (const wait of waits) {
    if (wait.at < from || wait.at >= to || wait.kind === kind) continue;
    found.push({ kind, from: at, to: wait.at });
    at = wait.at;
    kind = wait.kind;
  }
  if (to > at) found.push({ kind, from: at, to });
  return found;
}

function trainingOf({ from, to, step, isReclaimed: taken, isGoing }, told) {
  const within = (at) => Math.min(to, Math.max(from, at));
  const after = (seconds) => within(from + seconds * 1000);
  const fetched = after(told?.fetch || 0);
  const saving = told?.sync ? after(told.sync) : to;
  return [
    { kind: "fetching", from, to: fetched },
    { kind: taken ? "reclaimed" : step === "prepare" ? "preparing" : "training", from: fetched, to: saving, isGoing: isGoing && saving === to },
    { kind: "saving", from: saving, to },
  ];
}
