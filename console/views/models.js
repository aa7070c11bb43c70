// A project's models: the latest and the best one, with their files.

import { get, known } from "../lib/api.js";
import { hash, number } from "../lib/format.js";
import { html, useEffect } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { useArtifacts } from "../lib/use_artifacts.js";
import { Artifacts } from "../parts/artifacts.js";
import { Command } from "../parts/copy.js";
import { ProjectCrumbs } from "../parts/crumbs.js";
import { At } from "../parts/time.js";
import { Trouble } from "../parts/trouble.js";

const EVERY = 10_000;
const FOLDERS = ["export/", "model/"]; // where code leaves its model: the first of them that has files
const runAt = (id) => `/runs/${encodeURIComponent(id)}`;

export function Models({ project, info }) {
  const address = `/api/projects/${encodeURIComponent(project)}/models`;
  const { data, error, reload } = usePoll((signal) => get(address, signal), () => EVERY, address, { what: "the models", known });
  useEffect(() => {
    document.title = `Models · ${project} · droptrain`;
  }, [project]);
  const isOne = data?.best?.run_id === data?.latest?.run_id;
  const shown = [["Best", isOne ? null : data?.best], [isOne && data?.best ? "Latest and best" : "Latest", data?.latest]].filter(([, model]) => model);
  return html`
    <div class="run-head"><${ProjectCrumbs} project=${project} /><h1 class="page-title">Models</h1></div>
    ${error && !data && html`<${Trouble} title="The models can't be shown" error=${error} retry=${reload} />`}
    ${!data && !error && html`<p class="dim" aria-busy="true">Loading …</p>`}
    ${data && shown.length === 0 && html`<p class="panel panel-empty">No run of this project has succeeded yet.</p>`}
    ${shown.map(([title, model]) => html`<${Model} key=${title} title=${title} model=${model} info=${info} />`)}`;
}

function Model({ title, model: { run_id: id, dataset, metric, finished_at: at, replaced }, info }) {
  const { files, hasMore, error } = useArtifacts(id, true);
  const folder = FOLDERS.find((name) => files?.some((file) => file.path.startsWith(name)));
  const own = folder && files.filter((file) => file.path.startsWith(folder));
  return html`
    <section class="panel" aria-label=${title}>
      <div class="panel-head"><h2>${title}</h2><a href=${runAt(id)}><bdi>${dataset}</bdi> <code class="hash">${hash(id)}</code></a>
        ${metric && html`<span><bdi class="dim">${metric.name}</bdi> <b class="headline">${number(metric.value)}</b></span>`}
        <span class="dim">since <${At} at=${at} /></span>
        ${replaced && html`<span class="dim">before: <a href=${runAt(replaced.run_id)}><code>${hash(replaced.run_id)}</code></a>${replaced.value != null && ` with ${number(replaced.value)}`}</span>`}</div>
      <div class="model-files">
        ${own && html`<${Artifacts} run=${id} files=${own} hasMore=${hasMore && own.length === files.length} folder=${folder} />`}
        ${!own && html`<p class="dim">${error ? error.message : files ? "The run left no file in EXPORT_PATH or MODEL_DIR." : "Looking …"}</p>`}
        <${Command} text=${`${info?.command || "droptrain"} get ${id}`} />
      </div>
    </section>`;
}
