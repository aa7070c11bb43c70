// A trend in the height of a line of text.

import { number } from "../lib/format.js";
import { html } from "../lib/html.js";

const WIDTH = 72, HEIGHT = 20, EDGE = 3;

/** `values` from the oldest on; the last one is the run's own. */
export function Spark({ values, label }) {
  if (values.length < 2) return html`<span class="spark" />`;
  const low = Math.min(...values), range = Math.max(...values) - low || 1;
  const points = values.map((value, index) => [
    EDGE + (index * (WIDTH - 2 * EDGE)) / (values.length - 1),
    HEIGHT - EDGE - ((value - low) / range) * (HEIGHT - 2 * EDGE),
  ]);
  const [x, y] = points.at(-1);
  return html`
    <svg class="spark" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img"
      aria-label=${`${label}: ${values.map(number).join(", ")}`}>
      <title>${label}: ${values.map(number).join(" → ")}</title>
      <polyline points=${points.map((point) => point.map((at) => at.toFixed(1)).join(",")).join(" ")} />
      <circle cx=${x.toFixed(1)} cy=${y.toFixed(1)} r="2" />
    </svg>`;
}
