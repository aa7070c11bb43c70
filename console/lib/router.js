// Addresses of the page: links change them without a new load.

import { useEffect, useState } from "./html.js";

const PATTERNS = [
  ["runs", /^\/$/],
  ["run", /^\/runs\/([^/]+)$/],
  ["project", /^\/projects\/([^/]+)$/],
  ["compare", /^\/compare$/],
];
const listeners = new Set();

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
  history[replace ? "replaceState" : "pushState"](null, "", address);
  if (location.pathname !== pathname) scrollTo(0, 0);
  for (const listener of listeners) listener();
}

/** Where the browser is; follows links and the browser's own buttons. */
export function usePlace() {
  const [found, setFound] = useState(place);
  useEffect(() => {
    const update = () => setFound(place());
    listeners.add(update);
    addEventListener("popstate", update);
    return () => {
      listeners.delete(update);
      removeEventListener("popstate", update);
    };
  }, []);
  return found;
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
