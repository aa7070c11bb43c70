// @ts-check
// How long a source waits before it asks again.

export const SELDOM = 15_000;
const FIRST_RETRY = 1_000;

/**
 * Milliseconds until the next try after a failure; null if the answer won't change.
 * Refused credentials (401, 403) are asked for seldom: the user can sign in again at any time.
 * @param {number} status
 * @param {number} failures how many tries have failed before this one
 */
export function waitAfter(status, failures) {
  if (status === 401 || status === 403) return SELDOM;
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) return null;
  return Math.min(SELDOM, FIRST_RETRY * 2 ** failures);
}
