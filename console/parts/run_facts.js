// What a run was made of, what it took, and what it left.

import { get, known } from "../lib/api.js";
import { count, counted, duration, number, size, usd } from "../lib/format.js";
import { html } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { preparedText } from "../lib/prepared.js";
import { who } from "../lib/status.js";
import { Artifacts } from "./artifacts.js";
import { At, Took } from "./time.js";

const INPUTS_SHOWN = 12;

export function RunFacts({ run, series, files, hasMoreFiles }) {
  const metrics = lastValues(run, series);
  return html`
    <aside class="run-facts" aria-label="Facts">
      <${Card} title="Run">
        <${Fact} name="Created"><${At} at=${run.created_at} /><//>
        ${run.started_at && html`<${Fact} name="Started"><${At} at=${run.started_at} /><//>`}
        ${run.stopped_at && html`<${Fact} name="Ended"><${At} at=${run.stopped_at} /><//>`}
        <${Fact} name="Took"><${Took} of=${run} /><//>
        <${Fact} name="By"><bdi title=${run.launched_by}>${who(run.launched_by)}</bdi><//>
        ${run.stopped_early && html`<${Fact} name="Stopped early">at step ${count(run.stopped_early.step)}<//>`}
        ${run.prepared && html`<${Fact} name="Prepared data" isLong>${preparedText(run)}<//>`}
        ${run.promoted_at && html`<${Fact} name="Promoted"><${At} at=${run.promoted_at} /><//>`}
        ${run.not_promoted?.length > 0 && html`<${Fact} name="Not promoted" isLong>${run.not_promoted.join("; ")}<//>`}
        ${run.sweep && html`<${Fact} name="Trial"><a href=${`/sweeps/${encodeURIComponent(run.sweep)}`}>${run.trial} of a sweep</a>${run.stopped_early && ", stopped early"}<//>`}
        ${run.rerun_of && html`<${Fact} name="Again"><a href=${`/runs/${run.rerun_of}`}>${run.rerun_of}</a><//>`}
      <//>
      <${Cost} run=${run} />
      ${run.gpu && html`<${Gpu} gpu=${run.gpu} />`}
      ${Object.keys(run.hyperparameters).length > 0 && html`<${Hyperparameters} run=${run} />`}
      <${Card} title="Last values" empty=${metrics.length === 0 && "None yet"}>
        ${metrics.map(([name, value]) => html`
          <${Fact} key=${name} name=${name}><b class=${name === run.metric ? "headline" : ""}>${number(value)}</b><//>`)}
      <//>
      <${Card} title="Artifacts" empty=${!files?.length && (files ? "Nothing left yet" : "Looking …")}>
        <${Artifacts} run=${run.run_id} files=${files} hasMore=${hasMoreFiles} />
      <//>
      <${Card} title=${`Inputs (${count(run.input_count)})`} empty=${!run.inputs.length && "None recorded"}>
        <ul class="files">${run.inputs.slice(0, INPUTS_SHOWN).map((input) => html`
          <li key=${input.key}><bdi title=${input.key}>${nameOf(run, input)}</bdi><span class="dim">${size(input.size)}</span>
            <span class="versions"><bdi class="dim">${input.channel}</bdi><code title=${`version ${input.version_id}`}>${input.version_id}</code></span></li>`)}</ul>
        ${run.input_count > INPUTS_SHOWN && html`<p class="dim">and ${count(run.input_count - INPUTS_SHOWN)} more, all in run.json</p>`}
      <//>
      <${Card} title="Code and recipe">
        ${run.code && html`<${Fact} name="Code"><code>${run.code.digest}</code> <span class="dim">${counted(run.code.files, "file")}</span><//>`}
        <${Fact} name="Recipe" isLong>${run.recipe ? html`<code title=${`${run.recipe.key}, version ${run.recipe.version_id}`}>${run.recipe.version_id}</code>` : "all defaults"}<//>
        ${run.code && html`<p><a href=${`/runs/${encodeURIComponent(run.run_id)}/code`}>View code and recipe</a></p>`}
        ${run.batch_job_id && html`<${Fact} name="Batch job" isLong><code>${run.batch_job_id}</code><//>`}
        ${run.log_stream && html`<${Fact} name="Log stream" isLong><code title=${run.log_stream}>${run.log_stream}</code><//>`}
        <${Fact} name="In S3" isLong><code title=${run.links.run}>${run.links.run}</code><//>
      <//>
    </aside>`;
}

const Card = ({ title, empty, children }) => html`
  <section class="card"><h2>${title}</h2>${empty ? html`<p class="dim">${empty}</p>` : html`<div class="facts">${children}</div>`}</section>`;

const Fact = ({ name, isLong, children }) => html`<div class=${isLong ? "fact long" : "fact"}><bdi class="fact-name">${name}</bdi><span class="fact-value">${children}</span></div>`;

/** The record's last values; while it has none yet, those of the curves. The headline metric is first. */
function lastValues(run, series) {
  const told = Object.entries(run.metrics);
  const found = told.length ? told : series.flatMap((each) => (each.points.length ? [[each.name, each.points.at(-1).value]] : []));
  return found.sort(([a], [b]) => (b === run.metric) - (a === run.metric));
}

/** As trained; an override is bold, beside the value of the run's recipe. */
function Hyperparameters({ run }) {
  const address = `/local/settings?${new URLSearchParams({ run: run.run_id })}`;
  const { data } = usePoll((signal) => get(address, signal), () => null, address, { what: "the settings", known });
  const overrides = data?.overrides.hyperparameters || {};
  return html`
    <${Card} title="Hyperparameters">
      ${Object.entries(run.hyperparameters).map(([name, value]) => html`
        <${Fact} key=${name} name=${name}>${name in overrides
          ? html`<b><bdi>${String(value)}</bdi></b> <span class="dim">${inRecipe(data.recipe, name)}</span>`
          : html`<bdi>${String(value)}</bdi>`}<//>`)}
    <//>`;
}

