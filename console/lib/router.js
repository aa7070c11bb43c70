// Addresses of the page: links change them without a new load, and going back leads to where one was.

import { useEffect, useState } from "./html.js";

const PATTERNS = [
  ["runs", /^\/$/],
  ["run", /^\/runs\/([^/]+)$/],
  ["code", /^\/runs\/([^/]+)\/code$/],
  ["project", /^\/projects\/([^/]+)$/],
  ["models", /^\/projects\/([^/]+)\/models$/],
  ["datasets", /^\/projects\/([^/]+)\/datasets$/],
  ["sweeps", /^\/projects\/([^/]+)\/sweeps$/],
  ["sweep", /^\/sweeps\/([^/]+)$/],
  ["costs", /^\/costs$/],
  ["compare", /^\/compare$/],
];
const PATIENCE = 2_000; // ms in which a view may grow to the height that it had
const listeners = new Set();
const heights = new Map(); // how far a place was scrolled, by its entry of the history
let entry = history.state?.entry || newEntry();

history.scrollRestoration = "manual";
history.replaceState({ entry }, "");

function place() {
  const found = PATTERNS.map(([view, pattern]) => [view, pattern.exec(location.pathname)]).find(([, match]) => match);
  return {
    view: found ? found[0] : "missing",
    name: found?.[1][1] ? decoded(found[1][1]) : "",
    query: new URLSearchParams(location.search),
    path: location.pathname,
  };
}

export function navigate(address, { replace = false } = {}) {
  const { pathname } = location;
  if (replace) history.replaceState({ entry }, "", address);
  else {
    heights.set(entry, scrollY);
    entry = newEntry();
    history.pushState({ entry }, "", address);
  }
  if (location.pathname !== pathname) scrollTo(0, 0);
  for (const listener of listeners) listener();
}

/** Where the browser is; follows links and the browser's own buttons. */
export function usePlace() {
  const [found, setFound] = useState(place);
  useEffect(() => {
    const update = () => setFound(place());
    const onBack = (event) => {
      if (!event.state) return void history.replaceState({ entry }, ""); // a jump within the page
      heights.set(entry, scrollY);
      entry = event.state.entry;
      update();
      scrollBack(heights.get(entry) || 0);
    };
    listeners.add(update);
    addEventListener("popstate", onBack);
    return () => {
      listeners.delete(update);
      removeEventListener("popstate", onBack);
    };
  }, []);
  return found;
}

/** Scroll to a height as soon as the view is high enough, unless the user moves first. */
function scrollBack(top) {
  const giveUp = new AbortController(), until = performance.now() + PATIENCE;
  for (const name of ["wheel", "pointerdown", "keydown", "touchmove"]) {
    addEventListener(name, () => giveUp.abort(), { once: true, signal: giveUp.signal, passive: true });
  }
  const look = () => {
    if (giveUp.signal.aborted) return;
    scrollTo(0, top);
    if (Math.abs(scrollY - top) <= 1 || performance.now() > until) giveUp.abort();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

function newEntry() {
  return crypto.randomUUID();
}

/** Follow a click on a link of our own, unless it is to open elsewhere. */
export function onClick(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.origin !== location.origin || link.target || link.hasAttribute("download") || link.getAttribute("href").startsWith("#")) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
}

const decoded = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
