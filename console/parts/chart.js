// Curves by uPlot. It is fetched when the first chart is drawn.

import { number } from "../lib/format.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib/html.js";

let library;
const load = () => (library ??= import("../vendor/uplot.mjs").then((module) => module.default));
const dark = matchMedia("(prefers-color-scheme: dark)");

/** `curves`: name, points ({step, value}), color (a custom property of the page), and `behind` for context. */
export function Chart({ title, curves, height = 180, xLabel = "step" }) {
  const box = useRef(), plot = useRef(), at = useRef();
  const [uPlot, setLibrary] = useState(null);
  const [index, setIndex] = useState(null);
  const [scheme, setScheme] = useState(0);
  const shape = curves.map((curve) => `${curve.name}\0${curve.color}\0${curve.behind}`).join("\x01") + scheme;
  const data = aligned(curves);
  at.current = data;

  useEffect(() => {
    let wanted = true;
    load().then((loaded) => wanted && setLibrary(() => loaded));
    const onScheme = () => setScheme((n) => n + 1);
    dark.addEventListener("change", onScheme);
    addEventListener("droptrain-theme", onScheme);
    return () => {
      wanted = false;
      dark.removeEventListener("change", onScheme);
      removeEventListener("droptrain-theme", onScheme);
    };
  }, []);
  useLayoutEffect(() => {
    if (!uPlot) return undefined;
    const made = new uPlot(
      options(curves, box.current, height, (cursor) => setIndex(cursor.idx ?? null)), at.current, box.current,
    );
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: box.current.clientWidth, height }));
    watch.observe(box.current);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [uPlot, shape, height]);
  useEffect(() => {
    plot.current?.setData(data);
  }, [curves]);

  const step = index === null ? null : data[0][index];
  return html`
    <figure class="chart">
      <figcaption>
        <bdi class="chart-title">${title}</bdi>
        <span class="dim chart-step">${step === null ? "" : `${xLabel} ${number(step)}`}</span>
      </figcaption>
      <div class="chart-box" ref=${box} role="img" aria-label=${described(title, curves)} data-height=${height} />
      <ul class="legend">
        ${curves.map((curve, n) => html`
          <li key=${curve.name} class=${curve.behind ? "behind" : ""}>
            <i class=${`swatch ${curve.color.replace("--", "bg-")}`} /><bdi>${curve.label || curve.name}</bdi>
            <b>${valueAt(curve, data[n + 1], index)}</b>
          </li>`)}
      </ul>
    </figure>`;
}

/** uPlot's form: the steps of all curves, then each curve's values at them. */
function aligned(curves) {
  const steps = [...new Set(curves.flatMap((curve) => curve.points.map((point) => point.step)))].sort((a, b) => a - b);
  const places = new Map(steps.map((step, index) => [step, index]));
  return [steps, ...curves.map((curve) => {
    const values = new Array(steps.length).fill(undefined);
    for (const { step, value } of curve.points) values[places.get(step)] = Number.isFinite(value) ? value : null;
    return values;
  })];
}

function valueAt(curve, values, index) {
  const found = index === null ? curve.points.at(-1)?.value : values[index];
  return found === undefined || found === null ? "–" : number(found);
}

function described(title, curves) {
  const said = curves.filter((curve) => curve.points.length).map((curve) => {
    const [first, last] = [curve.points[0], curve.points.at(-1)];
    return `${curve.label || curve.name} from ${number(first.value)} to ${number(last.value)} at step ${number(last.step)}`;
  });
  return `${title}: ${said.join("; ") || "no values yet"}`;
}

function options(curves, box, height, onCursor) {
  const style = getComputedStyle(box);
  const color = (name) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color("--dim"), font: `11px ${style.fontFamily}`, grid: { stroke: color("--grid"), width: 1 },
    ticks: { show: false }, gap: 4,
  };
  return {
    width: box.clientWidth || 300, height, legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false } },
    scales: { x: { time: false }, y: { range: (_, low, high) => padded(low, high) } },
    axes: [
      { ...axis, size: 24, values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? number(tick) : "")) },
      { ...axis, size: 46, values: (_, ticks) => ticks.map(number) },
    ],
    series: [{}, ...curves.map((curve) => ({
      label: curve.name, stroke: color(curve.color), width: curve.behind ? 1.25 : 2, spanGaps: true,
      dash: curve.behind ? [4, 3] : undefined, points: { show: curve.points.length < 2, size: 6 },
    }))],
    hooks: { setCursor: [(made) => onCursor(made.cursor)] },
  };
}

function padded(low, high) {
  if (low === null || high === null) return [0, 1];
  const edge = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - edge, high + edge];
}
