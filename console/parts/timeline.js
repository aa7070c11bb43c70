// How a run's time went by: waiting, starting, fetching, training, attempt by attempt.

import { duration } from "../lib/format.js";
import { html, useCallback } from "../lib/html.js";
import { timeline } from "../lib/phases.js";
import { isEnded } from "../lib/status.js";
import { Clock, useNow } from "./time.js";

const WORDS = {
  waiting: "waiting", starting: "starting", fetching: "fetching", preparing: "preparing", training: "training", reclaimed: "reclaimed", saving: "saving",
};
const SOON = 15; // percent: narrower stretches have no room for words

export function Timeline({ run, phases }) {
  const of = useCallback((now) => (isEnded(run) ? Date.parse(run.updated_at) : now), [run]);
  const now = useNow(of);
  const rows = timeline(run, phases, now);
  const begin = Date.parse(run.created_at);
  const end = Math.max(begin + 1000, ...rows.map((row) => row.to));
  const share = (from, to) => `${((100 * (to - from)) / (end - begin)).toFixed(3)}%`;
  const used = new Set(rows.flatMap((row) => row.stretches.map((each) => each.kind)));
  return html`
    <section class="timeline" aria-label="Timeline">
      <ol>
        ${rows.map((row) => html`
          <li key=${row.number}>
            <span class="timeline-name">${row.number ? `Attempt ${row.number}` : "Not started"}</span>
            <div class="track">
              ${row.stretches.length > 0 && html`<i class="before" style=${{ width: share(begin, row.stretches[0].from) }} />`}
              ${row.stretches.map((each) => html`
                <span key=${each.kind + each.from} class=${`stretch stretch-${each.kind} ${each.isGoing ? "going" : ""}`} style=${{ width: share(each.from, each.to) }}
                  title=${`${WORDS[each.kind]}: ${duration((each.to - each.from) / 1000)}`}>
                  <span class=${(100 * (each.to - each.from)) / (end - begin) < SOON ? "sr" : ""}>${WORDS[each.kind]} ${duration((each.to - each.from) / 1000)}</span>
                </span>`)}
            </div>
            <span class="timeline-end" dir="auto">${ending(row)}</span>
          </li>`)}
      </ol>
      <div class="timeline-foot">
        <${Clock} at=${new Date(begin).toISOString()} />
        <ul class="keys-line">${Object.keys(WORDS).filter((kind) => used.has(kind)).map((kind) => html`<li key=${kind}><i class=${`stretch-${kind}`} />${WORDS[kind]}</li>`)}</ul>
        <${Clock} at=${new Date(end).toISOString()} />
      </div>
    </section>`;
}

function ending(row) {
  if (row.isGoing) return row.from && row.exitCode === null ? "now" : "";
  if (row.isReclaimed) return "reclaimed";
  if (row.exitCode === null || row.exitCode === undefined) return row.reason || "";
  return row.exitCode === 0 ? "done" : `exit code ${row.exitCode}`;
}
