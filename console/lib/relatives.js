// The runs that a run is measured by: the one before it in its project, and the best one.

import { get, query } from "./api.js";
import { useEffect, useMemo, useState } from "./html.js";

const LOOKED_AT = 50;
const NONE = { before: null, best: null, series: {} };

/** {before, best, curves}: two runs or null, and their series as {label, series}. */
export function useRelatives(run) {
  const [found, setFound] = useState(NONE);
  useEffect(() => {
    const giveUp = new AbortController();
    look(run, giveUp.signal).then(setFound, () => {}); // a page without them is whole as well
    return () => giveUp.abort();
  }, [run.run_id, run.metric]);
  const curves = useMemo(() => {
    const shown = [[found.before, "run before"], [found.best?.run_id !== found.before?.run_id ? found.best : null, "best run"]];
    return shown.flatMap(([other, label]) => (other && found.series[other.run_id] ? [{ label, series: found.series[other.run_id] }] : []));
  }, [found]);
  return { ...found, curves };
}

async function look(run, signal) {
  const [page, ranking] = await Promise.all([
    get(`/api/runs${query({ project: run.project, limit: LOOKED_AT })}`, signal),
    get(`/api/runs${query({ project: run.project, sort: "metric", limit: 2 })}`, signal), // one may be the run itself
  ]);
  const isOther = (each) => each.run_id !== run.run_id;
  const before = page.runs.find((each) => isOther(each) && each.status === "SUCCEEDED" && each.created_at <= run.created_at) || null;
  const best = ranking.runs.find((each) => isOther(each) && each.metric === run.metric) || null;
  const wanted = [...new Map([before, best].filter(Boolean).map((each) => [each.run_id, each])).values()];
  const series = await Promise.all(wanted.map((each) => get(`/api/runs/${each.run_id}/metrics`, signal)));
  return { before, best, series: Object.fromEntries(wanted.map((each, n) => [each.run_id, series[n].series])) };
}
