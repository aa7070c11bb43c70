// Asks again and again: as often as it is told, seldom while nobody looks or nothing answers.

import { useEffect, useRef, useState } from "./html.js";

const SELDOM = 15_000;
const FIRST_RETRY = 1_000;

/**
 * Load once, then again after `every(data)` milliseconds; null ends it. What was loaded stays when a call
 * fails. `key` names what is loaded: with another one it begins anew.
 */
export function usePoll(load, every, key) {
  const [state, setState] = useState({ key, data: null, error: null });
  const latest = useRef({});
  latest.current = { load, every };
  const again = useRef(() => {});

  useEffect(() => {
    const giveUp = new AbortController();
    let timer, failures = 0, busy = false, asked = false;

    async function look() {
      if (busy) return void (asked = true);
      clearTimeout(timer);
      busy = true;
      let wait;
      try {
        const data = await latest.current.load(giveUp.signal);
        failures = 0;
        setState((was) => (was.key === key && was.data === data && !was.error ? was : { key, data, error: null }));
        wait = latest.current.every(data);
      } catch (error) {
        if (giveUp.signal.aborted) return;
        setState((was) => ({ key, data: was.key === key ? was.data : null, error }));
        wait = isLasting(error) ? null : Math.min(SELDOM, FIRST_RETRY * 2 ** failures++);
      }
      busy = false;
      if (giveUp.signal.aborted) return;
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
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [key]);

  const own = state.key === key ? state : { data: null, error: null };
  return { data: own.data, error: own.error, reload: () => again.current() };
}

const isLasting = (error) => error.status >= 400 && error.status < 500 && error.status !== 429;
