// A project: how its headline metric goes from run to run.

import { get, known, query } from "../lib/api.js";
import { look } from "../lib/curves.js";
import { number } from "../lib/format.js";
import { html, useMemo } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { headline } from "../lib/status.js";
import { Chart } from "./chart.js";

const BEST_EVERY = 10_000;
const bestOf = (project) => `/api/runs${query({ project, sort: "metric", limit: 1 })}`;

export function ProjectHead({ project, here, runs }) {
  const recipe = usePoll((signal) => get(`/local/projects/${encodeURIComponent(project)}`, signal), () => null, project);
  const metric = recipe.data?.metric;
  const ranking = usePoll((signal) => get(bestOf(project), signal), () => BEST_EVERY, bestOf(project), { what: "the best run", known });
  const best = ranking.data?.runs[0];
  const trend = useMemo(() => trendOf(runs, metric), [runs, metric]);
  return html`
    <div class="project-head">
      <div>
        <h1 class="page-title"><bdi>${project}</bdi></h1>
        <p class="facts-line">
          <a href=${`/projects/${encodeURIComponent(project)}/datasets`}>Datasets</a>
          <a href=${`/projects/${encodeURIComponent(project)}/models`}>Models</a>
          <a href=${`/projects/${encodeURIComponent(project)}/sweeps`}>Sweeps</a>
          ${trend && html`
            ${best && html`<span>best <bdi>${best.metric}</bdi> <b>${number(headline(best))}</b> by <a href=${`/runs/${best.run_id}`}><bdi>${best.dataset}</bdi></a></span>`}
            <span>newest <b>${number(trend.points.at(-1).value)}</b></span>`}
        </p>
        ${here?.waiting.map((each) => html`
          <p class="waiting-line" key=${each.dataset}><bdi><b>${each.dataset}</b></bdi> ${each.missing.length > 0 && html`waits for ${names(each.missing)}: drop it on this page. `}${each.due_at && (each.arrived_at ? html`waits for the end of the project's cooldown, at ${clock(each.due_at)}. ` : html`launches at ${clock(each.due_at)}, unless another file arrives. `)}${each.present.length > 0 && html`<span class="dim">In its folder: ${names(each.present)}</span>`}</p>`)}
        ${recipe.error && recipe.error.status === 404 && html`<p class="dim">${recipe.error.message}</p>`}
      </div>
      ${trend && trend.points.length > 1 && html`
        <div class="project-trend"><${Chart} title=${`${trend.name} by run`} xLabel="run" height=${92}
          curves=${trend.curves} /></div>`}
    </div>`;
}

function names(files) {
  return files.map((file, n) => html`${n ? ", " : ""}<bdi><code>${file}</code></bdi>`);
}

function clock(at) {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

function trendOf(runs, metric) {
  const name = metric?.name || runs.find((run) => run.metric)?.metric;
  const measured = runs.filter((run) => run.metric === name && Number.isFinite(headline(run)) && run.status === "SUCCEEDED").reverse();
  if (!name || !measured.length) return null;
  const points = measured.map((run, index) => ({ step: index + 1, value: headline(run), run }));
  return { name, points, curves: [{ name, points, ...look(0) }] };
}

