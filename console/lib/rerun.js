// @ts-check
// Training a run again: what is asked of the API for each kind of rerun.

/**
 * @typedef {string | number | boolean} Value
 * @typedef {Record<string, Value>} Values
 * @typedef {"same" | "recipe" | "exact"} Mode
 * @typedef {{hyperparameters: Values, overrides: {hyperparameters?: Values, resources?: object}, recipe: Values | null, published: Values | null}} Settings
 */

/**
 * The hyperparameters that a rerun trains with before anything is edited.
 * @param {Mode} mode
 * @param {Settings} settings
 * @returns {Values}
 */
export const valuesFor = (mode, { hyperparameters, published }) => (mode === "recipe" ? published || {} : hyperparameters);

/**
 * The body of POST /runs. The same settings are sent as overrides of the newest recipe where they differ from it.
 * @param {Mode} mode
 * @param {any} run
 * @param {Settings} settings
 * @param {Values} edits
 */
export function requestOf(mode, run, settings, edits) {
  if (mode === "exact") return { from_run: run.run_id };
  const wanted = { ...valuesFor(mode, settings), ...edits };
  const published = settings.published || {};
  const differing = Object.entries(wanted).filter(([name, value]) => published[name] !== value);
  const resources = mode === "same" ? settings.overrides.resources : undefined;
  const overrides = {
    ...(differing.length ? { hyperparameters: Object.fromEntries(differing) } : {}),
    ...(resources ? { resources } : {}),
  };
  const body = { project: run.project, dataset: run.dataset, rerun: true };
  return Object.keys(overrides).length ? { ...body, overrides, ...(mode === "same" && !Object.keys(edits).length ? { force: true } : {}) } : body;
}

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
