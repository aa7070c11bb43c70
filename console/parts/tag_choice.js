// Runs of one tag alone.

import { html } from "../lib/html.js";

/** `tags` are those of the runs that are known; nothing is shown where there are none to choose from. */
export function TagChoice({ tags, tag, onChoose }) {
  const offered = tag && !tags.includes(tag) ? [tag, ...tags] : tags;
  if (!offered.length) return null;
  return html`
    <select aria-label="Tag" value=${tag} onChange=${(event) => onChoose(event.target.value)}>
      <option value="">Any tag</option>
      ${offered.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}
    </select>`;
}
