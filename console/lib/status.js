// What a run's status means to people: a group with a colour, a word, and a sentence about this moment.

import { counted, duration, isAlike, number, took, usd } from "./format.js";

export const ENDED = ["SUCCEEDED", "FAILED", "CANCELLED", "REJECTED"];
export const isEnded = (run) => ENDED.includes(run.status);
export const word = (status) => status.charAt(0) + status.slice(1).toLowerCase();

const TONES = {
  SUCCEEDED: "good", FAILED: "bad", REJECTED: "bad", CANCELLED: "off", RUNNING: "live", STARTING: "wait",
};
export const tone = (status) => TONES[status] || "wait";

export const FILTERS = [
  { name: "all", label: "All", status: "", has: () => true },
  { name: "active", label: "Active", status: "", has: (run) => !isEnded(run) },
  { name: "succeeded", label: "Succeeded", status: "SUCCEEDED", has: (run) => run.status === "SUCCEEDED" },
  { name: "failed", label: "Failed", status: "FAILED", has: (run) => run.status === "FAILED" },
  { name: "cancelled", label: "Cancelled", status: "CANCELLED", has: (run) => run.status === "CANCELLED" },
  { name: "rejected", label: "Rejected", status: "REJECTED", has: (run) => run.status === "REJECTED" },
];

/** The headline metric's value, or undefined. */
export const headline = (run) => (run.metric ? run.metrics[run.metric] : undefined);

/** The title of a run's tab: its state, its headline metric if there is one, and which run it is. */
export function tabTitle(run) {
  const value = headline(run);
  return [word(run.status), value === undefined ? "" : `${run.metric} ${number(value)}`, run.name || run.dataset, run.project].filter(Boolean).join(" · ");
}

const REFUSED_FOR_NOW = ["over_budget", "too_many_runs"];

/** Whether a run can be trained again: one that was rejected for its data or recipe never had a plan. */
export const canRerun = (run) => run.status !== "REJECTED" || REFUSED_FOR_NOW.includes(run.cause?.code);

/** What a screen reader hears of a run while it goes on: it changes with the state, not with the time. */
export function announcement(run, { phase } = {}) {
  if (isEnded(run)) return `${word(run.status)}.`;
  const attempt = run.attempts.length + 1;
  const doing = run.status === "RUNNING" ? { fetch: "Fetching code and data", sync: "Saving what it left" }[phase] || activity(run) : word(run.status);
  return `${doing}${attempt > 1 ? `, attempt ${attempt}` : ""}.`;
}

/** What happens now, in a sentence. `phase` is fetch, train or sync, as the log tells; `before` an earlier run. */
export function sentence(run, now, { phase, latest, before } = {}) {
  const attempt = run.attempts.length + (isEnded(run) ? 0 : 1);
  const nth = attempt > 1 ? `, attempt ${attempt}` : "";
  const since = duration((now - Date.parse(run.history.at(-1)?.at || run.created_at)) / 1000);
  switch (run.status) {
    case "CLAIMED": return run.waits_for ? `Waiting for the data that ${run.waits_for} prepares.` : "Being handed to AWS Batch.";
    case "SUBMITTED": return `AWS Batch has it${nth} and looks whether it can start.`;
    case "RUNNABLE": return `Waiting for a machine${nth}: for ${since} so far.`;
    case "STARTING": return `A machine is there${nth}; it is starting the container, for ${since} so far.`;
    case "RUNNING": return running(run, now, { phase, latest, nth });
    case "SUCCEEDED": return succeeded(run, now, before);
    case "CANCELLED": return `Cancelled${run.cancelled_by ? ` by ${who(run.cancelled_by)}` : ""}${trained(run, now)}.`;
    default: return run.cause?.message || "It ended, and nothing tells why. The log may.";
  }
}

/** Who launched or cancelled, in a word: an ARN's last part. */
export const who = (caller) => caller.split(/[:/]/).pop() || caller;

const activity = (run) => (run.step === "prepare" ? "Preparing the data" : "Training");

function running(run, now, { phase, latest, nth }) {
  const time = took(run, now);
  if (phase === "fetch") return `Fetching code and data${nth}.`;
  if (phase === "sync") return "Saving what it left.";
  if (!latest) return `${activity(run)}${nth}: for ${time} so far.`;
  return `${activity(run)}${nth}: ${latest.name} ${number(latest.value)} at step ${number(latest.step)}, after ${time}.`;
}

function succeeded(run, now, before) {
  const parts = [`Trained in ${took(run, now)}`];
  if (run.attempts.length > 1) parts.push(`over ${counted(run.attempts.length, "attempt")}`);
  const value = headline(run);
  if (value !== undefined) parts.push(`to ${run.metric} ${number(value)}${compared(run, before)}`);
  if (run.cost) parts.push(`for about ${usd(run.cost.estimate_usd)}`);
  return `${parts.join(" ")}.`;
}

function compared(run, before) {
  const value = headline(run), than = before ? headline(before) : undefined;
  if (than === undefined || before.metric !== run.metric) return "";
  if (isAlike(value, than)) return " (as good as the run before)";
  return ` (${number(Math.abs(value - than))} ${value > than ? "above" : "below"} the run before)`;
}

const trained = (run, now) => (run.started_at ? ` after ${took(run, now)} of training` : " before it had started");
