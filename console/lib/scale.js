// @ts-check
// Where values stand along an axis, from 0 to 1: numbers by size, words in a row.

import { tick } from "./format.js";

/**
 * @typedef {number | string | boolean | null | undefined} Value
 * @typedef {{at: number, label: string}} Tick
 * @typedef {{isLog: boolean, at: (value: Value) => number | null, ticks: Tick[]}} Scale `at` is null for what has no place
 */

const LOG_FROM = 100; // times that the greatest value is the least one
const TICKS = 5;
const MIDDLE = 0.5;

/**
 * A scale that has room for all values.
 * @param {Value[]} values
 * @returns {Scale}
 */
export function scaleOf(values) {
  const known = values.filter(isThere);
  const numbers = known.filter((value) => typeof value === "number");
  return numbers.length && numbers.length === known.length ? ofNumbers(numbers) : ofWords(known);
}

/** @param {Value} value */
const isThere = (value) => value !== null && value !== undefined && (typeof value !== "number" || Number.isFinite(value));

/**
 * @param {number[]} values
 * @returns {Scale}
 */
function ofNumbers(values) {
  const low = Math.min(...values), high = Math.max(...values);
  const isLog = low > 0 && high / low >= LOG_FROM;
  const size = isLog ? Math.log : Number;
  const range = size(high) - size(low);
  const at = (/** @type {Value} */ value) => {
    if (typeof value !== "number" || !isThere(value)) return null;
    return range ? (size(value) - size(low)) / range : MIDDLE;
  };
  return { isLog, at, ticks: ticksOf(low, high, isLog).map((value) => ({ at: at(value) ?? MIDDLE, label: tick(value) })) };
}

/**
 * @param {Value[]} values
 * @returns {Scale}
 */
function ofWords(values) {
  const words = [...new Set(values.map(String))].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  const place = (/** @type {number} */ n) => (words.length > 1 ? n / (words.length - 1) : MIDDLE);
  const places = new Map(words.map((word, n) => [word, place(n)]));
  return { isLog: false, at: (value) => (isThere(value) ? places.get(String(value)) ?? null : null), ticks: words.map((label, n) => ({ at: place(n), label })) };
}

/**
 * Round numbers between two; the two themselves where no two round ones are.
 * @param {number} low
 * @param {number} high
 * @param {boolean} isLog
 */
function ticksOf(low, high, isLog) {
  if (low === high) return [low];
  const round = isLog ? powers(low, high) : steps(low, high);
  return round.length > 1 ? round : [low, high];
}

/**
 * @param {number} low
 * @param {number} high
 */
function powers(low, high) {
  const first = Math.ceil(Math.log10(low) - Number.EPSILON), last = Math.floor(Math.log10(high) + Number.EPSILON);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => Number(`1e${first + n}`));
}

/**
 * @param {number} low
 * @param {number} high
 */
function steps(low, high) {
  const rough = (high - low) / TICKS, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10);
  const first = Math.ceil(low / step), last = Math.floor(high / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => Number(((first + n) * step).toPrecision(12)));
}
