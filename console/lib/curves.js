// A run's metrics as charts: what belongs together stands together, other runs stand behind.

const VALIDATION = /^(val_|validation\/|eval_|eval\/)|^train\/|^train_/;
const DASHES = [undefined, [7, 3], [2, 3], [10, 3, 2, 3], [5, 6], [12, 4]];
// The runs that a run is measured by.
const BEHIND = [{ color: "--curve-before", dash: [4, 3] }, { color: "--curve-best", dash: [1.5, 3] }];

/** The look of the curve number `n` of several: six colours, each with dashes of its own. */
export const look = (n) => ({ color: `--curve-${(n % DASHES.length) + 1}`, dash: DASHES[(n + Math.floor(n / DASHES.length)) % DASHES.length] });

/** Charts of a run's series, the headline metric's first; `behind` are {label, series} of other runs. */
export function charts(series, metric, behind) {
  const groups = grouped(series, metric);
  return groups.map(([title, own]) => ({
    title,
    curves: [
      ...behind.flatMap((other, n) => {
        const found = other.series.find((each) => each.name === own[0].name);
        return found ? [{ name: `${other.label} ${found.name}`, label: other.label, points: found.points, ...BEHIND[n], behind: true }] : [];
      }),
      ...own.map((each, index) => ({
        name: each.name, label: own.length > 1 ? each.name : "this run", points: each.points, ...look(index),
      })),
    ],
  }));
}

/** Charts of how the machine was used, as `machineOf` gives it. */
export const machineCharts = (machine) =>
  machine.map(({ title, xLabel, points }) => ({ title, xLabel, curves: [{ name: title, label: "this run", points, ...look(0) }] }));

/** One chart for each metric that any of the runs has; `runs` are {label, color, dash, series}. */
export function compared(runs, metric) {
  const names = new Set(runs.flatMap((run) => run.series.map((each) => each.name)));
  return sorted([...names], metric).map((name) => ({
    title: name,
    curves: runs.flatMap(({ series, ...run }) => {
      const found = series.find((each) => each.name === name);
      return found ? [{ ...run, name: `${run.label} ${name}`, points: found.points }] : [];
    }),
  }));
}

function grouped(series, metric) {
  const groups = new Map();
  for (const name of sorted(series.map((each) => each.name), metric)) {
    const base = name === metric ? name : name.replace(VALIDATION, "");
    const key = groups.has(base) || series.some((each) => each.name === base) || base !== name ? base : name;
    groups.set(key, [...(groups.get(key) || []), series.find((each) => each.name === name)]);
  }
  return [...groups];
}

const sorted = (names, metric) => names.sort((a, b) => (b === metric) - (a === metric) || a.localeCompare(b));
