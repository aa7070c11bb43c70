// The newest values of runs that train: their records have none before the end.

import { get } from "./api.js";
import { metricsOf } from "./axes.js";
import { usePoll } from "./poll.js";

const MOST = 6;
const EVERY = 10_000;
const NONE = {};

/** Metrics by the id of the runs that train now, the newest few. */
export function useLiveMetrics(runs) {
  const going = (runs || []).filter((run) => run.status === "RUNNING").slice(0, MOST).map((run) => run.run_id);
  const load = async (signal) => {
    const found = await Promise.all(going.map((id) => get(`/api/runs/${encodeURIComponent(id)}/metrics`, signal)));
    return Object.fromEntries(going.map((id, n) => [id, lastValues(found[n].series)]));
  };
  const { data } = usePoll(load, () => (going.length ? EVERY : null), going.join(" "), { what: "the live metrics" });
  return data || NONE;
}

const lastValues = (series) => Object.fromEntries(metricsOf(series).filter((each) => each.points.length).map((each) => [each.name, each.points.at(-1).value]));
