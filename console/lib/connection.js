// Whether calls are answered: what the banner says, and what the pages' polls tell it.

let now = { state: "ok", since: null, detail: "" };
const listeners = new Set();

export const connection = () => now;

export function onConnection(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function tellConnection(state, detail = "") {
  if (state === now.state && detail === now.detail) return;
  now = { state, detail, since: state === now.state ? now.since : new Date() };
  for (const listener of listeners) listener(now);
}
