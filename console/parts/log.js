// The log: only the lines in sight are in the page, so 100,000 of them scroll like ten.

import { count, counted } from "../lib/format.js";
import { html, useLayoutEffect, useMemo, useRef, useState } from "../lib/html.js";
import { clean, search } from "../lib/log_store.js";
import { Copy } from "./copy.js";
import { Icon } from "./icon.js";
import { Clock } from "./time.js";

const LINE = 20; // px, as the stylesheet has it
const AROUND = 12;
const TROUBLE = /^(Traceback|\w*(Error|Exception)\b)|\b(ERROR|FATAL|CRITICAL)\b/;

/** `store` is a LogStore; `version` changes with it. */
export function Log({ store, version, isLive, download }) {
  const box = useRef(), follows = useRef(isLive);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(480);
  const [isFollowing, setFollowing] = useState(isLive);
  const [words, setWords] = useState("");
  const [hit, setHit] = useState(-1);
  const lines = store.lines;
  const found = useMemo(() => (words ? search(lines, words) : []), [words, version]);
  const hits = useMemo(() => new Set(found), [found]);
  const first = Math.max(0, Math.floor(top / LINE) - AROUND);
  const last = Math.min(lines.length, Math.ceil((top + height) / LINE) + AROUND);

  useLayoutEffect(() => {
    const watch = new ResizeObserver(() => {
      setHeight(box.current.clientHeight);
      if (follows.current) box.current.scrollTop = box.current.scrollHeight;
    });
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (follows.current) box.current.scrollTop = box.current.scrollHeight;
  }, [version, lines.length]);

  const follow = (wanted) => {
    follows.current = wanted;
    setFollowing(wanted);
    if (wanted) box.current.scrollTop = box.current.scrollHeight;
  };
  const onScroll = () => {
    const at = box.current;
    setTop(at.scrollTop);
    const isAtEnd = at.scrollTop + at.clientHeight >= at.scrollHeight - LINE;
    if (!isAtEnd && follows.current && at.scrollTop < top) follow(false);
  };
  const show = (index) => {
    follow(false);
    setHit(index);
    box.current.scrollTop = Math.max(0, found[index] * LINE - height / 2);
  };
  const step = (by) => found.length && show((Math.max(hit, by > 0 ? -1 : 0) + by + found.length) % found.length);
  const onSearchKey = (event) => {
    if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
    if (event.key === "Escape") event.target.blur();
  };
  const seek = (event) => {
    setWords(event.target.value);
    setHit(-1);
  };

  const width = String(lines.length + store.dropped).length;
  return html`
    <section class="panel log" aria-label="Log">
      <div class="panel-head">
        <h2>Log</h2><span class="dim log-count">${lines.length ? counted(lines.length + store.dropped, "line") : ""}${isLive && !store.isDone ? " · live" : ""}</span>
        <label class="search"><${Icon} name="search" /><span class="sr">Search the log</span>
          <input type="search" placeholder="Search the log" value=${words} onInput=${seek} onKeyDown=${onSearchKey} /></label>
        ${words && html`
          <span class="hits" role="status">${found.length ? `${hit >= 0 ? `${count(hit + 1)} of ` : ""}${count(found.length)}` : "nothing"}</span>
          <button type="button" class="icon-button" aria-label="Match before" disabled=${!found.length} onClick=${() => step(-1)}>↑</button>
          <button type="button" class="icon-button" aria-label="Next match" disabled=${!found.length} onClick=${() => step(1)}>↓</button>`}
        <button type="button" class="button quiet" aria-pressed=${isFollowing} onClick=${() => follow(!isFollowing)}>${isFollowing ? "Following" : "Go to the end"}</button>
        ${download && html`<a class="button quiet" href=${download} download="log.txt" target="_blank" rel="noopener">log.txt</a>`}
      </div>
      ${store.dropped > 0 && html`<p class="log-note">The first ${counted(store.dropped, "line")} are in log.txt alone.</p>`}
      <div class="log-box" ref=${box} tabindex="0" role="group" aria-label="Log lines" onScroll=${onScroll}>
        <div class="log-all" style=${{ height: `${lines.length * LINE}px` }}>
          <div class="log-window" style=${{ transform: `translateY(${first * LINE}px)` }}>
            ${lines.slice(first, last).map((line, n) => html`
              <${Line} key=${first + n} line=${line} number=${first + n + 1 + store.dropped} width=${width} before=${lines[first + n - 1]}
                words=${hits.has(first + n) ? words : ""} isHit=${hit >= 0 && found[hit] === first + n} />`)}
          </div>
        </div>
        ${lines.length === 0 && html`<p class="log-empty">${store.error ? store.error.message : store.isDone ? "It printed nothing." : "Nothing yet. Lines appear here within seconds of being printed."}</p>`}
      </div>
    </section>`;
}

function Line({ line, number, width, before, words, isHit }) {
  const isOwn = line.text.startsWith("[droptrain] ");
  const begins = before && line.attempt !== before.attempt;
  const kind = isOwn ? "own" : TROUBLE.test(line.text) ? "bad" : "";
  return html`
    <div class=${`line ${kind} ${isHit ? "hit" : ""} ${begins ? "begins" : ""}`}>
      <span class="line-number" style=${{ width: `${width}ch` }}>${number}</span>
      <span class="line-at">${line.at ? html`<${Clock} at=${line.at} />` : ""}</span>
      <bdi class="line-text">${words ? marked(line.text, words) : line.text || " "}</bdi>
      ${line.more > 0 && html`<span class="dim"> … ${count(line.more)} more characters, in log.txt</span>`}
    </div>`;
}

function marked(text, words) {
  const parts = [], lower = text.toLowerCase(), wanted = words.toLowerCase();
  let at = 0;
  for (let next = lower.indexOf(wanted); next >= 0; next = lower.indexOf(wanted, at)) {
    parts.push(text.slice(at, next), html`<mark>${text.slice(next, next + wanted.length)}</mark>`);
    at = next + wanted.length;
  }
  return [...parts, text.slice(at)];
}

/** What shows the cause: what was found in the log, and the last lines that the script printed. */
export function Evidence({ found = [], store, version }) {
  const last = useMemo(() => store.lines.slice(-60).filter((line) => !line.text.startsWith("[droptrain] ")).slice(-8), [version]);
  return html`
    ${found.length > 0 && html`<${Lines} title="What shows it" lines=${found.map(clean)} />`}
    ${last.length > 0 && html`<${Lines} title="The last lines that it printed" lines=${last.map((line) => line.text)} />`}`;
}

const Lines = ({ title, lines }) => html`
  <div class="evidence">
    <div class="evidence-head"><span class="dim">${title}</span><${Copy} text=${lines.join("\n")} quiet /></div>
    <pre tabindex="0" role="group" aria-label=${title} dir="auto">${lines.join("\n")}</pre>
  </div>`;
