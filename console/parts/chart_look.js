// How all charts of a view are drawn: smoothed, or on a logarithmic scale.

import { html, useState } from "../lib/html.js";

/** {isLog, smoothing} and what changes them. */
export function useChartLook() {
  const [chartLook, setLook] = useState({ isLog: false, smoothing: 0 });
  return [chartLook, (changes) => setLook((was) => ({ ...was, ...changes }))];
}

export const ChartLook = ({ look: { isLog, smoothing }, change }) => html`
  <span class="space" />
  <label class="chart-look">Smoothing <input type="range" min="0" max="0.98" step="0.02" value=${smoothing} onInput=${(event) => change({ smoothing: Number(event.target.value) })} /></label>
  <label class="chart-look"><input type="checkbox" checked=${isLog} onChange=${() => change({ isLog: !isLog })} /> Log scale</label>`;
