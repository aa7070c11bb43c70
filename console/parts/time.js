// Times as people read them, with UTC on hover; they go on by themselves, once a second.

import { age, clock, local, took, utc } from "../lib/format.js";
import { html, useEffect, useState } from "../lib/html.js";

const tickers = new Set();
setInterval(() => {
  if (!document.hidden) for (const tick of tickers) tick();
}, 1000);

/** What `of` says of this moment; said anew each second, drawn anew when it changes. */
export function useNow(of) {
  const [said, setSaid] = useState(() => of(Date.now()));
  useEffect(() => {
    const tick = () => setSaid(of(Date.now()));
    tick();
    tickers.add(tick);
    return () => tickers.delete(tick);
  }, [of]);
  return said;
}

const hover = (at) => `${local(at)} here, ${utc(at)}`;

/** `3 min ago`. */
export function Ago({ at }) {
  const [now, setNow] = useState(() => age(at, Date.now()));
  useEffect(() => {
    const tick = () => setNow(age(at, Date.now()));
    tick();
    tickers.add(tick);
    return () => tickers.delete(tick);
  }, [at]);
  return html`<time datetime=${at} title=${hover(at)}>${now}</time>`;
}

/** How long a run or an attempt takes. */
export function Took({ of }) {
  const [now, setNow] = useState(() => took(of, Date.now()));
  useEffect(() => {
    const tick = () => setNow(took(of, Date.now()));
    tick();
    if (of.stopped_at || !of.started_at) return undefined;
    tickers.add(tick);
    return () => tickers.delete(tick);
  }, [of.started_at, of.stopped_at]);
  return html`<span>${now || "–"}</span>`;
}

/** `24 Nov, 03:57:56`, in the viewer's zone. */
export const At = ({ at }) => html`<time datetime=${at} title=${utc(at)}>${local(at)}</time>`;

/** `03:57:56`, in the viewer's zone. */
export const Clock = ({ at }) => html`<time datetime=${at} title=${utc(at)}>${clock(at)}</time>`;
