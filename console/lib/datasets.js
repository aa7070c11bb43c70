// @ts-check
// The versions of a dataset: what its runs trained on, and what lies in its folder now.

/**
 * @typedef {any} Run a run as the API gives it
 * @typedef {{file: string, version_id: string, size: number, uploaded_at: string}} DatasetFile
 * @typedef {{digest: string, since: string, inputs: any[], runs: Run[], isCurrent: boolean}} Version
 */

/**
 * The versions that runs have trained on, newest first, each with its runs; `isCurrent` if exactly these files
 * are in the folder.
 * @param {Run[]} runs newest first
 * @param {DatasetFile[]} files
 * @returns {Version[]}
 */
export function versionsOf(runs, files) {
  const there = new Set(files.map((file) => file.version_id));
  /** @type {Map<string, Version>} */
  const found = new Map();
  for (const run of runs) {
    if (!run.inputs_digest) continue;
    const isCurrent = run.inputs.every((/** @type {any} */ input) => there.has(input.version_id));
    /** @type {Version} */
    const version = found.get(run.inputs_digest) ?? { digest: run.inputs_digest, since: run.created_at, inputs: run.inputs, runs: [], isCurrent };
    version.runs.push(run);
    version.since = run.created_at;
    found.set(run.inputs_digest, version);
  }
  return [...found.values()];
}

/**
 * What preflight saw in the newest version: the cause of a rejection, or the warnings of its newest run.
 * @param {Run[]} runs newest first
 * @returns {{isWrong: boolean, message: string, fix: string}[]}
 */
export function findingsOf(runs) {
  const [newest] = runs;
  if (!newest) return [];
  const rejected = newest.status === "REJECTED" ? [{ isWrong: true, message: newest.cause.message, fix: newest.cause.fix }] : [];
  return [...rejected, ...newest.warnings.map((/** @type {any} */ each) => ({
    isWrong: false, message: `${each.file ?? ""}${each.row ? ` line ${each.row}` : ""} ${each.message}`.trim(), fix: each.fix,
  }))];
}
