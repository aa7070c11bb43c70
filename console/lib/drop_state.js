// @ts-check
// A drop from the first file to its run, as one reducer: idle, checking, ready, sending, failed or done.
// Each file has an id, so that an answer about a file that was replaced or removed changes nothing.

import { matches, missingOf } from "./dropped.js";

/**
 * @typedef {{level: string, message: string, fix: string, row?: number | null}} Finding
 * @typedef {"checking" | "right" | "warned" | "wrong" | "failed" | "left-out" | "sending" | "sent" | "unsent"} FileState
 * @typedef {{id: string, path: string, size: number, state: FileState, share: number, findings: Finding[]}} DropFile
 * @typedef {"idle" | "checking" | "ready" | "sending" | "failed" | "done"} Phase
 * @typedef {{phase: Phase, files: DropFile[], name: string | null, error: any, note: string}} Drop
 * @typedef {{dataset: string, missing: string[], present: string[]}} Waiting
 * @typedef {{inputs: Record<string, string>, suggested: string, waiting: Waiting[]}} Project
 */

/** @type {Drop} */
export const EMPTY = { phase: "idle", files: [], name: null, error: null, note: "" };
const NAME = /^[a-z0-9][a-z0-9._-]{0,39}$/;
const SENDABLE = ["right", "warned", "unsent", "sent"];

/**
 * @param {Drop} drop
 * @param {any} action
 * @returns {Drop}
 */
export function reduce(drop, action) {
  const { type, id } = action;
  switch (type) {
    case "added": return added(drop, action);
    case "progress": return changed(drop, id, { share: action.share });
    case "checked": return settled(changed(drop, id, { state: verdict(action.findings), findings: action.findings, share: 0 }));
    case "check-failed": return settled(changed(drop, id, { state: "failed", findings: [told(action.error)] }));
    case "recheck": return settled(changed(drop, id, { state: "checking", findings: [], share: 0 }));
    case "removed": return settled({ ...drop, files: drop.files.filter((file) => file.id !== id) });
    case "named": return { ...drop, name: action.name, files: drop.files.map((file) => (file.state === "sent" ? { ...file, state: "unsent" } : file)) };
    case "send": return { ...drop, phase: "sending", error: null, note: "" };
    case "sending": return changed(drop, id, { state: "sending", share: 0 });
    case "sent": return changed(drop, id, { state: "sent", share: 1 });
    case "send-failed": return { ...drop, phase: "failed", error: action.error, files: drop.files.map(unsent) };
    case "done": return { ...drop, phase: "done", note: action.note };
    case "cleared": return EMPTY;
    default: throw new Error(`There is no action ${type}`);
  }
}

/**
 * Files that join a drop: one of the same path replaces the one before, what no input takes is left out.
 * @param {Drop} drop
 * @param {{files: {id: string, path: string, size: number}[], inputs: Record<string, string>}} action
 */
function added(drop, { files, inputs }) {
  if (drop.phase === "sending") return { ...drop, note: "These files are being sent. Drop more when they are there." };
  const before = drop.phase === "done" ? EMPTY : drop;
  const paths = new Set(files.map((file) => file.path));
  const joined = files.map(({ id, path, size }) => ({
    id, path, size, share: 0, findings: [], state: /** @type {FileState} */ (isInput(path, inputs) ? "checking" : "left-out"),
  }));
  return settled({ ...before, error: null, note: "", files: [...before.files.filter((file) => !paths.has(file.path)), ...joined] });
}

/**
 * @param {Drop} drop
 * @param {string} id
 * @param {Partial<DropFile>} changes
 * @returns {Drop}
 */
function changed(drop, id, changes) {
  if (!drop.files.some((file) => file.id === id)) return drop;
  return { ...drop, files: drop.files.map((file) => (file.id === id ? { ...file, ...changes } : file)) };
}

/**
 * The drop in the phase that its files have.
 * @param {Drop} drop
 * @returns {Drop}
 */
function settled(drop) {
  if (drop.phase === "sending") return drop;
  if (!drop.files.length) return EMPTY;
  return { ...drop, phase: drop.files.some((file) => file.state === "checking") ? "checking" : "ready" };
}

