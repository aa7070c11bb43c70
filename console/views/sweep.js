// A sweep: what it has found, what it costs, and its trials beside and over one another.

import { get, known } from "../lib/api.js";
import { along, axesOf } from "../lib/axes.js";
import { described } from "../lib/compared_rows.js";
import { compared, look } from "../lib/curves.js";
import { hash, number, usd } from "../lib/format.js";
import { html, useEffect, useMemo, useState } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { isEnded, who, word } from "../lib/status.js";
import { byTrial, importances, parameters, ranked, sweepSentence, trialRows } from "../lib/sweep.js";
import { Announced } from "../parts/announced.js";
import { Badge } from "../parts/badge.js";
import { Cancel } from "../parts/cancel.js";
import { Chart } from "../parts/chart.js";
import { ChartLook, useChartLook } from "../parts/chart_look.js";
import { ProjectCrumbs } from "../parts/crumbs.js";
import { Icon } from "../parts/icon.js";
import { Plots } from "../parts/plots.js";
import { Table } from "../parts/table.js";
import { At } from "../parts/time.js";
import { Trouble } from "../parts/trouble.js";

const BUSY_EVERY = 3_000, CURVES_EVERY = 10_000;
const MOST_CURVES = 20, LEGENDS = 6, ROWS = 50;
const COLORS = { best: "--curve-2", stopped: "--curve-before", other: "--curve-1" };
const addressOf = (run) => `/runs/${encodeURIComponent(run.run_id)}`;

export function Sweep({ id, info }) {
  const address = `/api/sweeps/${encodeURIComponent(id)}`;
  const { data: sweep, error, reload } = usePoll((signal) => get(address, signal), (found) => (isEnded(found) ? null : BUSY_EVERY), address, { what: "this sweep", known });
  const [isAsked, setAsked] = useState(false);
  useEffect(() => {
    document.title = sweep ? `${word(sweep.status)} · sweep of ${sweep.dataset} · ${sweep.project}` : "Sweep · droptrain";
  }, [sweep]);
  if (!sweep) return html`<h1 class="page-title">Sweep</h1>${error ? html`<${Trouble} title="The sweep can't be shown" error=${error} retry=${reload} />` : html`<p class="dim" aria-busy="true">Loading …</p>`}`;
  const command = `${info?.command || "droptrain"} sweep cancel ${id}`;
  return html`
    <div class="run-head">
      <${ProjectCrumbs} project=${sweep.project}><span aria-hidden="true"> / </span><a href=${`/projects/${encodeURIComponent(sweep.project)}/sweeps`}>Sweeps</a><//>
      <div class="run-title"><h1 class="page-title"><bdi>${sweep.dataset}</bdi> <code class="hash">${hash(id)}</code></h1><${Badge} status=${sweep.status} large /></div>
      ${!isEnded(sweep) && html`<div class="run-actions"><button type="button" class="button danger" onClick=${() => setAsked(true)}><${Icon} name="stop" />Cancel sweep</button></div>`}
    </div>
    <p class="now" dir="auto">${sweepSentence(sweep)}</p>
    <${Announced} text=${`${word(sweep.status)}.`} />
    <${Found} sweep=${sweep} />
    <${Trials} sweep=${sweep} />
    ${isAsked && html`<${Cancel} what="sweep" address=${address} command=${command} reload=${reload} onClose=${() => setAsked(false)}>
      Its trials stop within seconds and no other begins. What they have cost is spent; what they left stays.<//>`}`;
}

/** The best trial, the costs, how it searches, and which parameters matter. */
function Found({ sweep }) {
  const { best, estimate, counts, space } = sweep;
  const found = best && sweep.runs.find((run) => run.trial === best.trial);
  const shares = importances(sweep);
  return html`
    <div class="sweep-cards">
      <section class="card" aria-label="Best"><h2>${isEnded(sweep) ? "Best" : "Best so far"}</h2>
        ${best ? html`<${Facts} of=${[[sweep.metric.name, html`<b class="headline">${number(best.value)}</b>`], ["By", html`<a href=${addressOf(found || best)}>trial ${best.trial}</a>`],
          ...Object.entries(best.hyperparameters).map(([name, value]) => [name, html`<bdi>${shown(value)}</bdi>`])]} />` : html`<p class="dim">No trial has a value yet</p>`}</section>
      <section class="card" aria-label="Cost"><h2>Cost, estimated</h2><${Facts} of=${[
        ["So far", html`<b class="headline">${usd(sweep.cost_usd)}</b>`], ["Reserved", usd(sweep.reserved_usd)],
        ["Expected", money(estimate.expected_usd)], ["At most", money(estimate.max_usd)],
        ...(sweep.saved_usd ? [["Saved", html`about ${usd(sweep.saved_usd)} by stopping early`]] : [])]} /></section>
      <section class="card" aria-label="Search"><h2>Search</h2><${Facts} of=${[
        ["Method", sweep.method], ["Trials", `${sweep.trials}, ${sweep.parallel} at once`], ["Early stop", sweep.early_stop],
        ["Ended", endsOf(counts)], ["Started", html`<${At} at=${sweep.created_at} />`],
        ["By", html`<bdi title=${sweep.created_by}>${who(sweep.created_by)}</bdi>`], ...Object.entries(space).map(([name, text]) => [name, html`<bdi>${text}</bdi>`])]} /></section>
      ${shares.length > 0 && html`
        <section class="card" aria-label="Importance"><h2>Importance of parameters</h2>
          ${shares.map(({ name, share }) => html`<div key=${name}><${Facts} of=${[[name, `${(100 * share).toFixed(0)} %`]]} /><progress max="1" value=${share} aria-label=${`Importance of ${name}`} /></div>`)}</section>`}
    </div>`;
}

