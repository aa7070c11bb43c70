// A project's datasets: what lies there, what their data look like, what they wait for, and which runs used them.

import { get, getOnce, known, query } from "../lib/api.js";
import { findingsOf, versionsOf } from "../lib/datasets.js";
import { count, counted, hash, number, size } from "../lib/format.js";
import { html, useCallback, useEffect, useState } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { navigate } from "../lib/router.js";
import { Badge } from "../parts/badge.js";
import { Command } from "../parts/copy.js";
import { ProjectCrumbs } from "../parts/crumbs.js";
import { Table } from "../parts/table.js";
import { At } from "../parts/time.js";
import { Trouble } from "../parts/trouble.js";

const EVERY = 10_000;
const PAGE = 100;

export function Datasets({ project, place, info }) {
  const address = `/api/projects/${encodeURIComponent(project)}/datasets`;
  const list = usePoll((signal) => get(`${address}${query({ limit: PAGE })}`, signal), () => EVERY, address, { what: "the datasets", known: () => known(`${address}${query({ limit: PAGE })}`) });
  const [older, setOlder] = useState({ datasets: [], cursor: undefined, error: null });
  useEffect(() => {
    document.title = `Datasets · ${project} · droptrain`;
  }, [project]);
  const cursor = older.cursor === undefined ? list.data?.cursor : older.cursor;
  const more = useCallback(async () => {
    try {
      const page = await getOnce(`${address}${query({ limit: PAGE, cursor })}`);
      setOlder((was) => ({ datasets: [...was.datasets, ...page.datasets], cursor: page.cursor, error: null }));
    } catch (error) {
      setOlder((was) => ({ ...was, error }));
    }
  }, [address, cursor]);
  const datasets = [...(list.data?.datasets || []), ...older.datasets];
  const chosen = place.query.get("dataset") || datasets.at(-1)?.dataset || "";
  const choose = (dataset) => navigate(`${place.path}${query({ dataset })}`, { replace: true });
  return html`
    <div class="run-head">
      <${ProjectCrumbs} project=${project} />
      <h1 class="page-title">Datasets</h1>
    </div>
    ${info && html`<details class="project-code"><summary>Code and recipe of the project</summary>
      <p class="dim">This fetches what is published now. <code>droptrain push ${project}</code> publishes it again.</p>
      <${Command} text=${`aws s3 sync s3://${info.bucket}/projects/${project}/ ${project} --exclude "data/*"`} /></details>`}
    ${list.error && !list.data && html`<${Trouble} title="The datasets can't be listed" error=${list.error} retry=${list.reload} />`}
    ${!list.data && !list.error && html`<p class="dim" aria-busy="true">Loading …</p>`}
    ${list.data && datasets.length === 0 && html`<p class="panel panel-empty">This project has no dataset yet. <a href=${`/projects/${encodeURIComponent(project)}`}>Drop one on its page.</a></p>`}
    ${datasets.length > 0 && html`
      <div class="code-body">
        <nav class="panel code-files" aria-label="Datasets">
          <ul>${datasets.map((each) => html`
            <li key=${each.dataset}><button type="button" aria-current=${each.dataset === chosen ? "true" : undefined} onClick=${() => choose(each.dataset)}>
              <bdi>${each.dataset}</bdi>${each.waiting && html`<span class="waits">waits</span>`}</button></li>`)}</ul>
          ${cursor && html`<button type="button" class="button quiet" onClick=${more}>More</button>`}
          ${older.error && html`<${Trouble} title="More can't be listed" error=${older.error} retry=${more} />`}
        </nav>
        <${Dataset} key=${chosen} address=${`${address}/${encodeURIComponent(chosen)}`} project=${project} />
      </div>`}`;
}

