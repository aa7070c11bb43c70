// All runs, or a project's: live, filtered, searched, chosen for a comparison.

import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { knownRuns, useRuns, useTrends } from "../lib/run_list.js";
import { navigate } from "../lib/router.js";
import { FILTERS } from "../lib/status.js";
import { Drop } from "../parts/drop.js";
import { FirstRun, NoRuns } from "../parts/empty.js";
import { Icon } from "../parts/icon.js";
import { ProjectHead } from "../parts/project_head.js";
import { RunRow } from "../parts/run_row.js";
import { Trouble } from "../parts/trouble.js";

const MOST_COMPARED = 6;
const selections = new Map(); // runs chosen for a comparison, by project: going back finds them again

export function Runs({ project, place, info, projects }) {
  const filter = FILTERS.find((each) => each.name === place.query.get("status")) || FILTERS[0];
  const words = place.query.get("q") || "";
  const list = useRuns(project, filter.status);
  const trends = useTrends(knownRuns(project));
  const [chosen, setChosen] = useState(() => selections.get(project) || []);
  useEffect(() => void selections.set(project, chosen), [chosen]);
  const shown = useMemo(() => matching(list.runs || [], filter, words), [list.runs, filter, words]);
  const end = useRef();

  useEffect(() => {
    document.title = `${project || "Runs"} · droptrain`;
  }, [project]);
  useEffect(() => {
    if (!list.hasMore) return undefined;
    const watch = new IntersectionObserver(([entry]) => entry.isIntersecting && !words && list.more(), { rootMargin: "600px" });
    watch.observe(end.current);
    return () => watch.disconnect();
  }, [list.hasMore, list.more, words, list.runs?.length]);

  const toggle = (id) =>
    setChosen((was) => (was.includes(id) ? was.filter((each) => each !== id) : [...was, id].slice(-MOST_COMPARED)));
  const compare = () => chosen.length > 1 && navigate(`/compare?runs=${chosen.map(encodeURIComponent).join(",")}`);
  useListKeys(toggle, compare);

  const say = (changes) => {
    const query = new URLSearchParams(place.query);
    for (const [name, value] of Object.entries(changes)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    navigate(`${place.path}${query.size ? `?${query}` : ""}`, { replace: true });
  };
  const here = projects?.projects.find((each) => each.project === project);
  const isNew = list.runs && list.runs.length === 0 && !list.hasMore && filter.name === "all";

  return html`
    ${project
      ? html`<${ProjectHead} project=${project} here=${here} runs=${filter.name === "all" ? list.runs : null} />
          <${Drop} project=${project} waiting=${here?.waiting || []} />`
      : html`<h1 class="page-title">Runs</h1>`}
    ${isNew ? (project ? html`<${FirstRun} project=${project} info=${info} />` : html`<${NoRuns} info=${info} projects=${projects} />`) : html`
      <div class="tools">
        <div class="filters" role="group" aria-label="Status">
          ${FILTERS.map((each) => html`
            <button type="button" key=${each.name} aria-pressed=${each === filter} onClick=${() => say({ status: each.name === "all" ? "" : each.name })}>${each.label}</button>`)}
        </div>
        <label class="search"><${Icon} name="search" /><span class="sr">Search runs</span>
          <input type="search" placeholder="Search runs" value=${words} onInput=${(event) => say({ q: event.target.value })} onKeyDown=${leave} />
        </label>
      </div>
      ${list.error && !list.runs && html`<${Trouble} title="The runs can't be listed" error=${list.error} retry=${list.reload} />`}
      ${!list.runs && !list.error && html`<${Skeleton} />`}
      ${list.runs && html`
        <div class="runs" role="table" aria-label="Runs" aria-rowcount=${list.hasMore ? -1 : shown.length + 1}>
          <div class="run-row runs-head" role="row">
            <span role="columnheader"><span class="sr">Compare</span></span><span role="columnheader">Status</span><span role="columnheader">Run</span>
            <span role="columnheader" class="right">Metric</span><span role="columnheader">Trend</span>
            <span role="columnheader" class="right">Took</span><span role="columnheader" class="right">Cost</span><span role="columnheader" class="right">Started</span>
          </div>
          ${shown.map((run) => html`
            <${RunRow} key=${run.run_id} run=${run} trend=${trends.get(run.run_id)} inProject=${Boolean(project)} isChosen=${chosen.includes(run.run_id)} onChoose=${toggle} />`)}
        </div>`}
      ${list.runs && shown.length === 0 && html`<p class="empty-line">No ${filter.name === "all" ? "" : `${filter.label.toLowerCase()} `}run${words ? html` has <bdi><b>${words}</b></bdi> in it` : ""}${list.hasMore ? " among the newest." : "."}</p>`}
      ${list.olderError && html`<${Trouble} title="Older runs can't be listed" error=${list.olderError} retry=${list.more} />`}
      <div class="list-end" ref=${end}>
        ${list.hasMore && html`<button type="button" class="button" disabled=${list.isLoadingMore} onClick=${list.more}>${list.isLoadingMore ? "Loading …" : words ? "Search older runs" : "Older runs"}</button>`}
      </div>`}
    ${chosen.length > 0 && html`
      <div class="compare-bar" role="region" aria-label="Comparison">
        <span>${chosen.length === 1 ? "1 run chosen; choose another" : `${chosen.length} runs chosen`}</span>
        <button type="button" class="button" onClick=${() => setChosen([])}>Clear</button>
        <button type="button" class="button primary" disabled=${chosen.length < 2} onClick=${compare}>Compare</button>
      </div>`}`;
}

function matching(runs, filter, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return runs.filter((run) => {
    if (!filter.has(run)) return false;
    if (!wanted.length) return true;
    const text = [run.run_id, run.project, run.dataset, run.status, run.launched_by, run.cause?.message, run.cause?.code].join(" ").toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

function leave(event) {
  if (event.key === "Escape") event.target.blur();
}

function useListKeys(toggle, compare) {
  const latest = useRef();
  latest.current = { toggle, compare };
  useEffect(() => {
    const onKey = (event) => {
      if (event.target.closest("input:not([type=checkbox]), textarea, dialog") || event.metaKey || event.ctrlKey || event.altKey) return;
      const links = [...document.querySelectorAll(".run-link")];
      const index = links.indexOf(document.activeElement?.closest(".run-row")?.querySelector(".run-link"));
      if (event.key === "j") links[Math.min(index + 1, links.length - 1)]?.focus();
      if (event.key === "k") links[Math.max(index - 1, 0)]?.focus();
      if (event.key === "x" && index >= 0) latest.current.toggle(links[index].dataset.run);
      if (event.key === "c") latest.current.compare();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

const Skeleton = () => html`
  <div class="runs" aria-busy="true" aria-label="Loading the runs">${[1, 2, 3, 4, 5, 6].map((n) => html`<div class="run-row skeleton" key=${n}><i /><i /><i /></div>`)}</div>`;
