// A short piece of a curve's line, as the chart draws it: in its colour and with its dashes.

import { html } from "../lib/html.js";

export const Swatch = ({ color, dash, behind }) => html`
  <svg class=${`swatch ${color.replace("--", "stroke-")}`} viewBox="0 0 22 6" aria-hidden="true" focusable="false">
    <line x1="0" x2="22" y1="3" y2="3" stroke-width=${behind ? 1.5 : 2.5} stroke-dasharray=${dash?.join(" ")} /></svg>`;
