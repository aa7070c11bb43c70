// The runs that a list shows: its first page asked for again and again, later pages as they are wanted.

import { get, query } from "./api.js";
import { useCallback, useMemo, useRef, useState } from "./html.js";
import { usePoll } from "./poll.js";
import { continued, refreshed } from "./run_pages.js";
import { headline, isEnded } from "./status.js";

const PAGE = 50;
const OLDER_PAGE = 100;
const BUSY_EVERY = 2_000;
const IDLE_EVERY = 5_000;
const STRAGGLERS = 6; // runs of older pages that still go on, asked for one by one

const lists = new Map(); // what is known of each list, so that it stands at once when one comes back
const LISTS = 12;
const NO_RUNS = [];

/**
 * Runs of a project ("" for all) with a status and a tag ("" for any), newest first. With `sort` "metric" they come
 * best first, from the project's ranking; null for `sort` asks for nothing.
 */
export function useRuns(project, status, tag = "", sort = "") {
  const key = keyOf(project, status, tag, sort);
  const known = useRef(null);
  if (known.current?.key !== key) known.current = listOf(key);
  const [older, setOlder] = useState({ key, busy: false, error: null });

  const load = async (signal) => {
    if (sort === null) return null;
    const mine = known.current;
    const page = await get(`/api/runs${query({ project, status, tag, sort, limit: PAGE })}`, signal);
    const listed = new Set(page.runs.map((run) => run.run_id));
    if (page.cursor && page.runs.length && !page.runs.some((run) => mine.runs.has(run.run_id))) begin(mine); // what lies between isn't known
    const going = (mine.list || []).filter((run) => !isEnded(run) && !listed.has(run.run_id)).slice(0, STRAGGLERS);
    const stragglers = await Promise.all(going.map((run) => get(`/api/runs/${run.run_id}`, signal)));
    if (mine.pages === 0) mine.cursor = page.cursor;
    const later = new Map(stragglers.map((run) => [run.run_id, run]));
    const rest = refreshed(mine.list || [], page).slice(page.runs.length).map((run) => later.get(run.run_id) || run);
    return keep(mine, [...page.runs, ...rest.filter((run) => (!status || run.status === status) && (!tag || run.tags.includes(tag)))]);
  };
  const every = (list) => list && (list.some((run) => !isEnded(run)) ? BUSY_EVERY : IDLE_EVERY);
  const { data, error, reload } = usePoll(load, every, key, { what: "the runs", known: (wanted) => lists.get(wanted)?.list ?? null });

  const more = useCallback(async () => {
    const mine = known.current;
    if (!mine.cursor || mine.isBusy) return;
    mine.isBusy = true;
    setOlder({ key, busy: true, error: null });
    try {
      const page = await get(`/api/runs${query({ project, status, tag, sort, limit: OLDER_PAGE, cursor: mine.cursor })}`);
      mine.cursor = page.cursor;
      mine.pages += 1;
      keep(mine, continued(mine.list || [], page.runs));
      setOlder({ key, busy: false, error: null });
    } catch (failure) {
      setOlder({ key, busy: false, error: failure });
    }
    mine.isBusy = false;
  }, [key]);

  const mine = known.current;
  return {
    runs: data ? mine.list : null, error, reload, more, hasMore: Boolean(mine.cursor),
    isLoadingMore: older.key === key && older.busy, olderError: older.key === key ? older.error : null,
  };
}

/** The runs of a project that are known whatever their status, newest first and without a gap. */
export const knownRuns = (project) => lists.get(keyOf(project, "", "", ""))?.list ?? NO_RUNS;

/** The run as a list has it; null if none does. */
export function listedRun(runId) {
  for (const list of lists.values()) {
    if (list.runs.has(runId)) return list.runs.get(runId);
  }
  return null;
}

const keyOf = (project, status, tag, sort) => `${project}?${status}?${tag}?${sort}`; // null is a key of its own

function listOf(key) {
  const found = lists.get(key) || begin({ key });
  lists.delete(key);
  lists.set(key, found);
  if (lists.size > LISTS) lists.delete(lists.keys().next().value);
  return found;
}

const begin = (mine) => Object.assign(mine, { runs: new Map(), cursor: null, pages: 0, list: null });

/** The list as it is now: another one only if something in it has changed. */
function keep(mine, runs) {
  const list = runs.map((run) => same(mine.runs.get(run.run_id), run));
  if (mine.list && list.length === mine.list.length && list.every((run, n) => run === mine.list[n])) return mine.list;
  mine.runs = new Map(list.map((run) => [run.run_id, run]));
  mine.list = list;
  return list;
}

/** The run as it was before, where nothing in it has changed. */
function same(before, run) {
  if (!before || before === run) return run;
  return before.updated_at === run.updated_at && JSON.stringify(before) === JSON.stringify(run) ? before : run;
}

const TREND = 12;

/**
 * A function that gives the headline values of a run's project up to that run, by the run's id. `all` are runs
 * without a gap: those of a filter would draw a trend that never was.
 */
export function useTrends(all) {
  const { places, byMetric } = useMemo(() => {
    const places = new Map(), byMetric = new Map();
    for (const run of all.toReversed()) {
      const value = headline(run);
      if (!Number.isFinite(value) || run.status === "FAILED") continue;
      const key = `${run.project}\0${run.metric}`;
      const values = byMetric.get(key) || [];
      places.set(run.run_id, { key, end: values.push(value) });
      byMetric.set(key, values);
    }
    return { places, byMetric };
  }, [all]);
  return useCallback((runId) => {
    const place = places.get(runId);
    return place && byMetric.get(place.key).slice(Math.max(0, place.end - TREND), place.end);
  }, [places, byMetric]);
}
