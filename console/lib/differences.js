// What of several runs differs: rows of one property each, as `droptrain compare` has them.

import { number, took, usd } from "./format.js";
import { word } from "./status.js";

/** Rows {section, name, cells, differs} of {run, plan, values}; cells are texts. */
export function differences(found) {
  const runs = found.map((each) => each.run), plans = found.map((each) => each.plan);
  return [
    row("", "status", runs.map((run) => word(run.status))),
    row("", "cause", runs.map((run) => run.cause?.code)),
    ...mappings("metric", found.map((each) => each.values), number),
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

function row(section, name, values) {
  const cells = values.map((value) => value || "–");
  return { section, name, cells, differs: new Set(cells).size > 1 };
}

function mappings(section, found, said) {
  const names = [...new Set(found.flatMap((each) => Object.keys(each)))];
  return names.map((name) => row(section, name, found.map((each) => (name in each ? said(each[name]) : undefined))));
}

/** Versions by file name: the same name in two datasets is compared. */
const inputs = (run) => {
  const folder = `projects/${run.project}/data/${run.dataset}/`;
  return Object.fromEntries(run.inputs.map((item) => [item.key.replace(folder, ""), item.version_id]));
};
