// All runs, or a project's: live, filtered, sorted, searched, chosen for a comparison.

import { useColumns } from "../lib/chosen_columns.js";
import { FIXED, NEWEST, columnsOf, differing, inOrder, isFound, tagsOf, usualOf } from "../lib/columns.js";
import { counted } from "../lib/format.js";
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { useLiveMetrics } from "../lib/live_metrics.js";
import { knownRuns, useRuns, useTrends } from "../lib/run_list.js";
import { navigate } from "../lib/router.js";
import { FILTERS } from "../lib/status.js";
import { ColumnChoice } from "../parts/column_choice.js";
import { Drop } from "../parts/drop.js";
import { FirstRun, NoRuns } from "../parts/empty.js";
import { Icon } from "../parts/icon.js";
import { ProjectHead } from "../parts/project_head.js";
import { RunRow } from "../parts/run_row.js";
import { RunsHead } from "../parts/runs_head.js";
import { TagChoice } from "../parts/tag_choice.js";
import { Trouble } from "../parts/trouble.js";

const MOST_COMPARED = 20;
const MOST_SORTED = 1000;
const NO_WAITING = [];
const WIDTHS = { metric: "minmax(var(--metric, 150px), 190px)", trend: "76px", took: "82px", cost: "62px", started: "80px" };
const OTHER_WIDTH = "104px";
const selections = new Map(); // runs chosen for a comparison, by project: going back finds them again

export function Runs({ project, place, info, projects }) {
  const filter = FILTERS.find((each) => each.name === place.query.get("status")) || FILTERS[0];
  const words = place.query.get("q") || "";
  const order = { column: place.query.get("sort") || NEWEST.column, isUp: place.query.get("up") === "1" };
  const tag = place.query.get("tag") || "";
  const list = useRuns(project, filter.status, tag);
  const trends = useTrends(knownRuns(project));
  const live = useLiveMetrics(list.runs);
  const [chosen, setChosen] = useState(() => selections.get(project) || []);
  useEffect(() => void selections.set(project, chosen), [chosen]);
  const shown = useMemo(() => inOrder((list.runs || []).filter((run) => filter.has(run) && isFound(run, words)), order), [list.runs, filter, words, order.column, order.isUp]);
  const usual = useMemo(() => (project ? usualOf(list.runs || []) : new Map()), [list.runs, project]);

  useEffect(() => {
    document.title = `${project || "Runs"} · droptrain`;
  }, [project]);
  const isSorted = order.column !== NEWEST.column || order.isUp;
  const wantsMore = isSorted && list.hasMore && list.runs?.length < MOST_SORTED && !list.olderError;
  useEffect(() => {
    if (wantsMore && !list.isLoadingMore) list.more();
  }, [wantsMore, list.isLoadingMore, list.runs]);

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
  const isNew = list.runs && list.runs.length === 0 && !list.hasMore && filter.name === "all" && !tag;

  return html`
    ${project
      ? html`<${ProjectHead} project=${project} here=${here} runs=${knownRuns(project)} />
          <${Drop} project=${project} waiting=${here?.waiting || NO_WAITING} />`
      : html`<h1 class="page-title">Runs</h1>`}
    ${isNew
      ? (project ? html`<${FirstRun} project=${project} info=${info} />` : html`<${NoRuns} info=${info} projects=${projects} />`)
      : html`<${List} ...${{ project, list, shown, filter, tag, words, order, isSorted, wantsMore, usual, trends, live, chosen, toggle, say }} />`}
    ${chosen.length > 0 && html`
      <div class="compare-bar" role="region" aria-label="Comparison">
        <span>${chosen.length === 1 ? "1 run chosen; choose another" : `${chosen.length} runs chosen`}</span>
        <button type="button" class="button" onClick=${() => setChosen([])}>Clear</button>
        <button type="button" class="button primary" disabled=${chosen.length < 2} onClick=${compare}>Compare</button>
      </div>`}`;
}

