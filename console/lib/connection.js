// @ts-check
// Whether the page's sources are answered: each call that repeats is a source with a state of its own.

/**
 * @typedef {{status: number, name: string, message: string}} Failure
 * @typedef {"ok" | "lost" | "signed-out" | "token"} State
 * @typedef {{state: State, detail: string, since: number, what: string[], isWhole: boolean}} Connection
 */

/** @type {Map<string, {what: string, state: State, detail: string, since: number}>} */
const sources = new Map();
/** @type {Set<(now: Connection) => void>} */
const listeners = new Set();
const WORST = /** @type {State[]} */ (["token", "signed-out", "lost"]);
const OK = /** @type {Connection} */ ({ state: "ok", detail: "", since: 0, what: [], isWhole: true });
let now = OK;

export const connection = () => now;

/** @param {(now: Connection) => void} listener */
export function onConnection(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Record how the last call of a source ended. `what` names the source to people.
 * @param {string} source
 * @param {string} what
 * @param {Failure | null} failure
 * @param {number} at
 */
export function report(source, what, failure, at) {
  const before = sources.get(source);
  const state = failure ? stateOf(failure) : "ok";
  const since = before && before.state === state ? before.since : at;
  sources.set(source, { what, state, detail: failure && state !== "ok" ? failure.message : "", since });
  update();
}

/**
 * Forget a source that is not asked any more.
 * @param {string} source
 */
export function forget(source) {
  if (sources.delete(source)) update();
}

/**
 * What a failure says of the connection. A failure such as "There is no such run" is an answer.
 * @param {Failure} failure
 * @returns {State}
 */
export function stateOf({ status, name }) {
  if (status === 403 && name === "token") return "token";
  if (status === 403 && name === "denied") return "ok"; // one call isn't allowed; others are
  if (status === 401 || status === 403) return "signed-out";
  return status === 0 || status >= 500 ? "lost" : "ok";
}

function update() {
  const next = summary();
  if (JSON.stringify(next) === JSON.stringify(now)) return;
  now = next;
  for (const listener of listeners) listener(now);
}

/** @returns {Connection} */
function summary() {
  const failing = [...sources.values()].filter((each) => each.state !== "ok");
  const state = WORST.find((each) => failing.some((source) => source.state === each));
  if (!state) return OK;
  const worst = failing.filter((source) => source.state === state);
  return {
    state,
    detail: worst[0].detail,
    since: Math.min(...worst.map((source) => source.since)),
    what: [...new Set(worst.map((source) => source.what))].sort(),
    isWhole: failing.length === sources.size,
  };
}
