// All runs, or a project's: live, filtered, sorted, searched, chosen for a comparison.

import { useColumns } from "../lib/chosen_columns.js";
import { FIXED, NEWEST, columnsOf, inOrder, isFound, isNewestFirst, tagsOf, usualByProject } from "../lib/columns.js";
import { count, counted } from "../lib/format.js";
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { isLowerBetter, rankedFirst } from "../lib/leaderboard.js";
import { useLiveMetrics } from "../lib/live_metrics.js";
import { knownRuns, useRuns, useTrends } from "../lib/run_list.js";
import { navigate } from "../lib/router.js";
import { FILTERS } from "../lib/status.js";
import { ColumnChoice } from "../parts/column_choice.js";
import { Drop } from "../parts/drop.js";
import { FirstRun, NoRuns } from "../parts/empty.js";
import { Icon } from "../parts/icon.js";
import { ProjectHead } from "../parts/project_head.js";
import { RunsTable } from "../parts/runs_table.js";
import { TagChoice } from "../parts/tag_choice.js";
import { Trouble } from "../parts/trouble.js";

const MOST_COMPARED = 20;
const MOST_SORTED = 1000;
const PATIENCE = 1000; // ms in which rows that come into sight are drawn
const NO_WAITING = [];
const NO_RUNS = [];
const selections = new Map(); // runs chosen for a comparison, by project: going back finds them again

export function Runs({ project, place, info, projects }) {
  const filter = FILTERS.find((each) => each.name === place.query.get("status")) || FILTERS[0];
  const words = place.query.get("q") || "";
  const tag = place.query.get("tag") || "";
  const isGrouped = place.query.get("group") === "dataset";
  const { list, order, recent } = useOrderedRuns(project, filter.status, tag, place.query);
  const trendOf = useTrends(knownRuns(project));
  const live = useLiveMetrics(recent.runs);
  const [chosen, setChosen] = useState(() => selections.get(project) || []);
  useEffect(() => void selections.set(project, chosen), [chosen]);
  const shown = useMemo(() => (list.runs || NO_RUNS).filter((run) => filter.has(run) && isFound(run, words)), [list.runs, filter, words]);
  const usual = useMemo(() => usualByProject(recent.runs || NO_RUNS), [recent.runs]);

  useEffect(() => {
    document.title = `${project || "Runs"} · droptrain`;
  }, [project]);
  const isWhole = isGrouped || !list.isInOrder; // such a list needs all of its runs before it is right
  const wantsMore = isWhole && list.hasMore && list.runs?.length < MOST_SORTED && !list.olderError;
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
  const isNew = recent.runs && recent.runs.length === 0 && !recent.hasMore && filter.name === "all" && !tag;

  return html`
    ${project
      ? html`<${ProjectHead} project=${project} here=${here} runs=${knownRuns(project)} />
          <${Drop} project=${project} waiting=${here?.waiting || NO_WAITING} />`
      : html`<h1 class="page-title">Runs</h1>`}
    ${isNew
      ? (project ? html`<${FirstRun} project=${project} info=${info} />` : html`<${NoRuns} info=${info} projects=${projects} />`)
      : html`<${List} ...${{ project, list, shown, filter, tag, words, order, isGrouped, isWhole, wantsMore, usual, trendOf, live, chosen, toggle, say }} />`}
    ${chosen.length > 0 && html`
      <div class="compare-bar" role="region" aria-label="Comparison">
        <span>${chosen.length === 1 ? "1 run chosen; choose another" : `${chosen.length} runs chosen`}</span>
        <button type="button" class="button" onClick=${() => setChosen([])}>Clear</button>
        <button type="button" class="button primary" disabled=${chosen.length < 2} onClick=${compare}>Compare</button>
      </div>`}`;
}

/** The runs in the order that the address asks for: as the API lists them, or else sorted here. */
function useOrderedRuns(project, status, tag, asked) {
  const column = asked.get("sort") || NEWEST.column, isReversed = asked.get("reverse") === "1";
  const isByMetric = Boolean(project) && column === "metric";
  const recent = useRuns(project, status, tag);
  const ranking = useRuns(project, status, tag, isByMetric ? "metric" : null);
  const ranked = ranking.runs || NO_RUNS;
  const order = { column, isUp: isReversed !== (isByMetric && isLowerBetter(ranked)) };
  const isRanked = isByMetric && !isReversed;
  const runs = useMemo(() => {
    if (!isRanked) return recent.runs && inOrder(recent.runs, order);
    return ranking.hasMore ? ranking.runs : ranking.runs && rankedFirst(ranked, recent.runs || NO_RUNS);
  }, [recent.runs, ranking.runs, ranking.hasMore, isRanked, column, order.isUp]);
  return { recent, order, list: { ...(isRanked ? ranking : recent), runs, isRanked, isInOrder: isRanked || isNewestFirst(order) } };
}

