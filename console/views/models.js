// A project's models: the current one, the latest and the best with their files, and every one that was promoted.

import { get, known } from "../lib/api.js";
import { hash, number } from "../lib/format.js";
import { html, useEffect, useState } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { who } from "../lib/status.js";
import { useArtifacts } from "../lib/use_artifacts.js";
import { Artifacts } from "../parts/artifacts.js";
import { modelsAt, Promote, RollBack } from "../parts/change_model.js";
import { Command } from "../parts/copy.js";
import { ProjectCrumbs } from "../parts/crumbs.js";
import { Icon } from "../parts/icon.js";
import { Table } from "../parts/table.js";
import { At } from "../parts/time.js";
import { Trouble } from "../parts/trouble.js";

const EVERY = 10_000;
const FOLDERS = ["export/", "model/"]; // where code leaves its model: the first of them that has files
const HEADS = ["Model", "Metric", "Promoted", "Until", "By", "Data", "Code", "Action"];
const runAt = (id) => `/runs/${encodeURIComponent(id)}`;

export function Models({ project, info }) {
  const address = modelsAt(project);
  const { data, error, reload } = usePoll((signal) => get(address, signal), () => EVERY, address, { what: "the models", known });
  const [asked, setAsked] = useState(null);
  useEffect(() => {
    document.title = `Models · ${project} · droptrain`;
  }, [project]);
  const isOne = data?.best?.run_id === data?.latest?.run_id;
  const shown = [["Best", isOne ? null : data?.best], [isOne && data?.best ? "Latest and best" : "Latest", data?.latest]].filter(([, model]) => model);
  const change = { project, command: info?.command || "droptrain", reload, onClose: () => setAsked(null) };
  const promote = (model) => model.run_id !== data.current?.run_id && html`
    <button type="button" class="button" aria-label=${`Promote ${model.dataset} ${hash(model.run_id)}`} onClick=${() => setAsked({ model })}><${Icon} name="up" />Promote</button>`;
  return html`
    <div class="run-head"><${ProjectCrumbs} project=${project} /><h1 class="page-title">Models</h1></div>
    ${error && !data && html`<${Trouble} title="The models can't be shown" error=${error} retry=${reload} />`}
    ${!data && !error && html`<p class="dim" aria-busy="true">Loading …</p>`}
    ${data && shown.length === 0 && html`<p class="panel panel-empty">No run of this project has succeeded yet.</p>`}
    ${data?.current && html`<${Current} model=${data.current} served=${data.served_run_id} command=${change.command} project=${project}
      rollBack=${data.current.back_to && html`<button type="button" class="button danger" onClick=${() => setAsked({ now: data.current })}><${Icon} name="again" />Roll back</button>`} />`}
    ${shown.map(([title, model]) => html`<${Model} key=${title} title=${title} model=${model} command=${change.command} action=${promote(model)} />`)}
    ${data?.promoted.length > 0 && html`<${History} models=${data} project=${project} command=${change.command} promote=${promote} />`}
    ${asked?.model && html`<${Promote} model=${asked.model} ...${change} />`}
    ${asked?.now && html`<${RollBack} now=${asked.now} model=${data.promoted.find((each) => each.number === asked.now.back_to)} ...${change} />`}`;
}

const Run = ({ model: { run_id: id, dataset } }) => html`<a href=${runAt(id)}><bdi>${dataset}</bdi> <code class="hash">${hash(id)}</code></a>`;

const Value = ({ metric }) => metric && html`<span><bdi class="dim">${metric.name}</bdi> <b class="headline">${number(metric.value)}</b></span>`;

const Missing = ({ served }) => html`
  <p>The files of this model were deleted before they were copied. ${served
    ? html`<code>current.json</code> still names the model of <a href=${runAt(served)}><code>${served}</code></a>.`
    : html`There is no <code>current.json</code>.`} Promote another run, or roll back.</p>`;

const Current = ({ model, served, command, project, rollBack }) => html`
  <section class="panel" aria-label="Current">
    <div class="panel-head"><h2>Current</h2><${Run} model=${model} /><${Value} metric=${model.metric} />
      <span class="dim">since <${At} at=${model.promoted_at} />, by <${By} model=${model} /></span>${rollBack}</div>
    <div class="model-files">
      ${model.missing_at ? html`<${Missing} served=${served} />` : html`<p class="dim">${model.is_copied ? "Programs find it at" : "It is being copied to"} <code>${model.export}</code></p>`}
      <${Command} text=${`${command} get ${project}`} />
    </div>
  </section>`;

const By = ({ model: { promoted_by: by, kind, missing_at: missing } }) => html`<bdi title=${by}>${by === "gate" ? "the gate" : who(by)}</bdi>${kind === "rolled_back" && " (rollback)"}${missing && " (its files were gone)"}`;

const History = ({ models, project, command, promote }) => html`
  <section class="panel" aria-label="Promoted models">
    <div class="panel-head"><h2>Promoted models</h2></div>
    <${Table} label="Promoted models, newest first" heads=${HEADS} rows=${models.promoted.map((each) => [
      html`<${Run} model=${each} />`,
      html`<span title=${Object.entries(each.metrics).map(([name, value]) => `${name} ${number(value)}`).join("\n")}><${Value} metric=${each.metric} /></span>`,
      html`<${At} at=${each.promoted_at} />`, each.until ? html`<${At} at=${each.until} />` : "now", html`<${By} model=${each} />`,
      html`<code>${each.inputs_digest?.slice(0, 7)}</code>`, html`<code>${each.code_digest?.slice(0, 7)}</code>`, promote(each)])} />
    ${models.cursor && html`<p class="panel-empty">Older ones: <code>${command} models ${project}</code></p>`}
  </section>`;

function Model({ title, model, command, action }) {
  const { run_id: id, finished_at: at, replaced } = model;
  const { files, hasMore, error } = useArtifacts(id, true);
  const folder = FOLDERS.find((name) => files?.some((file) => file.path.startsWith(name)));
  const own = folder && files.filter((file) => file.path.startsWith(folder));
  return html`
    <section class="panel" aria-label=${title}>
      <div class="panel-head"><h2>${title}</h2><${Run} model=${model} /><${Value} metric=${model.metric} />
        <span class="dim">since <${At} at=${at} /></span>
        ${replaced && html`<span class="dim">before: <a href=${runAt(replaced.run_id)}><code>${hash(replaced.run_id)}</code></a>${replaced.value != null && ` with ${number(replaced.value)}`}</span>`}${action}</div>
      <div class="model-files">
        ${own && html`<${Artifacts} run=${id} files=${own} hasMore=${hasMore && own.length === files.length} folder=${folder} />`}
        ${!own && html`<p class="dim">${error ? error.message : files ? "The run left no file in EXPORT_PATH or MODEL_DIR." : "Looking …"}</p>`}
        <${Command} text=${`${command} get ${id}`} />
      </div>
    </section>`;
}
