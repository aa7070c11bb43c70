// @ts-check
// Pages of a list of runs, put together: in the order of the list, whatever that is.

/**
 * @typedef {{run_id: string}} Run
 * @typedef {{runs: Run[], cursor: string | null}} Page
 */

/**
 * A list after its first page was read again. A run that stood above the page's end and isn't in the page any
 * more has left the list: it was deleted, or has another status.
 * @param {Run[]} list
 * @param {Page} page
 */
export function refreshed(list, page) {
  if (!page.cursor) return page.runs;
  const listed = new Set(page.runs.map((run) => run.run_id));
  const last = list.findLastIndex((run) => listed.has(run.run_id));
  return [...page.runs, ...list.slice(last + 1)];
}

/**
 * A list with the next page at its end.
 * @param {Run[]} list
 * @param {Run[]} runs
 */
export function continued(list, runs) {
  const listed = new Set(list.map((run) => run.run_id));
  return [...list, ...runs.filter((run) => !listed.has(run.run_id))];
}
