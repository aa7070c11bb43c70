// A run's status: colour, shape and word.

import { html } from "../lib/html.js";
import { tone, word } from "../lib/status.js";
import { Icon } from "./icon.js";

export const Badge = ({ status, large }) => html`
  <span class=${`badge tone-${tone(status)} ${large ? "badge-large" : ""}`}><${Icon} name=${tone(status)} />${word(status)}</span>`;

/** The shape alone, where the word stands elsewhere. */
export const Dot = ({ status }) => html`
  <span class=${`dot tone-${tone(status)}`} title=${word(status)}><${Icon} name=${tone(status)} /></span>`;
