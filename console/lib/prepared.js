// @ts-check
// What a run's preparation step left, in words.

import { counted, duration, number, size } from "./format.js";

const METRICS_SHOWN = 5;

/**
 * The prepared data of a run: its own, or an earlier run's that it uses.
 * @param {{run_id: string, prepared: {run_id: string, files: number, bytes: number, seconds: number,
 *   metrics: Record<string, number>}}} run
 */
export function preparedText({ run_id: own, prepared: { run_id: of, files, bytes, seconds, metrics } }) {
  const what = `${counted(files, "file")}, ${size(bytes)}`;
  const values = Object.entries(metrics).sort().slice(0, METRICS_SHOWN).map(([name, value]) => `; ${name} ${number(value)}`);
  const step = of === own ? `${what} in ${duration(seconds)}` : `${what} of ${of} reused, ${duration(seconds)} saved`;
  return step + values.join("");
}
