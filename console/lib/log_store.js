// A run's log as it comes: page after page, cleaned for the screen, searched without holding up the page.

import { getOnce, query } from "./api.js";
import { forget, report } from "./connection.js";
import { Phases } from "./phases.js";
import { SELDOM, waitAfter } from "./waits.js";

const FOLLOW_EVERY = 2_000;
const SOURCE = "log";
const MOST_LINES = 400_000; // browsers can't scroll an element much higher than that many lines
const SHOWN = 2_000; // characters of a line; the whole one is in log.txt
const SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g;
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A line without control characters; of what a progress bar overwrote, the last state. */
export function clean(text) {
  const plain = text.includes("\x1b") ? text.replace(SEQUENCES, "") : text;
  const parts = plain.includes("\r") ? plain.split("\r").filter((part) => part.trim()) : [plain];
  return (parts.at(-1) || "").replace(CONTROL, "");
}

export class LogStore {
  lines = [];
  dropped = 0;
  phases = new Phases();
  error = null;
  isDone = false;
  #cursor;
  #timer = 0;
  #failures = 0;
  #giveUp = new AbortController();
  #changed;
  #address;
  #onVisible = () => !document.hidden && this.#timer && this.#read();

  /** Reads the log of a run until `close`; `changed` is called when there is more of it. */
  constructor(runId, changed) {
    this.#changed = changed;
    this.#address = `/api/runs/${encodeURIComponent(runId)}/logs`;
    document.addEventListener("visibilitychange", this.#onVisible);
    this.#read();
  }

  close() {
    this.#giveUp.abort();
    clearTimeout(this.#timer);
    forget(SOURCE);
    document.removeEventListener("visibilitychange", this.#onVisible);
  }

  async #read() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    let wait = 0;
    try {
      const page = await getOnce(`${this.#address}${query({ cursor: this.#cursor, limit: 1000 })}`, this.#giveUp.signal);
      if (this.#giveUp.signal.aborted) return;
      report(SOURCE, "the log", null, Date.now());
      this.error = null;
      this.#failures = 0;
      this.#take(page.lines);
      this.isDone = page.cursor === null;
      this.#cursor = page.cursor || this.#cursor;
      if (!page.lines.length) wait = FOLLOW_EVERY;
    } catch (error) {
      if (this.#giveUp.signal.aborted) return;
      report(SOURCE, "the log", error, Date.now());
      this.error = error;
      this.#changed();
      wait = waitAfter(error.status, this.#failures++);
      if (wait === null) return;
    }
    if (this.isDone) return;
    this.#timer = setTimeout(() => this.#read(), document.hidden ? Math.max(wait, SELDOM) : wait);
  }

  #take(lines) {
    for (const line of lines) {
      this.phases.hear(line);
      const text = clean(line.text);
      this.lines.push({ at: line.at, attempt: line.attempt, text: text.slice(0, SHOWN), more: Math.max(0, text.length - SHOWN) });
    }
    if (this.lines.length > MOST_LINES) {
      const left = this.lines.length - MOST_LINES;
      this.lines.splice(0, left);
      this.dropped += left;
    }
    this.#changed();
  }
}

/** Numbers of the lines that have `words` in them, whatever the case. */
export function search(lines, words, from = 0) {
  const wanted = words.toLowerCase(), found = [];
  for (let index = from; index < lines.length; index += 1) {
    if (lines[index].text.toLowerCase().includes(wanted)) found.push(index);
  }
  return found;
}
