// Asks again and again: as often as it is told, seldom while nobody looks or nothing answers.

import { forget, report } from "./connection.js";
import { useEffect, useRef, useState } from "./html.js";
import { SELDOM, waitAfter } from "./waits.js";

const NOTHING = () => null;
let polls = 0;

/**
 * Load once, then again after `every(data)` milliseconds; null ends it. What was loaded stays when a call
 * fails. `key` names what is loaded: with another one it begins anew. `known(key)` is what is known of it
 * already, which is shown at once; `what` names it in the banner.
 */
export function usePoll(load, every, key, { what = "this page", known = NOTHING } = {}) {
  const [state, setState] = useState(() => ({ key, data: known(key), error: null }));
  const latest = useRef({});
  latest.current = { load, every };
  const again = useRef(() => {});

  useEffect(() => {
    const giveUp = new AbortController(), source = `poll ${(polls += 1)}`;
    let timer, failures = 0, busy = false, asked = false;

    async function look() {
      if (busy) return void (asked = true);
      clearTimeout(timer);
      busy = true;
      let wait;
      try {
        const data = await latest.current.load(giveUp.signal);
        if (giveUp.signal.aborted) return;
        failures = 0;
        report(source, what, null, Date.now());
        setState((was) => (was.key === key && was.data === data && !was.error ? was : { key, data, error: null }));
        wait = latest.current.every(data);
      } catch (error) {
        if (giveUp.signal.aborted) return;
        report(source, what, error, Date.now());
        setState((was) => ({ key, data: was.key === key ? was.data : known(key), error }));
        wait = waitAfter(error.status, failures++);
      }
      busy = false;
      if (asked) {
        asked = false;
        return void look();
      }
      if (wait !== null) timer = setTimeout(look, document.hidden ? Math.max(SELDOM, wait) : wait);
    }
    const onVisible = () => !document.hidden && look();

    again.current = look;
    document.addEventListener("visibilitychange", onVisible);
    look();
    return () => {
      giveUp.abort();
      clearTimeout(timer);
      forget(source);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [key]);

  const own = state.key === key ? state : { data: known(key), error: null };
  return { data: own.data, error: own.error, reload: () => again.current() };
}
