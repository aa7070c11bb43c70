// @ts-check
// What curves are drawn along: steps, epochs, or the time that the training took.

/**
 * @typedef {{step: number, value: number}} Point
 * @typedef {{name: string, points: Point[]}} Series
 * @typedef {"step" | "epoch" | "time"} Axis
 * @typedef {{label: string, seconds: number}} Unit
 */

const OWN = "droptrain/"; // the container's own series, see docs/container.md
const SECONDS = `${OWN}seconds`;
const MACHINE = [{ name: `${OWN}gpu_busy_percent`, title: "GPU busy (%)" }, { name: `${OWN}gpu_memory_gib`, title: "GPU memory (GiB)" }];
/** @type {Axis[]} */
const AXES = ["step", "epoch", "time"];
const NAMES = { epoch: "epoch", time: SECONDS }; // of the series that say where a step stands
/** @type {Unit[]} */
const UNITS = [{ label: "hours", seconds: 3600 }, { label: "minutes", seconds: 60 }, { label: "seconds", seconds: 1 }];
const ALIKE = 0.5; // of the last step that the axis knows
const LEAST = 3; // of a unit, so that it is taken

/**
 * What the training measured, without what the container adds.
 * @param {Series[]} series
 */
export const metricsOf = (series) => series.filter(({ name }) => !name.startsWith(OWN));

/**
 * The axes that there are values for.
 * @param {Series[]} series
 * @returns {Axis[]}
 */
export const axesOf = (series) => AXES.filter((axis) => axis === "step" || find(series, NAMES[axis]));

/**
 * How the GPUs were used, along the time, under the names that people read.
 * @param {Series[]} series
 * @returns {{title: string, xLabel: string, points: Point[]}[]}
 */
export function machineOf(series) {
  const times = find(series, SECONDS)?.points || [];
  const unit = unitOf(times.map((point) => point.value));
  return MACHINE.flatMap(({ name, title }) => {
    const found = find(series, name);
    if (!found) return [];
    const before = times.length - found.points.length; // each sample has a time, the first ones may lack the rest
    const points = found.points.flatMap(({ value }, n) => (times[n + before] ? [{ step: times[n + before].value / unit.seconds, value }] : []));
    return [{ title, xLabel: unit.label, points }];
  });
}

/**
 * The metrics of several runs along an axis, and what that is called. A run without values for the axis has none
 * of them. Nor are there metrics that count other steps, such as epochs where the axis is known by batches. The first
 * run decides the unit of time.
 * @param {Series[][]} runs
 * @param {Axis} axis
 * @returns {{label: string, runs: Series[][]}}
 */
export function along(runs, axis) {
  if (axis === "step") return { label: "step", runs: runs.map(metricsOf) };
  const maps = runs.map((series) => find(series, NAMES[axis])).map((found) => (found ? placesOf(found.points) : null));
  const unit = axis === "epoch" ? { label: "epoch", seconds: 1 } : unitOf((maps.find(Boolean) || []).map((point) => point.value));
  return {
    label: unit.label,
    runs: runs.map((series, n) => {
      const places = maps[n];
      return places ? metricsOf(series).filter((each) => countsAlike(each, places)).map((each) => ({ ...each, points: each.points.map(({ step, value }) => ({ step: at(places, step) / unit.seconds, value })) })) : [];
    }),
  };
}

/**
 * @param {Series[]} series
 * @param {string} name
 */
const find = (series, name) => series.find((each) => each.name === name && each.points.length > 0);

/**
 * Where on the axis each step came first, of which no later step has a lower one: a later attempt repeats some steps.
 * @param {Point[]} points
 */
function placesOf(points) {
  const first = new Map(points.toReversed().map(({ step, value }) => [step, value]));
  let highest = -Infinity;
  return [...first].sort(([a], [b]) => a - b).map(([step, value]) => ({ step, value: (highest = Math.max(highest, value)) }));
}

/**
 * @param {Series} series
 * @param {Point[]} places
 */
const countsAlike = ({ points }, places) => (points.at(-1)?.step ?? 0) >= ALIKE * places[places.length - 1].step;

/**
 * The place of a step: between those of the steps around it, or as far beyond as the steps next to it are apart.
 * @param {Point[]} places by step
 * @param {number} step
 */
function at(places, step) {
  if (places.length === 1) return places[0].step ? (places[0].value * step) / places[0].step : places[0].value;
  let low = 0, high = places.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (places[middle].step <= step) low = middle;
    else high = middle;
  }
  const before = places[low], after = places[high];
  return before.value + ((step - before.step) / (after.step - before.step)) * (after.value - before.value);
}

/**
 * The unit in which times are short numbers.
 * @param {number[]} seconds
 */
function unitOf(seconds) {
  const most = seconds.reduce((a, b) => Math.max(a, b), 0);
  return UNITS.find((unit) => most >= LEAST * unit.seconds) || UNITS[UNITS.length - 1];
}
