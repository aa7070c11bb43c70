// What of several runs differs: rows of one property each, as `droptrain compare` has them.

import { number, took, usd } from "./format.js";
import { word } from "./status.js";

/**
 * Rows {section, name, cells, differs, best} of {run, plan, values}, the headline metric first; cells are texts,
 * `best` is the number of the best cell of the headline metric, else -1.
 */
export function differences(found) {
  const runs = found.map((each) => each.run), plans = found.map((each) => each.plan);
  const name = runs[0].metric, goal = plans.find((plan) => plan.metric)?.metric.goal;
  const metrics = mappings("metric", found.map((each) => each.values), number);
  const first = metrics.filter((each) => each.name === name).map((each) => ({ ...each, best: bestOf(found.map((run) => run.values[name]), goal) }));
  return [
    ...first,
    row("", "status", runs.map((run) => word(run.status))),
    row("", "cause", runs.map((run) => run.cause?.code)),
    ...metrics.filter((each) => each.name !== name),
    ...mappings("hyperparameter", plans.map((plan) => plan.hyperparameters || {}), String),
    ...mappings("resource", plans.map((plan) => plan.resources || {}), String),
    row("", "dataset", runs.map((run) => `${run.project}/${run.dataset}`)),
    ...mappings("input", runs.map(inputs), String),
    row("", "code", runs.map((run) => run.code?.digest)),
    row("", "recipe", runs.map((run) => run.recipe?.version_id)),
    row("", "took", runs.map((run) => took(run, Date.now()))),
    row("", "attempts", runs.map((run) => String(run.attempts.length))),
    row("", "machine", runs.map((run) => run.cost?.instance_type)),
    row("", "cost", runs.map((run) => run.cost && usd(run.cost.estimate_usd))),
    row("", "GPU busy", runs.map((run) => (run.gpu?.busy_percent == null ? undefined : `${run.gpu.busy_percent.toFixed(0)} %`))),
    row("", "GPU memory", runs.map((run) => (run.gpu?.peak_memory_gib == null ? undefined : `${run.gpu.peak_memory_gib.toFixed(1)} GiB`))),
  ];
}

/** The number of the best value; -1 if they are all alike, or none is there. */
function bestOf(values, goal) {
  const known = values.filter(Number.isFinite);
  if (new Set(known).size < 2) return -1;
  return values.indexOf(goal === "minimize" ? Math.min(...known) : Math.max(...known));
}

/** The rows as a CSV, with a column for each run. */
export function toCsv(runs, rows) {
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  // A spreadsheet would take text that begins so as a formula.
  const plain = (text) => (/^[=+@-]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text);
  const lines = [["", ...runs.map((run) => run.run_id)], ...rows.map((each) => [`${each.section} ${each.name}`.trim(), ...each.cells])];
  return `${lines.map((cells) => cells.map((cell) => quoted(plain(cell))).join(",")).join("\n")}\n`;
}

/** `values` tell whether the runs differ; texts may be rounded. */
function row(section, name, texts, values = texts) {
  return { section, name, cells: texts.map((text) => text || "–"), differs: new Set(values).size > 1, best: -1 };
}

function mappings(section, found, said) {
  const names = [...new Set(found.flatMap((each) => Object.keys(each)))];
  return names.map((name) => row(section, name, found.map((each) => (name in each ? said(each[name]) : undefined)), found.map((each) => each[name])));
}

/** Versions by file name: the same name in two datasets is compared. */
const inputs = (run) => {
  const folder = `projects/${run.project}/data/${run.dataset}/`;
  return Object.fromEntries(run.inputs.map((item) => [item.key.replace(folder, ""), item.version_id]));
};
