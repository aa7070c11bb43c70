// An action of a dialog: busy while it goes on, and its error if it fails.

import { useState } from "./html.js";

/** [{busy, error}, a function that starts it]. */
export function useAction(action) {
  const [state, setState] = useState({ busy: false, error: null });
  const act = async () => {
    setState({ busy: true, error: null });
    try {
      await action();
      setState({ busy: false, error: null });
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  return [state, act];
}
