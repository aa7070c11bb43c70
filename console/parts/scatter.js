// Rows as points of two columns.

import { html, useMemo } from "../lib/html.js";
import { scatter } from "../lib/plots.js";
import { Plot } from "./plot.js";

const HEIGHT = 300;
const EDGE = { left: 64, right: 24, top: 16, bottom: 46 };
const RADIUS = 6;

export function Scatter({ rows, x, y, ...more }) {
  const drawn = useMemo(() => scatter(rows, x, y), [rows, x, y]);
  const draw = (width) => {
    const left = (at) => EDGE.left + at * (width - EDGE.left - EDGE.right);
    const top = (at) => HEIGHT - EDGE.bottom - at * (HEIGHT - EDGE.top - EDGE.bottom);
    return {
      frame: html`
        ${drawn.x.scale.ticks.map(({ at, label }) => html`<line x1=${left(at)} x2=${left(at)} y1=${top(1)} y2=${top(0)} /><text x=${left(at)} y=${top(0) + 20} text-anchor="middle">${label}</text>`)}
        ${drawn.y.scale.ticks.map(({ at, label }) => html`<line x1=${left(0)} x2=${left(1)} y1=${top(at)} y2=${top(at)} /><text x=${left(0) - 12} y=${top(at) + 4} text-anchor="end">${label}</text>`)}
        <text class="plot-axis" x=${left(1)} y=${HEIGHT - 6} text-anchor="end">${named(drawn.x)}</text>
        <text class="plot-axis" x="4" y="12">${named(drawn.y)}</text>`,
      marks: drawn.points.map(({ id, x: at, y: up }) => ({ id, mark: html`<circle cx=${left(at)} cy=${top(up)} r=${RADIUS} />` })),
    };
  };
  return html`<${Plot} label=${`${y.label} by ${x.label}, ${drawn.points.length} of ${rows.length}`} height=${HEIGHT} draw=${draw} ...${more} />`;
}

export const named = ({ column, scale }) => `${column.label}${scale.isLog ? " (log)" : ""}`;
