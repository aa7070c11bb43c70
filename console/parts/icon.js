// Small drawings, all of one stroke; they say nothing that a word beside them doesn't.

import { html } from "../lib/html.js";

const PATHS = {
  good: "M3.5 8.5l3 3 6-7",
  bad: "M4.5 4.5l7 7m0-7l-7 7",
  off: "M4 8h8",
  wait: "M8 4.5V8l2.5 1.5",
  live: "M8 2.5a5.5 5.5 0 1 1-5.5 5.5",
  drop: "M8 2v8m0 0L4.8 6.8M8 10l3.2-3.2M3 13.5h10",
  copy: "M5.5 5.5v-3h8v8h-3m-8-5h8v8h-8z",
  plus: "M8 3v10M3 8h10",
  search: "M7 3a4 4 0 1 1 0 8 4 4 0 0 1 0-8m3 7l3.2 3.2",
  again: "M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3",
  stop: "M4 4h8v8H4z",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  chart: "M2.5 13.5h11M4 11l3-4 2.5 2L13 4",
  cost: "M8 2.5v11M11 5c-.6-1-1.7-1.3-3-1.3-1.6 0-2.8.7-2.8 2S6.5 7.7 8 8s3 .8 3 2.2-1.3 2.1-3 2.1-2.6-.5-3.2-1.5",
  full: "M6 2.5H2.5V6M10 2.5h3.5V6M6 13.5H2.5V10M10 13.5h3.5V10",
  bell: "M4 11.5V7a4 4 0 0 1 8 0v4.5l1 1H3zM7 14.5h2",
  up: "M8 13V3.5M4 7l4-4 4 4",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  theme: "M8 2.5a5.5 5.5 0 1 0 0 11z M8 2.5a5.5 5.5 0 0 1 0 11",
};

export const Icon = ({ name }) => html`
  <svg class=${`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
