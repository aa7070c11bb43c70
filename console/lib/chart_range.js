// @ts-check
// What of its curves a chart shows: a run's own range first, whatever other runs stand behind it.

/**
 * @typedef {{step: number, value: number}} Point
 * @typedef {{points: Point[], behind?: boolean}} Curve
 * @typedef {[number, number]} Range
 */

const EDGE = 0.06;

/**
 * From the first to the last step of the curves that aren't behind; of all curves while these have no points.
 * @param {Curve[]} curves
 * @returns {Range}
 */
export function stepsOf(curves) {
  const own = ownCurves(curves).flatMap((curve) => curve.points.map((point) => point.step));
  if (!own.length) return [0, 1];
  const [low, high] = bounds(own);
  return low === high ? [low - 1, high + 1] : [low, high];
}

/**
 * The values to show between two steps, with some room at the edges; on a logarithmic scale only positive ones.
 * @param {Curve[]} curves
 * @param {Range} steps
 * @param {boolean} [isLog]
 * @returns {Range}
 */
export function valuesOf(curves, [first, last], isLog = false) {
  const inside = (/** @type {Curve[]} */ some) =>
    some.flatMap((curve) => curve.points.filter(({ step, value }) => step >= first && step <= last && Number.isFinite(value) && (!isLog || value > 0)).map((point) => point.value));
  const own = inside(ownCurves(curves));
  const values = own.length > 1 ? own : inside(curves);
  if (!values.length) return isLog ? [0.1, 1] : [0, 1];
  const [low, high] = bounds(values);
  if (isLog) return low === high ? [low / 2, high * 2] : [low / (high / low) ** EDGE, high * (high / low) ** EDGE];
  const edge = (high - low || Math.abs(high) || 1) * EDGE;
  return [low - edge, high + edge];
}

/**
 * Whether another run goes on beyond the steps of the run itself.
 * @param {Curve[]} curves
 */
export function reachesFurther(curves) {
  const [first, last] = stepsOf(curves);
  return curves.some((curve) => curve.behind && curve.points.some(({ step }) => step < first || step > last));
}

/**
 * Points smoothed by an exponential average that isn't pulled towards its beginning; `weight` is 0 to 1.
 * @param {Point[]} points
 * @param {number} weight of what came before
 */
export function smoothed(points, weight) {
  if (!weight) return points;
  let sum = 0, count = 0;
  return points.map(({ step, value }) => {
    if (!Number.isFinite(value)) return { step, value };
    sum = sum * weight + (1 - weight) * value;
    count += 1;
    return { step, value: sum / (1 - weight ** count) };
  });
}

/** @param {Curve[]} curves */
function ownCurves(curves) {
  const own = curves.filter((curve) => !curve.behind && curve.points.length);
  return own.length ? own : curves;
}

/**
 * @param {number[]} values
 * @returns {Range}
 */
function bounds(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
