// Rows as lines across several columns.

import { html, useMemo } from "../lib/html.js";
import { parallel, pieces } from "../lib/plots.js";
import { Plot } from "./plot.js";
import { named } from "./scatter.js";

const HEIGHT = 300;
const EDGE = { side: 70, top: 40, bottom: 16 };
const DOT = 3.5;
const AXIS_WIDTH = 92; // px, so that names and ticks have room

export function Parallel({ rows, columns, looks, ...more }) {
  const drawn = useMemo(() => parallel(rows, columns), [rows, columns]);
  const draw = (width) => {
    const left = (n) => EDGE.side + (columns.length > 1 ? n / (columns.length - 1) : 0.5) * (width - 2 * EDGE.side);
    const top = (at) => HEIGHT - EDGE.bottom - at * (HEIGHT - EDGE.top - EDGE.bottom);
    const points = (piece) => piece.map(([n, height]) => `${left(n)},${top(height)}`).join(" ");
    return {
      frame: drawn.axes.map((axis, n) => html`
        <line class="plot-line" x1=${left(n)} x2=${left(n)} y1=${top(1)} y2=${top(0)} />
        <text class="plot-axis" x=${left(n)} y=${n % 2 ? 26 : 12} text-anchor="middle">${named(axis)}</text>
        ${axis.scale.ticks.map(({ at, label }) => html`<text x=${left(n) + 8} y=${top(at) + 4}>${label}</text>`)}`),
      marks: drawn.lines.map((line) => ({ id: line.id, mark: html`
        ${pieces(line).map((piece) => html`
          <polyline class="mark-reach" points=${points(piece)} /><polyline points=${points(piece)} stroke-dasharray=${looks.get(line.id).dash?.join(" ")} />
          ${piece.map(([n, height]) => html`<circle cx=${left(n)} cy=${top(height)} r=${DOT} />`)}`)}` })),
    };
  };
  return html`<${Plot} label=${`Lines across ${columns.map((column) => column.label).join(", ")}`} height=${HEIGHT} least=${columns.length * AXIS_WIDTH} draw=${draw} looks=${looks} ...${more} />`;
}