function List({ project, list, shown, filter, tag, words, order, isGrouped, isWhole, wantsMore, usual, trendOf, live, chosen, toggle, say }) {
  const [ids, choose] = useColumns(project);
  const [isChoosing, setChoosing] = useState(false);
  const all = useMemo(() => (project ? columnsOf(list.runs || NO_RUNS) : FIXED), [list.runs, project]);
  const columns = useMemo(() => ids.flatMap((id) => all.find((column) => column.id === id) || []), [ids, all.map((column) => column.id).join()]);
  const isReversed = order.column !== "metric" ? order.isUp : !list.isRanked;
  const sort = ({ id }) => say({ sort: id === NEWEST.column ? "" : id, reverse: order.column === id && !isReversed ? "1" : "" });
  return html`
    <div class="tools">
      <div class="filters" role="group" aria-label="Status">
        ${FILTERS.map((each) => html`
          <button type="button" key=${each.name} aria-pressed=${each === filter} onClick=${() => say({ status: each.name === "all" ? "" : each.name })}>${each.label}</button>`)}
      </div>
      <${TagChoice} tags=${tagsOf(knownRuns(project))} tag=${tag} onChoose=${(chosenTag) => say({ tag: chosenTag })} />
      <span class="space" />
      <button type="button" class="button" aria-pressed=${isGrouped} onClick=${() => say({ group: isGrouped ? "" : "dataset" })}>By dataset</button>
      ${project && html`<button type="button" class="button" onClick=${() => setChoosing(true)}>Columns</button>`}
      <label class="search"><${Icon} name="search" /><span class="sr">Search runs</span>
        <input type="search" placeholder=${project ? "Search, or dropout>0.2" : "Search runs"} value=${words} onInput=${(event) => say({ q: event.target.value })} onKeyDown=${leave} />
      </label>
    </div>
    ${(isWhole || list.isRanked) && list.runs && html`<p class="dim sorted" role="status">${extent(list, wantsMore)}</p>`}
    ${list.error && !list.runs && html`<${Trouble} title="The runs can't be listed" error=${list.error} retry=${list.reload} />`}
    ${!list.runs && !list.error && html`<${Skeleton} />`}
    ${list.runs && html`
      <${RunsTable} shown=${shown} hasMore=${list.hasMore} isGrouped=${isGrouped} columns=${columns} order=${order} onSort=${project && sort}
        project=${project} trendOf=${trendOf} live=${live} usual=${usual} chosen=${chosen} toggle=${toggle} />`}
    ${list.runs && shown.length === 0 && html`<p class="empty-line">No ${filter.name === "all" ? "" : `${filter.label.toLowerCase()} `}run${tag ? html` with the tag <bdi><b>${tag}</b></bdi>` : ""}${words ? html` has <bdi><b>${words}</b></bdi> in it` : ""}${list.hasMore ? " among the newest." : "."}</p>`}
    ${list.olderError && html`<${Trouble} title="Older runs can't be listed" error=${list.olderError} retry=${list.more} />`}
    <${Older} list=${list} words=${words} isWhole=${isWhole} />
    ${isChoosing && html`<${ColumnChoice} columns=${all} chosen=${ids} choose=${choose} onClose=${() => setChoosing(false)} />`}`;
}

/** Of which runs a list is that isn't simply newest first. */
function extent(list, wantsMore) {
  if (wantsMore) return `Loading runs: ${count(list.runs.length)} so far …`;
  if (list.isRanked) return "Best first, among all runs of the project. Runs without a value come last.";
  if (!list.hasMore) return `All ${counted(list.runs.length, "run")} of the list.`;
  return `Only the newest ${counted(list.runs.length, "run")}: older ones aren't sorted, grouped or in the columns.`;
}

/** The end of the list, which loads older runs when it comes into sight. */
function Older({ list, words, isWhole }) {
  const end = useRef();
  const byItself = list.hasMore && !words && !isWhole;
  useEffect(() => {
    if (!byItself) return undefined;
    const watch = new IntersectionObserver(([entry]) => entry.isIntersecting && list.more(), { rootMargin: "600px" });
    watch.observe(end.current);
    return () => watch.disconnect();
  }, [byItself, list.more, list.runs?.length]);
  return html`
    <div class="list-end" ref=${end}>
      ${list.hasMore && html`<button type="button" class="button" disabled=${list.isLoadingMore} onClick=${list.more}>${list.isLoadingMore ? "Loading …" : words ? "Search more runs" : list.isRanked ? "More runs" : "Older runs"}</button>`}
    </div>`;
}

function leave(event) {
  if (event.key === "Escape") event.target.blur();
}

/** Move the focus to the next row, or the one before. Where that isn't drawn yet, it is as soon as it comes into sight. */
function go(links, index, by) {
  const block = links[index]?.closest("[role=rowgroup]"), to = links[Math.max(index + by, 0)];
  const next = by > 0 ? block?.nextElementSibling : block?.previousElementSibling;
  if (!block || block.contains(to) || next?.contains(to)) return void to?.focus();
  if (!next?.style.height) return; // the head, or the end
  next.scrollIntoView({ block: "nearest" });
  const until = performance.now() + PATIENCE;
  const look = () => {
    const found = next.querySelectorAll(".run-link");
    if (found.length) found[by > 0 ? 0 : found.length - 1].focus();
    else if (performance.now() < until) requestAnimationFrame(look);
  };
  look();
}

function useListKeys(toggle, compare) {
  const latest = useRef();
  latest.current = { toggle, compare };
  useEffect(() => {
    const onKey = (event) => {
      if (event.target.closest("input:not([type=checkbox]), textarea, dialog") || event.metaKey || event.ctrlKey || event.altKey) return;
      const links = [...document.querySelectorAll(".run-link")];
      const index = links.indexOf(document.activeElement?.closest(".run-row")?.querySelector(".run-link"));
      if (event.key === "j") go(links, index, 1);
      if (event.key === "k") go(links, index, -1);
      if (event.key === "x" && index >= 0) latest.current.toggle(links[index].dataset.run);
      if (event.key === "c") latest.current.compare();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

const Skeleton = () => html`
  <div class="runs" role="group" aria-busy="true" aria-label="Loading the runs">${[1, 2, 3, 4, 5, 6].map((n) => html`<div class="run-row skeleton" key=${n}><i /><i /><i /></div>`)}</div>`;
