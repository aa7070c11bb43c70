// A run: what happens now, how its time went by, its curves, its log, and what it was made of.

import { get, known } from "../lib/api.js";
import { along, axesOf, machineOf, metricsOf } from "../lib/axes.js";
import { charts, machineCharts } from "../lib/curves.js";
import { hash } from "../lib/format.js";
import { html, useCallback, useEffect, useMemo, useState } from "../lib/html.js";
import { LogStore } from "../lib/log_store.js";
import { listedRun } from "../lib/run_list.js";
import { usePoll } from "../lib/poll.js";
import { useRelatives } from "../lib/relatives.js";
import { useArtifacts } from "../lib/use_artifacts.js";
import { announcement, isEnded, sentence, tabTitle } from "../lib/status.js";
import { compared } from "../lib/timing.js";
import { Announced } from "../parts/announced.js";
import { Badge } from "../parts/badge.js";
import { Chart } from "../parts/chart.js";
import { ChartLook, useChartLook } from "../parts/chart_look.js";
import { ProjectCrumbs } from "../parts/crumbs.js";
import { Evidence, Log } from "../parts/log.js";
import { RunActions } from "../parts/run_actions.js";
import { RunFacts } from "../parts/run_facts.js";
import { RunWords } from "../parts/run_words.js";
import { useNow } from "../parts/time.js";
import { Timeline } from "../parts/timeline.js";
import { Trouble } from "../parts/trouble.js";

const BUSY_EVERY = 1_500;
const METRICS_EVERY = 4_000;
const ENDED_EVERY = 15_000;
const TIMING_EVERY = 15_000;
// Whether trying again as it is can help, where somebody can tell.
const RETRIES = new Map([[true, " Retrying unchanged can help."], [false, " Retrying unchanged won't help."]]);
const CAUSES = { CANCELLED: "cause-off" };

export function Run({ id, info }) {
  const address = `/api/runs/${encodeURIComponent(id)}`;
  const { data: run, error, reload } = usePoll((signal) => get(address, signal), (found) => (isEnded(found) ? ENDED_EVERY : BUSY_EVERY), address, { what: "this run", known: knownRun });
  useEffect(() => {
    document.title = run ? tabTitle(run) : "Run · droptrain";
  }, [run]);
  if (!run) {
    return error
      ? html`<h1 class="page-title">Run</h1><${Trouble} title="The run can't be shown" error=${error} retry=${reload} />`
      : html`<h1 class="sr">Run</h1><div class="run-skeleton" role="group" aria-busy="true" aria-label="Loading the run"><i /><i /><i /></div>`;
  }
  return html`<${Loaded} run=${run} address=${address} info=${info} reload=${reload} />`;
}

/** The run as it was asked for, or as a list had it. */
const knownRun = (address) => known(address) || listedRun(decodeURIComponent(address.split("/").pop()));

