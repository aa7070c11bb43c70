// The columns that somebody chose for a project's list, remembered by the browser.

import { DEFAULT } from "./columns.js";
import { useState } from "./html.js";

const keyOf = (project) => `droptrain-columns:${project}`;

/** [ids of columns, in their order; a function that chooses others]. */
export function useColumns(project) {
  const [chosen, setChosen] = useState(() => remembered(project));
  const choose = (ids) => {
    localStorage.setItem(keyOf(project), JSON.stringify(ids));
    setChosen(ids);
  };
  return [chosen, choose];
}

function remembered(project) {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(project)));
    return Array.isArray(kept) && kept.every((id) => typeof id === "string") ? kept : DEFAULT;
  } catch {
    return DEFAULT;
  }
}
