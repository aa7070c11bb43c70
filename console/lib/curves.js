// A run's metrics as charts: what belongs together stands together, other runs stand behind.

const VALIDATION = /^(val_|validation\/|eval_|eval\/)|^train\/|^train_/;
const MINE = ["--curve-1", "--curve-2", "--curve-3", "--curve-4"];

export const RUN_COLORS = ["--curve-1", "--curve-2", "--curve-3", "--curve-4", "--curve-5", "--curve-6"];

/** Charts of a run's series, the headline metric's first; `behind` are {label, color, series} of other runs. */
export function charts(series, metric, behind) {
  const groups = grouped(series, metric);
  return groups.map(([title, own]) => ({
    title,
    curves: [
      ...behind.flatMap((other) => {
        const found = other.series.find((each) => each.name === own[0].name);
        return found ? [{ name: `${other.label} ${found.name}`, label: other.label, points: found.points, color: other.color, behind: true }] : [];
      }),
      ...own.map((each, index) => ({
        name: each.name, label: own.length > 1 ? each.name : "this run", points: each.points, color: MINE[index % MINE.length],
      })),
    ],
  }));
}

/** One chart for each metric that any of the runs has; `runs` are {label, color, series}. */
export function compared(runs, metric) {
  const names = new Set(runs.flatMap((run) => run.series.map((each) => each.name)));
  return sorted([...names], metric).map((name) => ({
    title: name,
    curves: runs.flatMap((run) => {
      const found = run.series.find((each) => each.name === name);
      return found ? [{ name: `${run.label} ${name}`, label: run.label, points: found.points, color: run.color }] : [];
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