function Loaded({ run, address, info, reload }) {
  const ended = isEnded(run);
  const log = useLog(run.run_id);
  const metrics = usePoll(
    (signal) => get(`${address}/metrics`, signal),
    () => (ended ? null : METRICS_EVERY),
    `${address}/metrics ${ended}`,
    { what: "the metrics" },
  );
  const [kept, setKept] = useState(() => known(`${address}/metrics`)?.series || []);
  useEffect(() => {
    if (metrics.data) setKept(metrics.data.series);
  }, [metrics.data]);
  const { files, hasMore } = useArtifacts(run.run_id, ended);
  const relatives = useRelatives(run);
  const measured = useMemo(() => metricsOf(kept), [kept]);
  const [look, changeLook] = useChartLook();
  const axes = axesOf(kept).join(" ");
  const drawn = useMemo(() => {
    const { label, runs: [own, ...others] } = along([kept, ...relatives.curves.map((other) => other.series)], look.axis);
    const behind = relatives.curves.map((other, n) => ({ ...other, series: others[n] }));
    return [...charts(own, run.metric, behind).map((each) => ({ ...each, xLabel: label })), ...machineCharts(machineOf(kept))];
  }, [kept, relatives.curves, look.axis]);
  const download = files?.find((file) => file.path === "log.txt")?.url;

  return html`
    <div class="run-head">
      <${ProjectCrumbs} project=${run.project} />
      <div class="run-title"><h1 class="page-title"><bdi>${run.dataset}</bdi> <code class="hash">${hash(run.run_id)}</code></h1><${Badge} status=${run.status} large /></div>
      <${RunActions} run=${run} info=${info} reload=${reload} before=${relatives.before} />
    </div>
    <${RunWords} run=${run} address=${address} reload=${reload} />
    <${Now} run=${run} address=${address} phase=${log.store?.phases.phase} latest=${latestOf(measured, run.metric)} before=${relatives.before} />
    ${run.cause && html`
      <section class=${`cause ${CAUSES[run.status] || (ended ? "" : "cause-waiting")}`} aria-label="Cause">
        <p class="cause-message" dir="auto">${run.cause.message}</p>
        <p class="cause-fix" dir="auto"><b>What to do</b> ${run.cause.fix}${RETRIES.get(run.cause.retry_helps)}</p>
        ${log.store && run.status === "FAILED" && html`<${Evidence} found=${run.cause.evidence} store=${log.store} version=${log.version} />`}
      </section>`}
    ${run.warnings?.map((each) => html`
      <p class="advice" dir="auto"><b><bdi>${each.file}</bdi>${each.row ? ` line ${each.row}` : ""}${each.column && html` column <bdi>${each.column}</bdi>`}</b> ${each.message} <span class="dim">${each.fix}</span></p>`)}
    ${run.advice.map((each) => html`<p class="advice" dir="auto">${each}</p>`)}
    <${Timeline} run=${run} phases=${log.store?.phases} />
    <div class="run-body">
      <div class="run-main">
        <section class="panel" aria-label="Metrics">
          <div class="panel-head"><h2>Metrics</h2>${!ended && drawn.length > 0 && html`<span class="dim" title="within ten seconds">live</span>`}
            ${drawn.length > 0 && html`<${ChartLook} look=${look} axes=${axes.split(" ")} change=${changeLook} />`}</div>
          ${drawn.length > 0
            ? html`<div class="charts">${drawn.map((each) => html`<${Chart} key=${each.title} title=${each.title} curves=${each.curves} xLabel=${each.xLabel} ...${look} />`)}</div>`
            : html`<p class="panel-empty">${metrics.error ? metrics.error.message : !metrics.data ? "Loading …" : ended ? "It wrote no metrics. A line of JSON in $METRICS_FILE, or TensorBoard's own files, would be drawn here." : "Curves appear as soon as the training writes metrics."}</p>`}
        </section>
        ${log.store && html`<${Log} store=${log.store} version=${log.version} isLive=${!ended} download=${download} />`}
      </div>
      <${RunFacts} run=${run} series=${measured} files=${files} hasMoreFiles=${hasMore} />
    </div>`;
}

function Now({ run, address, ...more }) {
  const { phase, latest, before } = more;
  const of = useCallback((now) => sentence(run, now, { phase, latest, before }), [run, phase, latest?.value, latest?.step, before]);
  const said = useNow(of);
  return html`
    ${!(run.cause && isEnded(run)) && html`<p class="now" dir="auto">${said}${!isEnded(run) && html` <${Usual} address=${`${address}/timing`} state=${`${run.status} ${phase}`} />`}</p>`}
    <${Announced} text=${announcement(run, { phase })} />`;
}

/** How long the part that a run is in usually takes; asked for anew when its `state` changes. */
function Usual({ address, state }) {
  const { data } = usePoll((signal) => get(address, signal), () => TIMING_EVERY, `${address} ${state}`, { what: "the timing" });
  const of = useCallback((now) => compared(data, now), [data]);
  return html`<span class="dim">${useNow(of)}</span>`;
}

/** The log of a run, drawn anew at most once a frame. */
function useLog(id) {
  const [state, setState] = useState({ store: null, version: 0 });
  useEffect(() => {
    let frame = 0;
    const store = new LogStore(id, () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        setState((was) => ({ store, version: was.version + 1 }));
      });
    });
    setState({ store, version: 0 });
    return () => {
      cancelAnimationFrame(frame);
      store.close();
    };
  }, [id]);
  return state;
}

function latestOf(series, metric) {
  const found = series.find((each) => each.name === metric) || series[0];
  const point = found?.points.at(-1);
  return point && { name: found.name, ...point };
}

