// The code, the recipe and the settings that a run trained with, and what of them differs from another run.

import { get, known, query } from "../lib/api.js";
import { differingFiles, differingSettings } from "../lib/code_diff.js";
import { counted, hash, size } from "../lib/format.js";
import { html, useEffect } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { navigate } from "../lib/router.js";
import { ProjectCrumbs } from "../parts/crumbs.js";
import { Difference, FileText } from "../parts/source.js";
import { Trouble } from "../parts/trouble.js";

const MOST_FILES = 1000;
const OFFERED = 50;
const never = () => null;
const bestOf = (project) => `/api/runs${query({ project, sort: "metric", limit: 1 })}`;
const runAt = (id) => `/api/runs/${encodeURIComponent(id)}`;

export function Code({ id, place }) {
  const other = place.query.get("with") || "", file = place.query.get("file") || "";
  const { data: run, error, reload } = usePoll((signal) => get(runAt(id), signal), never, runAt(id), { what: "this run", known });
  useEffect(() => {
    document.title = "Code · droptrain";
  }, []);
  if (!run) return html`<h1 class="page-title">Code</h1>${error && html`<${Trouble} title="The run can't be shown" error=${error} retry=${reload} />`}`;
  const say = (changes) => navigate(`${place.path}${query({ with: other, file, ...changes })}`, { replace: true });
  return html`
    <div class="run-head">
      <${ProjectCrumbs} project=${run.project}><span aria-hidden="true"> / </span><a href=${`/runs/${encodeURIComponent(id)}`}><bdi>${run.dataset}</bdi> <code>${hash(id)}</code></a><//>
      <h1 class="page-title">${other ? "What differs" : "Code and recipe"}</h1>
      <${Other} run=${run} other=${other} onChoose=${(chosen) => say({ with: chosen, file: "" })} />
    </div>
    ${other ? html`<${Differences} key=${other} run=${run} other=${other} />` : html`<${Files} run=${run} file=${file} onChoose=${(path) => say({ file: path })} />`}`;
}

/** Which run it is compared with. */
function Other({ run, other, onChoose }) {
  const address = `/api/runs${query({ project: run.project, limit: OFFERED })}`;
  const { data } = usePoll((signal) => get(address, signal), never, address, { what: "the runs", known });
  const ranking = usePoll((signal) => get(bestOf(run.project), signal), never, bestOf(run.project), { what: "the best run", known });
  const best = ranking.data?.runs[0];
  const runs = [...(data?.runs || []), best].filter((each, n, all) => each?.code && each.run_id !== run.run_id && all.findIndex((one) => one?.run_id === each.run_id) === n);
  const listed = !other || runs.some((each) => each.run_id === other) ? runs : [{ run_id: other, dataset: other.slice(0, -13) }, ...runs];
  return html`
    <label class="code-other">Compare with
      <select value=${other} onChange=${(event) => onChoose(event.target.value)}>
        <option value="">no run</option>
        ${listed.map((each) => html`<option key=${each.run_id} value=${each.run_id}>${each.dataset} ${hash(each.run_id)}${each.name ? ` (${each.name})` : ""}${each.run_id === best?.run_id ? ", the best" : ""}</option>`)}
      </select></label>`;
}

function Files({ run, file, onChoose }) {
  const { data, error, reload } = useSources(run.run_id);
  if (!data) return error ? html`<${Trouble} title="The code can't be shown" error=${error} retry=${reload} />` : html`<p class="dim" aria-busy="true">Loading …</p>`;
  const chosen = data.files.find((each) => each.path === file) || data.files.find((each) => each.path === "train.yaml") || data.files[0];
  return html`
    <div class="code-body">
      <nav class="panel code-files" aria-label="Files">
        <ul>${data.files.map((each) => html`
          <li key=${each.path}><button type="button" aria-current=${each === chosen ? "true" : undefined} onClick=${() => onChoose(each.path)}>
            <bdi>${each.path}</bdi><span class="dim">${size(each.size)}</span></button></li>`)}</ul>
        ${data.cursor && html`<p class="panel-empty">Only the first ${MOST_FILES} files are listed.</p>`}
      </nav>
      ${chosen ? html`<${FileText} key=${chosen.path} run=${run.run_id} file=${chosen} />` : html`<p class="panel panel-empty">It had no code and no recipe.</p>`}
    </div>`;
}

function Differences({ run, other }) {
  const before = useSources(other), after = useSources(run.run_id);
  const was = usePlan(other), is = usePlan(run.run_id);
  const error = before.error || after.error || was.error || is.error;
  if (error) return html`<${Trouble} title="The runs can't be compared" error=${error} />`;
  if (![before, after, was, is].every((each) => each.data)) return html`<p class="dim" aria-busy="true">Loading …</p>`;
  const { found, same } = differingFiles(before.data.files, after.data.files);
  const settings = differingSettings(was.data, is.data);
  return html`
    <section class="panel" aria-label="Settings">
      <div class="panel-head"><h2>Settings</h2></div>
      ${settings.length === 0 ? html`<p class="panel-empty">They trained with the same settings.</p>` : html`
        <div class="table-box" tabindex="0" role="region" aria-label="Differing settings"><table class="differences">
          <thead><tr><th scope="col">Setting</th><th scope="col"><a href=${`/runs/${other}`}><code>${hash(other)}</code></a></th><th scope="col"><code>${hash(run.run_id)}</code></th></tr></thead>
          <tbody>${settings.map(([name, one, two]) => html`<tr class="differs" key=${name}><th scope="row"><bdi>${name}</bdi></th><td><bdi>${one ?? "–"}</bdi></td><td><bdi>${two ?? "–"}</bdi></td></tr>`)}</tbody>
        </table></div>`}
    </section>
    ${found.map((each) => html`<${Difference} key=${each.path} before=${{ run: other, file: each.before }} after=${{ run: run.run_id, file: each.after }} path=${each.path} />`)}
    <p class="dim">${sameFiles(found.length, same)}</p>`;
}

function sameFiles(differing, same) {
  if (!differing) return `Code and recipe are the same (${counted(same, "file")}).`;
  return same ? `${counted(same, "other file")} ${same === 1 ? "is" : "are"} the same.` : "No other file is the same.";
}

const useSources = (id) => useOnce(`${runAt(id)}/code${query({ limit: MOST_FILES })}`, "the code");
const usePlan = (id) => useOnce(`/local/plan${query({ run: id })}`, "the settings");
const useOnce = (address, what) => usePoll((signal) => get(address, signal), never, address, { what, known });