function inRecipe(recipe, name) {
  if (!recipe) return "";
  return name in recipe ? html`recipe: <bdi>${String(recipe[name])}</bdi>` : "not in the recipe";
}

function Cost({ run: { cost, estimate } }) {
  if (!cost && !estimate) return null;
  return html`
    <${Card} title="Cost, estimated">
      ${cost && html`<${Fact} name="About"><b class="headline">${usd(cost.estimate_usd)}</b><//>`}
      ${estimate && html`
        ${estimate.expected_usd != null && html`<${Fact} name="Expected">${usd(estimate.expected_usd)} <span class="dim">in ${duration(estimate.expected_seconds)}</span><//>`}
        <${Fact} name="At worst">${usd(estimate.worst_usd)}<//>
        <progress max=${estimate.expected_usd || estimate.worst_usd || 1} value=${cost?.estimate_usd || 0} aria-label="Cost against the estimate" />`}
      ${cost?.reclaimed_usd > 0 && html`<${Fact} name="Reclaimed">${usd(cost.reclaimed_usd)} of it<//>`}
      ${cost?.attempts?.length > 1
        ? cost.attempts.map((each) => html`<${Fact} name=${`${each.step === "prepare" ? "Preparation" : "Attempt"} ${each.attempt}`}><bdi>${each.instance_type}</bdi>${each.reclaimed ? " (reclaimed)" : ""} ${duration(each.seconds)} <b>${usd(each.usd)}</b><//>`)
        : cost && html`
          <${Fact} name="Machine"><bdi>${cost.instance_type}</bdi> for ${duration(cost.seconds)}<//>
          <${Fact} name="Price">${usd(cost.usd_per_hour)} an hour<//>`}
      ${cost && html`<p class="dim" dir="auto">${cost.basis}, as of <bdi>${cost.priced_at}</bdi></p>`}
      ${estimate?.offers.length > 0 && html`
        <details><summary>${counted(estimate.offers.length, "machine")} could serve it</summary>
          ${estimate.offers.map((each) => html`<${Fact} key=${each.instance_type} name=${each.instance_type}>${offered(each)}<//>`)}
        </details>`}
    <//>`;
}

function offered({ spot_usd_per_hour: spot, on_demand_usd_per_hour: demand }) {
  const told = [spot != null && `${usd(spot)} Spot`, demand != null && `${usd(demand)} on demand`].filter(Boolean);
  return told.length ? `${told.join(", ")} an hour` : "price unknown";
}

const Gpu = ({ gpu }) => html`
  <${Card} title=${gpu.count === 1 ? "GPU" : `GPUs (${gpu.count})`}>
    ${gpu.busy_percent !== null && html`
      <${Fact} name="Busy"><b>${gpu.busy_percent.toFixed(0)} %</b> of the time<//>
      <progress max="100" value=${gpu.busy_percent} aria-label="GPU busy" />`}
    ${gpu.peak_memory_gib !== null && html`<${Fact} name="Memory">${gpu.peak_memory_gib.toFixed(1)} GiB at most<//>`}
    ${gpu.waiting_seconds !== null && html`<${Fact} name="First work">after ${duration(gpu.waiting_seconds)}<//>`}
  <//>`;

const nameOf = (run, input) => {
  const folder = `projects/${run.project}/data/${run.dataset}/`;
  return input.key.startsWith(folder) ? input.key.slice(folder.length) : input.key;
};
