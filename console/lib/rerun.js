// @ts-check
// Training a run again: what is asked of the API for each kind of rerun.

/**
 * @typedef {string | number | boolean} Value
 * @typedef {Record<string, Value>} Values
 * @typedef {"same" | "recipe" | "exact"} Mode
 * @typedef {{hyperparameters: Values, overrides: {hyperparameters?: Values}, recipe: Values | null, published: Values | null}} Settings
 */

/**
 * The hyperparameters that a rerun trains with before anything is edited.
 * @param {Mode} mode
 * @param {Settings} settings
 * @returns {Values}
 */
export const valuesFor = (mode, { hyperparameters, published }) => (mode === "recipe" ? published || {} : hyperparameters);

/**
 * The body of POST /runs, where the same words are `settings` and `versions`.
 * @param {Mode} mode
 * @param {any} run
 * @param {Values} edits
 */
export function requestOf(mode, run, edits) {
  const body = { from_run: run.run_id, settings: mode === "recipe" ? "recipe" : "run", versions: mode === "exact" ? "pinned" : "newest" };
  return mode === "exact" || !Object.keys(edits).length ? body : { ...body, overrides: { hyperparameters: edits } };
}

const OPTIONS = { same: [], recipe: ["--settings recipe"], exact: ["--versions pinned"] };

/**
 * The words of the command that does the same.
 * @param {Mode} mode
 * @param {any} run
 * @param {Values} edits
 */
export function commandOf(mode, run, edits) {
  const sets = mode === "exact" ? [] : Object.entries(edits).map(([name, value]) => `--set ${quoted(`${name}=${value}`)}`);
  return ["rerun", ...OPTIONS[mode], ...sets, run.run_id].join(" ");
}

/** @param {string} word */
const quoted = (word) => (/^[\w.+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/**
 * What somebody typed, as a value of the type that the hyperparameter has.
 * @param {string} text
 * @param {Value | undefined} like
 * @returns {Value}
 */
export function typed(text, like) {
  if (typeof like === "number" && text.trim() && Number.isFinite(Number(text))) return Number(text);
  if (typeof like === "boolean" && ["true", "false"].includes(text)) return text === "true";
  return text;
}
