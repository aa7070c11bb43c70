// @ts-check
// What a run's preparation step left, in words.

import { counted, duration, size } from "./format.js";

/**
 * The prepared data of a run: its own, or an earlier run's that it uses.
 * @param {{run_id: string, prepared: {run_id: string, files: number, bytes: number, seconds: number}}} run
 */
export function preparedText({ run_id: own, prepared: { run_id: of, files, bytes, seconds } }) {
  const what = `${counted(files, "file")}, ${size(bytes)}`;
  return of === own ? `${what} in ${duration(seconds)}` : `${what} of ${of} reused, ${duration(seconds)} saved`;
}
