// Two to twenty runs side by side: what differs, and their curves together.

import { get, known } from "../lib/api.js";
import { along, axesOf, metricsOf } from "../lib/axes.js";
import { comparedRows, described } from "../lib/compared_rows.js";
import { compared, look } from "../lib/curves.js";
import { differences, toCsv } from "../lib/differences.js";
import { hash } from "../lib/format.js";
import { html, useEffect, useMemo, useState } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { isEnded } from "../lib/status.js";
import { Chart } from "../parts/chart.js";
import { ChartLook, useChartLook } from "../parts/chart_look.js";
import { Command } from "../parts/copy.js";
import { DifferencesTable } from "../parts/differences_table.js";
import { Plots } from "../parts/plots.js";
import { Trouble } from "../parts/trouble.js";

const MOST = 20;
const LEGENDS = 6; // beyond that the table's head is the legend of all charts
const EVERY = 5_000;

export function Compare({ ids, info }) {
  const wanted = [...new Set(ids)].slice(0, MOST);
  const key = wanted.join(",");
  const [chartLook, changeLook] = useChartLook();
  const [isWhole, setWhole] = useState(false);
  const [lit, setLit] = useState(null); // the run that is pointed at, in whatever shows it
  const { data, error, reload } = usePoll((signal) => Promise.all(wanted.map((id) => load(id, signal))), (found) => (found.every(({ run }) => isEnded(run)) ? null : EVERY), key, { what: "these runs", known: knownRuns });
  useEffect(() => {
    document.title = "Compare · droptrain";
  }, []);
  const drawn = useMemo(() => {
    const { label, runs } = along((data || []).map(({ series }) => series), chartLook.axis);
    const curves = (data || []).map(({ run }, n) => ({ id: run.run_id, label: labelOf(run), ...look(n), series: runs[n] }));
    return compared(curves, data?.[0]?.run.metric).map((each) => ({ ...each, xLabel: label }));
  }, [data, chartLook.axis]);
  const axes = [...new Set((data || []).flatMap(({ series }) => axesOf(series)))];
  const plotted = useMemo(() => plotsOf(data || []), [data]);
  if (wanted.length < 2) {
    return html`<div class="empty"><h1>Compare</h1><p>Choose two to twenty runs in <a href="/">the list</a>, by their boxes or with <kbd>x</kbd>, then “Compare”.</p></div>`;
  }
  if (!data) return html`<h1 class="page-title">Compare</h1>${error ? html`<${Trouble} title="The runs can't be compared" error=${error} retry=${reload} />` : html`<p class="dim" aria-busy="true">Loading …</p>`}`;
  const runs = data.map(({ run }) => run);
  const rows = differences(data);
  const shown = rows.filter((row) => isWhole || row.differs);
  return html`
    <h1 class="page-title">Compare ${data.length} runs</h1>
    <section class="panel" aria-label="Differences">
      <div class="panel-head"><h2>${isWhole ? "Everything" : "Differences"}</h2>
        <span class="space" /><button type="button" class="button" onClick=${() => download(toCsv(runs, shown))}>CSV</button>
        <label class="switch"><input type="checkbox" checked=${isWhole} onChange=${() => setWhole(!isWhole)} /> what is alike, too</label></div>
      <${DifferencesTable} runs=${runs} rows=${shown} lit=${lit} onLight=${setLit} />
      ${shown.length === 0 && html`<p class="panel-empty">They differ in nothing that is recorded.</p>`}
    </section>
    <section class="panel" aria-label="Curves">
      ${drawn.length > 0 && html`<div class="panel-head"><h2>Curves</h2><${ChartLook} look=${chartLook} axes=${axes} change=${changeLook} /></div>`}
      ${drawn.length > 0 ? html`<div class="charts">${drawn.map((each) => html`<${Chart} key=${each.title} title=${each.title} curves=${each.curves} xLabel=${each.xLabel} height=${210} hasLegend=${data.length <= LEGENDS} lit=${lit} onLight=${setLit} ...${chartLook} />`)}</div>` : html`<p class="panel-empty">None of them has written metrics.</p>`}
    </section>
    <${Plots} ...${plotted} lit=${lit} onLight=${setLit} />
    <${Command} text=${`${info?.command || "droptrain"} compare ${wanted.join(" ")}`} />`;
}

/** What the plots of columns take. */
function plotsOf(found) {
  const { rows, columns } = comparedRows(found);
  const looks = new Map(found.map(({ run }, n) => [run.run_id, { ...look(n), address: `/runs/${encodeURIComponent(run.run_id)}`, description: described(labelOf(run), rows[n], columns) }]));
  return { rows, columns, looks };
}

function download(text) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: "runs.csv" });
  link.click();
  URL.revokeObjectURL(link.href);
}

async function load(id, signal) {
  const [run, metrics, plan] = await Promise.all([
    get(runAt(id), signal), get(metricsAt(id), signal),
    get(planAt(id), signal).catch(() => NO_PLAN), // one that was rejected has none
  ]);
  return { run, series: metrics.series, plan, values: valuesOf(run, metrics.series) };
}

/** The runs as they were when they were compared before; null unless all are known. */
function knownRuns(key) {
  const found = key.split(",").map((id) => ({ run: known(runAt(id)), series: known(metricsAt(id))?.series, plan: known(planAt(id)) || NO_PLAN }));
  if (found.some(({ run, series }) => !run || !series)) return null;
  return found.map((each) => ({ ...each, values: valuesOf(each.run, each.series) }));
}

const NO_PLAN = {};
const runAt = (id) => `/api/runs/${encodeURIComponent(id)}`;
const metricsAt = (id) => `${runAt(id)}/metrics`;
const planAt = (id) => `/local/plan?${new URLSearchParams({ run: id })}`;

/** The record's last values, over those of the curves: while it trains, the record has none yet. */
const valuesOf = (run, series) => ({
  ...Object.fromEntries(metricsOf(series).filter((each) => each.points.length).map((each) => [each.name, each.points.at(-1).value])), ...run.metrics,
});

const labelOf = (run) => `${run.dataset} ${hash(run.run_id)}`;
