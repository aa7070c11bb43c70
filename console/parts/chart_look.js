// How all charts of a view are drawn: along steps, epochs or time, smoothed, or on a logarithmic scale.

import { html, useState } from "../lib/html.js";

/** {axis, isLog, smoothing} and what changes them. */
export function useChartLook() {
  const [chartLook, setLook] = useState({ axis: "step", isLog: false, smoothing: 0 });
  return [chartLook, (changes) => setLook((was) => ({ ...was, ...changes }))];
}

export const ChartLook = ({ look: { axis, isLog, smoothing }, axes, change }) => html`
  <span class="space" />
  ${axes.length > 1 && html`<label class="chart-look">Along <select value=${axis} onChange=${(event) => change({ axis: event.target.value })}>
    ${axes.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}</select></label>`}
  <label class="chart-look">Smoothing <input type="range" min="0" max="0.98" step="0.02" value=${smoothing} onInput=${(event) => change({ smoothing: Number(event.target.value) })} /></label>
  <label class="chart-look"><input type="checkbox" checked=${isLog} onChange=${() => change({ isLog: !isLog })} /> Log scale</label>`;