const ENDS = [["succeeded", "succeeded"], ["failed", "failed"], ["cancelled", "cancelled"], ["stopped_early", "stopped early"]];
const endsOf = (counts) => ENDS.filter(([name]) => counts[name]).map(([name, said]) => `${counts[name]} ${said}`).join(", ") || "none";
const Facts = ({ of }) => html`<div class="facts">${of.map(([name, value]) => html`<div class="fact" key=${name}><bdi class="fact-name">${name}</bdi><span class="fact-value">${value}</span></div>`)}</div>`;
const money = (value) => (value == null ? "–" : usd(value));
const shown = (value) => (typeof value === "number" ? number(value) : String(value ?? "–"));

/** A trial has no status before its run is recorded, and after that was deleted. */
function Trials({ sweep }) {
  const [lit, setLit] = useState(null);
  const [isWhole, setWhole] = useState(false);
  const trials = useMemo(() => ranked(sweep), [sweep]);
  const names = useMemo(() => parameters(sweep), [sweep]);
  const progress = useMemo(() => {
    const { values, best } = byTrial(sweep);
    return [{ name: "best so far", label: "best so far", points: best, ...look(1) }, { name: "trial", label: "each trial", points: values, ...look(0) }];
  }, [sweep]);
  const plotted = useMemo(() => {
    const { rows, columns } = trialRows(sweep);
    const looks = new Map(sweep.runs.map((run, n) => [run.run_id, {
      color: run.trial === sweep.best?.trial ? COLORS.best : run.stopped_early ? COLORS.stopped : COLORS.other,
      address: addressOf(run), description: described(`trial ${run.trial}`, rows[n], columns),
    }]));
    return { rows, columns, looks };
  }, [sweep]);
  if (!sweep.runs.length) return html`<p class="panel panel-empty">No trial has begun yet.</p>`;
  return html`
    <section class="panel" aria-label="Progress"><div class="charts"><${Chart} title=${`${sweep.metric.name} by trial`} xLabel="trial" curves=${progress} height=${210} /></div></section>
    <section class="panel" aria-label="Trials">
      <div class="panel-head"><h2>Trials, best first</h2></div>
      <${Table} label="The trials" heads=${["Trial", sweep.metric.name, ...names, "Cost", "Status"]} rows=${(isWhole ? trials : trials.slice(0, ROWS)).map((run) => [
        html`<a href=${addressOf(run)}>${run.trial} <code class="hash">${hash(run.run_id)}</code></a>${run.trial === sweep.best?.trial && html` <span class="best-mark">best</span>`}`,
        html`<b>${run.value == null ? "–" : number(run.value)}</b>`, ...names.map((name) => html`<bdi>${shown(run.hyperparameters[name])}</bdi>`), money(run.cost_usd),
        html`${run.status ? html`<${Badge} status=${run.status} />` : "–"}${run.stopped_early && html` <span class="dim">stopped early</span>`}`])} />
      ${trials.length > ROWS && !isWhole && html`<div class="list-end"><button type="button" class="button" onClick=${() => setWhole(true)}>All ${trials.length} trials</button></div>`}
    </section>
    <${Plots} ...${plotted} lit=${lit} onLight=${setLit} />
    <${Curves} trials=${trials.filter((run) => run.status === "RUNNING" || run.value != null).slice(0, MOST_CURVES)} metric=${sweep.metric.name} lit=${lit} onLight=${setLit} />`;
}

/** The curves of trials, over one another. */
function Curves({ trials, metric, lit, onLight }) {
  const ids = trials.map((run) => run.run_id), isGoing = trials.some((run) => run.status && !isEnded(run));
  const [chartLook, changeLook] = useChartLook();
  const { data } = usePoll((signal) => Promise.all(ids.map((id) => get(`/api/runs/${encodeURIComponent(id)}/metrics`, signal))), () => (isGoing ? CURVES_EVERY : null), `curves ${isGoing} ${ids.join()}`, { what: "the curves" });
  const [kept, setKept] = useState(null);
  useEffect(() => {
    if (data) setKept({ trials, series: data.map((each) => each.series) });
  }, [data]);
  const drawn = useMemo(() => {
    if (!kept) return [];
    const { label, runs } = along(kept.series, chartLook.axis);
    const curves = kept.trials.map((run, n) => ({ id: run.run_id, label: `trial ${run.trial}`, ...look(n), series: runs[n] }));
    return compared(curves, metric).map((each) => ({ ...each, xLabel: label }));
  }, [kept, chartLook.axis]);
  if (!drawn.length) return null;
  return html`
    <section class="panel" aria-label="Curves">
      <div class="panel-head"><h2>Curves${kept.trials.length === MOST_CURVES ? ` of the best ${MOST_CURVES}` : ""}</h2><${ChartLook} look=${chartLook} axes=${[...new Set(kept.series.flatMap(axesOf))]} change=${changeLook} /></div>
      <div class="charts">${drawn.map((each) => html`<${Chart} key=${each.title} title=${each.title} curves=${each.curves} xLabel=${each.xLabel} height=${210} hasLegend=${kept.trials.length <= LEGENDS} lit=${lit} onLight=${onLight} ...${chartLook} />`)}</div>
    </section>`;
}
