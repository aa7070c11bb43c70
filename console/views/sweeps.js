// The sweeps of a project, newest first.

import { get, getOnce, known, query } from "../lib/api.js";
import { hash, number, usd } from "../lib/format.js";
import { html, useEffect, useState } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { isEnded } from "../lib/status.js";
import { Badge } from "../parts/badge.js";
import { ProjectCrumbs } from "../parts/crumbs.js";
import { Table } from "../parts/table.js";
import { Ago } from "../parts/time.js";
import { Trouble } from "../parts/trouble.js";

const BUSY_EVERY = 3_000, IDLE_EVERY = 15_000;
const PAGE = 50;

export function Sweeps({ project }) {
  const addressOf = (cursor) => `/api/sweeps${query({ project, limit: PAGE, cursor })}`;
  const { data, error, reload } = usePoll((signal) => get(addressOf(), signal), (page) => (page.sweeps.every(isEnded) ? IDLE_EVERY : BUSY_EVERY), addressOf(), { what: "the sweeps", known });
  const [older, setOlder] = useState({ sweeps: [], cursor: undefined, error: null });
  useEffect(() => {
    document.title = `Sweeps · ${project} · droptrain`;
  }, [project]);
  const cursor = older.cursor === undefined ? data?.cursor : older.cursor;
  const more = () => getOnce(addressOf(cursor)).then(
    (page) => setOlder((was) => ({ sweeps: [...was.sweeps, ...page.sweeps], cursor: page.cursor, error: null })),
    (failure) => setOlder((was) => ({ ...was, error: failure })),
  );
  const newest = new Set(data?.sweeps.map((each) => each.sweep_id));
  const sweeps = [...(data?.sweeps || []), ...older.sweeps.filter((each) => !newest.has(each.sweep_id))];
  return html`
    <div class="run-head"><${ProjectCrumbs} project=${project} /><h1 class="page-title">Sweeps</h1></div>
    ${error && !data && html`<${Trouble} title="The sweeps can't be listed" error=${error} retry=${reload} />`}
    ${!data && !error && html`<p class="dim" aria-busy="true">Loading …</p>`}
    ${data && sweeps.length === 0 && html`<p class="panel panel-empty">No sweep has searched this project's hyperparameters. Give its recipe a <code>sweep</code>, or start one with <code>droptrain sweep</code>.</p>`}
    ${sweeps.length > 0 && html`
      <section class="panel" aria-label="Sweeps">
        <${Table} label="The sweeps" heads=${["Sweep", "Status", "Best", "Trials", "Cost", "Method", "Started"]} rows=${sweeps.map((each) => [
          html`<a href=${`/sweeps/${encodeURIComponent(each.sweep_id)}`}><bdi>${each.dataset}</bdi> <code class="hash">${hash(each.sweep_id)}</code></a>`,
          html`<${Badge} status=${each.status} />`, each.best ? html`<bdi class="dim">${each.metric.name}</bdi> <b>${number(each.best.value)}</b>` : "–",
          `${each.trials - each.counts.left - each.counts.running} of ${each.trials}`, usd(each.cost_usd), each.method, html`<${Ago} at=${each.created_at} />`])} />
      </section>
      ${cursor && html`<div class="list-end"><button type="button" class="button" onClick=${more}>Older sweeps</button></div>`}
      ${older.error && html`<${Trouble} title="Older sweeps can't be listed" error=${older.error} retry=${more} />`}`}`;
}