function List({ project, list, shown, filter, tag, words, order, isSorted, wantsMore, usual, trends, live, chosen, toggle, say }) {
  const [ids, choose] = useColumns(project);
  const [isChoosing, setChoosing] = useState(false);
  const all = useMemo(() => (project ? columnsOf(list.runs || []) : FIXED), [list.runs, project]);
  const columns = useMemo(() => ids.flatMap((id) => all.find((column) => column.id === id) || []), [ids, all.map((column) => column.id).join()]);
  const sort = ({ id }) => {
    const isUp = order.column === id ? !order.isUp : false;
    const isNewest = id === NEWEST.column && !isUp;
    say({ sort: isNewest ? "" : id, up: isUp ? "1" : "" });
  };
  const widths = columns.map((column) => WIDTHS[column.id] || OTHER_WIDTH).join(" ");
  return html`
    <div class="tools">
      <div class="filters" role="group" aria-label="Status">
        ${FILTERS.map((each) => html`
          <button type="button" key=${each.name} aria-pressed=${each === filter} onClick=${() => say({ status: each.name === "all" ? "" : each.name })}>${each.label}</button>`)}
      </div>
      <${TagChoice} tags=${tagsOf(knownRuns(project))} tag=${tag} onChoose=${(chosenTag) => say({ tag: chosenTag })} />
      ${project && html`<button type="button" class="button" onClick=${() => setChoosing(true)}>Columns</button>`}
      <label class="search"><${Icon} name="search" /><span class="sr">Search runs</span>
        <input type="search" placeholder=${project ? "Search, or dropout>0.2" : "Search runs"} value=${words} onInput=${(event) => say({ q: event.target.value })} onKeyDown=${leave} />
      </label>
    </div>
    ${isSorted && list.runs && html`<p class="dim sorted" role="status">${sortedText(list, wantsMore)}</p>`}
    ${list.error && !list.runs && html`<${Trouble} title="The runs can't be listed" error=${list.error} retry=${list.reload} />`}
    ${!list.runs && !list.error && html`<${Skeleton} />`}
    ${list.runs && html`
      <div class="runs" role="table" aria-label="Runs" aria-rowcount=${list.hasMore ? -1 : shown.length + 1} style=${{ "--columns": widths, "--extra": Math.max(0, columns.length - FIXED.length) }}>
        <${RunsHead} columns=${columns} order=${order} onSort=${project && sort} />
        ${shown.map((run) => html`
          <${RunRow} key=${run.run_id} run=${run} trend=${trends.get(run.run_id)} inProject=${Boolean(project)} isChosen=${chosen.includes(run.run_id)}
            onChoose=${toggle} columns=${columns} live=${live[run.run_id]} unusual=${differing(run, usual)} />`)}
      </div>`}
    ${list.runs && shown.length === 0 && html`<p class="empty-line">No ${filter.name === "all" ? "" : `${filter.label.toLowerCase()} `}run${tag ? html` with the tag <bdi><b>${tag}</b></bdi>` : ""}${words ? html` has <bdi><b>${words}</b></bdi> in it` : ""}${list.hasMore ? " among the newest." : "."}</p>`}
    ${list.olderError && html`<${Trouble} title="Older runs can't be listed" error=${list.olderError} retry=${list.more} />`}
    <${Older} list=${list} words=${words} isSorted=${isSorted} />
    ${isChoosing && html`<${ColumnChoice} columns=${all} chosen=${ids} choose=${choose} onClose=${() => setChoosing(false)} />`}`;
}

const sortedText = (list, wantsMore) =>
  wantsMore ? `Loading runs to sort: ${list.runs.length} so far …` : `Sorted: ${list.hasMore ? `the newest ${list.runs.length} runs` : `all ${counted(list.runs.length, "run")}`} of the list.`;

/** The end of the list, which loads older runs when it comes into sight. */
function Older({ list, words, isSorted }) {
  const end = useRef();
  const byItself = list.hasMore && !words && !isSorted;
  useEffect(() => {
    if (!byItself) return undefined;
    const watch = new IntersectionObserver(([entry]) => entry.isIntersecting && list.more(), { rootMargin: "600px" });
    watch.observe(end.current);
    return () => watch.disconnect();
  }, [byItself, list.more, list.runs?.length]);
  return html`
    <div class="list-end" ref=${end}>
      ${list.hasMore && html`<button type="button" class="button" disabled=${list.isLoadingMore} onClick=${list.more}>${list.isLoadingMore ? "Loading …" : words ? "Search older runs" : "Older runs"}</button>`}
    </div>`;
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