function Dataset({ address, project }) {
  const { data, error, reload } = usePoll((signal) => get(address, signal), () => EVERY, address, { what: "the dataset", known });
  if (!data) return error ? html`<${Trouble} title="The dataset can't be shown" error=${error} retry=${reload} />` : html`<p class="dim" aria-busy="true">Loading …</p>`;
  const findings = findingsOf(data.runs), versions = versionsOf(data.runs, data.files);
  return html`
    <div class="run-main dataset-card">
      ${data.waiting && html`<${Waiting} waiting=${data.waiting} project=${project} />`}
      ${findings.map((each, n) => html`
        <p key=${n} class=${each.isWrong ? "cause" : "advice"} dir="auto"><span>${each.message} <span class="dim">${each.fix}</span></span></p>`)}
      <section class="panel" aria-label="Files">
        <div class="panel-head"><h2>Files now</h2><span class="dim">${data.has_all_files ? counted(data.files.length, "file") : `the first ${data.files.length} files`}</span></div>
        ${data.files.length === 0 ? html`<p class="panel-empty">Its files have been deleted.</p>` : html`
          <${Table} label="The files" heads=${["File", "Size", "Uploaded", "Version"]} rows=${data.files.map((file) => [
            html`<bdi>${file.file}</bdi>`, size(file.size), html`<${At} at=${file.uploaded_at} />`, html`<code class="dim">${file.version_id}</code>`])} />`}
      </section>
      ${data.data && html`<${Data} data=${data.data} />`}
      <section class="panel" aria-label="Versions">
        <div class="panel-head"><h2>Versions that were trained</h2>${data.runs.length > 0 && html`<span class="dim">by the newest ${counted(data.runs.length, "run")}</span>`}</div>
        ${versions.length === 0 ? html`<p class="panel-empty">No run has used it.</p>` : html`
          <${Table} label="The versions" heads=${["Version", "Since", "Files", "Runs"]} rows=${versions.map((each) => [
            html`<code>${each.digest.slice(0, 7)}</code>${each.isCurrent && html` <span class="best-mark">as now</span>`}`, html`<${At} at=${each.since} />`,
            each.inputs.map((input) => html`<div><bdi>${input.key.split("/").slice(4).join("/")}</bdi> <span class="dim">${size(input.size)}</span></div>`),
            each.runs.map((run) => html`<div class="version-run"><${Badge} status=${run.status} /> <a href=${`/runs/${encodeURIComponent(run.run_id)}`}><code>${hash(run.run_id)}</code>${run.name && html` <bdi>${run.name}</bdi>`}</a></div>`)])} />`}
      </section>
    </div>`;
}

const Waiting = ({ waiting, project }) => html`
  <div class="cause cause-waiting">
    <p class="cause-message">${waiting.missing.length ? html`It waits for ${names(waiting.missing)}.` : waiting.arrived_at ? html`It waits for the end of the project's cooldown, at <${At} at=${waiting.due_at} />.` : html`It launches at <${At} at=${waiting.due_at} />, unless another file arrives.`}</p>
    <p class="cause-fix"><b>In its folder</b> ${waiting.present.length ? names(waiting.present) : "nothing"}${waiting.missing.length > 0 && html`. <a href=${`/projects/${encodeURIComponent(project)}`}>Drop the rest on the project's page.</a>`}</p>
  </div>`;

const names = (files) => files.map((file, n) => html`${n ? ", " : ""}<bdi><code>${file}</code></bdi>`);

const Data = ({ data }) => html`
  <section class="panel" aria-label="Data">
    <div class="panel-head"><h2>Training data</h2><span class="dim">about ${count(data.rows)} rows, ${counted(data.columns, "column")}</span></div>
    <${Table} label="The columns" heads=${["Column", "Holds", "Empty", "Range", "Median"]} rows=${data.first.map((column) => [
      html`<bdi>${column.name}</bdi>`, column.kind || "both", `${(100 * column.empty).toFixed(0)} %`, column.least == null ? "–" : `${number(column.least)} to ${number(column.most)}`, column.median == null ? "–" : number(column.median)])} />
    ${data.columns > data.first.length && html`<p class="panel-empty">and ${count(data.columns - data.first.length)} more columns</p>`}
  </section>`;
