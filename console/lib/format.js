// @ts-check
// How values are worded. Pure: the time is an argument.

const UNITS = ["B", "KB", "MB", "GB", "TB"];
const UTC = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "medium", timeStyle: "medium", timeZone: "UTC", hourCycle: "h23",
});
const LOCAL = new Intl.DateTimeFormat(undefined, {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const USD = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const COUNT = new Intl.NumberFormat("en-GB");

/**
 * Seconds in the two largest units that say something: `18 s`, `3 min 20 s`, `1 h 5 min`.
 * @param {number} seconds
 */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/**
 * How long ago, in one unit: `3 min ago`.
 * @param {string} at
 * @param {number} now
 */
export function age(at, now) {
  const seconds = (now - Date.parse(at)) / 1000;
  if (seconds < 5) return "just now";
  const [many, unit] = duration(seconds).split(" ");
  return `${many} ${unit} ago`;
}

/**
 * How long a run or an attempt took, or takes till now; empty if it hasn't started.
 * @param {{started_at: string | null, stopped_at: string | null}} timed
 * @param {number} now
 */
export function took(timed, now) {
  if (!timed.started_at) return "";
  const end = timed.stopped_at ? Date.parse(timed.stopped_at) : now;
  return duration((end - Date.parse(timed.started_at)) / 1000);
}

/**
 * An estimate in US dollars, of which small ones keep two digits.
 * @param {number} value
 */
export function usd(value) {
  if (value === 0) return "$0";
  return value >= 1 ? `$${USD.format(value)}` : `$${value.toFixed(4)}`;
}

/**
 * Bytes in decimal units: `24.8 KB`.
 * @param {number} bytes
 */
export function size(bytes) {
  let value = bytes, unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit ? `${value.toFixed(1)} ${UNITS[unit]}` : `${bytes} B`;
}

const DIGITS = 4;
const MOST_DIGITS = 17;

/**
 * A metric's value, in four digits where these say enough. A whole number keeps all its digits, and another
 * value never reads as a whole number: `14999`, `0.9126`, `0.99999`, `12345.7`.
 * @param {number} value
 */
export function number(value) {
  if (!Number.isFinite(value) || Number.isSafeInteger(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2);
  let digits = Math.max(DIGITS, Math.floor(Math.log10(size)) + 2);
  while (digits < MOST_DIGITS && Number.isInteger(Number(value.toPrecision(digits)))) digits += 1;
  return String(Number(value.toPrecision(digits)));
}

/**
 * A value beside an axis, where there is little room.
 * @param {number} value
 */
export const tick = (value) => (Math.abs(value) >= 1e5 ? value.toExponential(1).replace(".0e", "e").replace("e+", "e") : number(value));

/**
 * Whether two values of a metric are the same in four digits.
 * @param {number} one
 * @param {number} other
 */
export const isAlike = (one, other) => Math.abs(one - other) <= 5e-5 * Math.max(Math.abs(one), Math.abs(other));

export const count = (/** @type {number} */ value) => COUNT.format(value);
export const counted = (/** @type {number} */ value, /** @type {string} */ one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;
export const utc = (/** @type {string | number} */ at) => `${UTC.format(new Date(at))} UTC`;
export const local = (/** @type {string | number} */ at) => LOCAL.format(new Date(at));
export const clock = (/** @type {string | number} */ at) => CLOCK.format(new Date(at));

/** What stands after the project's own name in a run's id: the part that tells runs of a dataset apart. */
export const hash = (/** @type {string} */ runId) => runId.slice(-12).slice(0, 7);
