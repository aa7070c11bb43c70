// @ts-check
// What of the code, the recipe and the settings of two runs differs, line by line.

import { diffArrays } from "../vendor/diff/array.js";

const CONTEXT = 3; // lines around a change
const MOST_MS = 1_500;

/**
 * @typedef {{path: string, version_id: string, size: number}} File
 * @typedef {{kind: "same" | "removed" | "added" | "gap", text: string, before: number, after: number}} Line
 */

/**
 * The files that two runs don't have in the same version, by path, and how many they have.
 * @param {File[]} before
 * @param {File[]} after
 */
export function differingFiles(before, after) {
  const was = new Map(before.map((file) => [file.path, file])), is = new Map(after.map((file) => [file.path, file]));
  const paths = [...new Set([...was.keys(), ...is.keys()])].sort();
  const differing = paths.filter((path) => was.get(path)?.version_id !== is.get(path)?.version_id);
  const found = differing.map((path) => ({ path, before: was.get(path) ?? null, after: is.get(path) ?? null }));
  return { found, same: paths.length - differing.length };
}

/**
 * The lines of two texts: what was removed and added, with the lines around it. A "gap" is where equal lines
 * are left out. Null if the texts are too different to be compared in time.
 * @param {string} before
 * @param {string} after
 * @returns {Line[] | null}
 */
export function linesOf(before, after) {
  const changes = diffArrays(split(before), split(after), { timeout: MOST_MS });
  if (!changes) return null;
  /** @type {Line[]} */
  const lines = [];
  let was = 0, is = 0;
  for (const { value, added, removed } of changes) {
    for (const text of value) {
      lines.push({ kind: added ? "added" : removed ? "removed" : "same", text, before: added ? 0 : (was += 1), after: removed ? 0 : (is += 1) });
    }
  }
  return withoutFar(lines);
}

/** @param {string} text */
const split = (text) => (text ? text.replace(/\r?\n$/, "").split(/\r?\n/) : []);

/** @param {Line[]} lines */
function withoutFar(lines) {
  const near = new Set(lines.flatMap((line, n) => (line.kind === "same" ? [] : Array.from({ length: 2 * CONTEXT + 1 }, (_, k) => n - CONTEXT + k))));
  if (!near.size) return [];
  /** @type {Line[]} */
  const kept = [];
  for (const [n, line] of lines.entries()) {
    if (near.has(n)) kept.push(line);
    else if (kept.at(-1)?.kind !== "gap") kept.push({ ...line, kind: "gap", text: "" });
  }
  return kept;
}

const SETTINGS = ["hyperparameters", "environment", "resources", "metric", "csv", "checkpoints"];
const VALUES = ["entrypoint", "args", "spot", "attempts", "timeout_seconds"];

/**
 * The settings of two plans that differ: [name, before, after], texts; null where a plan has none.
 * @param {any} before
 * @param {any} after
 * @returns {[string, string | null, string | null][]}
 */
export function differingSettings(before, after) {
  const was = settingsOf(before), is = settingsOf(after);
  const names = [...new Set([...was.keys(), ...is.keys()])];
  return names.filter((name) => was.get(name) !== is.get(name)).map((name) => [name, was.get(name) ?? null, is.get(name) ?? null]);
}

/** @param {any} plan */
function settingsOf(plan) {
  const nested = SETTINGS.flatMap((section) => Object.entries(plan[section] || {}).map(([name, value]) => [`${section}.${name}`, value]));
  const plain = VALUES.filter((name) => name in plan).map((name) => [name, plan[name]]);
  return new Map([...nested, ...plain].map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]));
}
