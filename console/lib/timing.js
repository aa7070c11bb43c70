// @ts-check
// Which part of its way a run is in, and how long that usually takes.

import { counted, duration } from "./format.js";

/** What a run does in each part; parts are named by what ends them. */
export const DOING = {
  queued: "Being launched",
  instance_launched: "Waiting for an instance",
  instance_started: "Waiting for an instance",
  image_pulled: "Pulling the image",
  container_started: "Starting the container",
  fetched: "Fetching code and inputs",
  first_step: "Until its first output or metric",
  trained: "Since its first output or metric",
  saved: "Saving what the training left",
};

/**
 * @typedef {{seconds: number, runs: number, of: string}} Usual
 * @typedef {{underway: {name: keyof typeof DOING, since: string, usual: Usual | null} | null}} Timing
 */

/**
 * `Pulling the image: 40 s, usually 25 s (median of 6 runs of the project).`; empty while nothing is known to compare with.
 * @param {Timing | null} timing
 * @param {number} now
 */
export function compared(timing, now) {
  const part = timing?.underway;
  if (!part?.usual) return "";
  const { seconds, runs, of } = part.usual;
  const since = duration((now - Date.parse(part.since)) / 1000);
  return `${DOING[part.name]}: ${since}, usually ${duration(seconds)} (median of ${counted(runs, "run")} of the ${of}).`;
}
