// What a month cost, by project and by day, and what the caps leave of it.

import { get, known, query } from "../lib/api.js";
import { byDay, byProject, curvesOf, monthAfter, total } from "../lib/costs.js";
import { count, usd } from "../lib/format.js";
import { html, useEffect, useMemo } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { Chart } from "../parts/chart.js";
import { Table } from "../parts/table.js";
import { Trouble } from "../parts/trouble.js";

const EVERY = 60_000;
const MOST_PARTS = 20; // some 30,000 runs
const MONTH = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });
const addressOf = (month, cursor) => `/api/costs${query({ month, cursor })}`;
const placeOf = (month) => `/costs${query({ month })}`;
const named = (month) => MONTH.format(new Date(`${month}-01`));

export function Costs({ place, budget }) {
  const today = new Date().toISOString().slice(0, 10), now = today.slice(0, 7);
  const month = /^20\d\d-(0[1-9]|1[0-2])$/.test(place.query.get("month")) ? place.query.get("month") : now;
  const { data, error, reload } = usePoll((signal) => load(month, signal), ({ parts }) => (month < now ? null : EVERY * parts), month, { what: "the costs", known: knownCosts });
  useEffect(() => {
    document.title = "Costs · droptrain";
  }, []);
  const costs = data?.costs || NONE;
  const projects = useMemo(() => byProject(costs), [costs]);
  const table = useMemo(() => byDay(costs), [costs]);
  const curves = useMemo(() => curvesOf(costs, month, today), [costs, month, today]);
  const sum = total(costs);
  return html`
    <div class="run-head"><h1 class="page-title">Costs in ${named(month)}</h1>
      <nav class="run-actions" aria-label="Months"><a class="button" href=${placeOf(monthAfter(month, -1))}>${named(monthAfter(month, -1))}</a>
        ${month < now && html`<a class="button" href=${placeOf(monthAfter(month, 1))}>${named(monthAfter(month, 1))}</a>`}</nav></div>
    <p class="dim">What the runs launched in the month cost so far, by the day of their launch in UTC: estimates from EC2's prices.</p>
    ${month === now && budget && html`<${Caps} budget=${budget} />`}
    ${error && !data && html`<${Trouble} title="The costs can't be shown" error=${error} retry=${reload} />`}
    ${!data && !error && html`<p class="dim" aria-busy="true">Loading …</p>`}
    ${data?.hasMore && html`<p class="advice">Only the newest ${count(projects.reduce((all, each) => all + each.runs, 0))} runs of the month are summed.</p>`}
    ${data && projects.length === 0 && html`<p class="panel panel-empty">Nothing was launched in this month.</p>`}
    ${projects.length > 0 && html`
      <section class="panel" aria-label="By project">
        <div class="panel-head"><h2>By project</h2><span>altogether <b class="headline">${usd(sum)}</b></span></div>
        <${Table} label="Costs by project" heads=${["Project", "Cost", "Share", "Runs", "Active", "Active runs at most"]} rows=${projects.map((each) => [
          html`<a href=${`/projects/${encodeURIComponent(each.project)}?sort=cost`} title="Its runs, the dearest first"><bdi>${each.project}</bdi></a>`, html`<b>${usd(each.usd)}</b>`,
          sum ? `${((100 * each.usd) / sum).toFixed(0)} %` : "–", count(each.runs), count(each.active), each.active ? usd(each.worst) : "–"])} />
      </section>
      <section class="panel" aria-label="By day">
        <div class="panel-head"><h2>By day</h2></div>
        <div class="charts"><${Chart} title="USD up to each day" xLabel="day" curves=${curves} worded=${usd} height=${210} /></div>
        <${Table} label="Costs by day" heads=${["Day", "All", ...table.columns]} rows=${table.days.map(({ day, usd: all, cells }) => [day, html`<b>${usd(all)}</b>`, ...cells.map((each) => (each ? usd(each) : "–"))])} />
      </section>`}`;
}

const NONE = [];

const Caps = ({ budget }) => {
  const caps = [{ ...budget, project: "the stack" }, ...budget.projects].filter((each) => each.cap_usd !== null);
  return caps.length > 0 && html`
    <section class="panel" aria-label="Caps"><div class="panel-head"><h2>Caps</h2></div>
      <${Table} label="The caps" heads=${["Of", "Cap", "Spent", "Reserved by active runs", "Left"]} rows=${caps.map(({ project, cap_usd: cap, spent_usd: spent, reserved_usd: reserved }) => [
        html`<bdi>${project}</bdi>`, usd(cap), usd(spent), usd(reserved), html`<b>${usd(Math.max(0, cap - spent - reserved))}</b>`])} />
    </section>`;
};

async function load(month, signal) {
  const parts = [await get(addressOf(month), signal)];
  while (parts.at(-1).cursor && parts.length < MOST_PARTS) parts.push(await get(addressOf(month, parts.at(-1).cursor), signal));
  return put(parts);
}

const put = (parts) => ({ costs: parts.flatMap((part) => part.days), parts: parts.length, hasMore: Boolean(parts.at(-1).cursor) });

/** The costs as they were when they were last asked for, if that was one part. */
function knownCosts(month) {
  const first = known(addressOf(month));
  return first && !first.cursor ? put([first]) : null;
}