/** @param {DropFile} file */
const unsent = (file) => (file.state === "sending" ? { ...file, state: /** @type {FileState} */ ("unsent"), share: 0 } : file);

/** @param {Finding[]} findings */
const verdict = (findings) => (findings.some((each) => each.level === "error") ? "wrong" : findings.length ? "warned" : "right");

/** @param {Error} error */
const told = (error) => ({ level: "error", message: error.message, fix: "" });

/**
 * @param {string} path
 * @param {Record<string, string>} inputs
 */
const isInput = (path, inputs) => Object.values(inputs).some((pattern) => matches(pattern, path));

/**
 * What is wrong with a dataset's name; "" if nothing is.
 * @param {string} name
 */
export function nameProblem(name) {
  if (!name) return "The dataset needs a name.";
  if (NAME.test(name)) return "";
  return "A dataset's name has 1 to 40 of a-z, 0-9, -, . and _, and starts with a letter or digit.";
}

/**
 * The files that go to the dataset.
 * @param {Drop} drop
 */
export const sendable = (drop) => drop.files.filter((file) => SENDABLE.includes(file.state));

/** @param {Drop} drop */
const taken = (drop) => drop.files.filter((file) => file.state !== "left-out").map((file) => file.path);

/**
 * The waiting datasets that an incomplete drop could be meant for; a name that was given answers it.
 * @param {Drop} drop
 * @param {Project} project
 */
export function couldBeMeant(drop, { inputs, waiting }) {
  const paths = taken(drop);
  if (drop.name !== null || !paths.length || !missingOf(inputs, paths).length) return [];
  return waiting.filter((each) => each.missing.some((pattern) => paths.some((path) => matches(pattern, path))));
}

/**
 * The dataset's name: as it was given, else the suggested one.
 * @param {Drop} drop
 * @param {Project} project
 */
export const datasetOf = (drop, { suggested }) => drop.name ?? suggested;

/**
 * What the dataset still lacks when the files have joined it.
 * @param {Drop} drop
 * @param {Project} project
 */
export function lacking(drop, project) {
  const missing = missingOf(project.inputs, taken(drop));
  const there = project.waiting.find((each) => each.dataset === datasetOf(drop, project));
  return there ? missing.filter((pattern) => there.missing.includes(pattern)) : missing;
}

/**
 * The files of the waiting dataset that the drop replaces.
 * @param {Drop} drop
 * @param {Project} project
 */
export function replaced(drop, project) {
  const there = project.waiting.find((each) => each.dataset === datasetOf(drop, project));
  return there ? taken(drop).filter((path) => there.present.includes(path)) : [];
}

/**
 * Whether the files can be sent as they are.
 * @param {Drop} drop
 * @param {Project} project
 */
export function canSend(drop, project) {
  const isSettled = drop.phase === "ready" || drop.phase === "failed";
  const isUsable = drop.files.every((file) => SENDABLE.includes(file.state) || file.state === "left-out");
  const isClear = !nameProblem(datasetOf(drop, project)) && !couldBeMeant(drop, project).length;
  return isSettled && isUsable && isClear && sendable(drop).length > 0;
}

/**
 * Whether nothing is left to ask: whole, without a finding, and it replaces nothing.
 * @param {Drop} drop
 * @param {Project} project
 */
export function startsByItself(drop, project) {
  const isClean = drop.files.every((file) => file.state === "right" || file.state === "left-out");
  const isWhole = !lacking(drop, project).length && !replaced(drop, project).length;
  return drop.phase === "ready" && canSend(drop, project) && isClean && isWhole;
}

/**
 * What a screen reader hears: it changes with the phase, not with each percent.
 * @param {Drop} drop
 */
export function announcement(drop) {
  const wrong = drop.files.filter((file) => file.state === "wrong" || file.state === "failed").map((file) => file.path);
  switch (drop.phase) {
    case "idle": return "";
    case "checking": return "Checking the files.";
    case "ready": return wrong.length ? `Wrong: ${wrong.join(", ")}.` : "The files are checked.";
    case "sending": return "Sending; the run opens when it begins.";
    case "failed": return drop.error ? "The dataset wasn't sent." : "Stopped.";
    default: return drop.note;
  }
}
