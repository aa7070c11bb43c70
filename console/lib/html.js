// Markup in tagged templates: what is put into it becomes text or a property, never markup.

import htm from "../vendor/htm.mjs";
import { h } from "../vendor/preact.mjs";

export const html = htm.bind(h);
export { Component, Fragment, createRef, render } from "../vendor/preact.mjs";
export {
  useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState,
} from "../vendor/hooks.mjs";
