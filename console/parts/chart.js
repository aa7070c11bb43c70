// Curves by uPlot. It is fetched when the first chart is drawn.

import { reachesFurther, smoothed, stepsOf, valuesOf } from "../lib/chart_range.js";
import { number, tick } from "../lib/format.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icon.js";
import { Swatch } from "./swatch.js";

const SMALLEST_ZOOM = 6; // px
const FULL_SCREEN = 0.68; // of the window's height
const NEAR = 20; // px between the pointer and a curve that is pointed at
let library;
const load = () => (library ??= import("../vendor/uplot.mjs").then((module) => module.default));
const dark = matchMedia("(prefers-color-scheme: dark)");

/**
 * `curves`: name, points ({step, value}), color (a custom property of the page), dash, and `behind` for context.
 * `worded` gives the text of a value in the legend. `lit` is the `id` of a curve that stands out, `onLight` hears which one is pointed at.
 */
export function Chart(props) {
  const [isFull, setFull] = useState(false);
  return html`
    <${Figure} ...${props} onFull=${() => setFull(true)} />
    ${isFull && html`
      <${Dialog} title=${props.title} isWide onClose=${() => setFull(false)}>
        <${Figure} ...${props} hasLegend height=${Math.round(innerHeight * FULL_SCREEN)} />
        <div class="dialog-actions"><button type="button" class="button" onClick=${() => setFull(false)}>Close</button></div>
      <//>`}`;
}

/** Without `onFull` it fills the screen already. */
function Figure({ title, curves, height = 180, xLabel = "step", hasLegend = true, worded = number, isLog = false, smoothing = 0, lit = null, onLight, onFull }) {
  const box = useRef(), plot = useRef(), latest = useRef({ zoom: null });
  const [uPlot, setLibrary] = useState(null);
  const [index, setIndex] = useState(null);
  const [zoom, setZoom] = useState(null);
  const [isWide, setWide] = useState(false);
  const scheme = useScheme();
  const shape = curves.map((curve) => `${curve.name}\0${curve.color}\0${curve.behind}`).join("\x01") + scheme + isLog + xLabel;
  const values = aligned(curves);
  const data = smoothing ? aligned(curves.map((curve) => ({ ...curve, points: smoothed(curve.points, smoothing) }))) : values;
  const shown = isWide ? curves.map((curve) => ({ ...curve, behind: false })) : curves;
  Object.assign(latest.current, { data, curves: shown, steps: zoom || stepsOf(shown), isLog, setZoom, setIndex, onLight, hasParts: xLabel !== "step" && xLabel !== "run" });

  useEffect(() => {
    let wanted = true;
    load().then((loaded) => wanted && setLibrary(() => loaded));
    return () => {
      wanted = false;
    };
  }, []);
  useLayoutEffect(() => {
    if (!uPlot) return undefined;
    const made = new uPlot(options(curves, box.current, height, latest.current), latest.current.data, box.current);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: box.current.clientWidth, height }));
    watch.observe(box.current);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [uPlot, shape, height]);
  useEffect(() => setZoom(null), [xLabel]);
  useEffect(() => {
    plot.current?.setData(data, false);
    focus(plot.current, latest.current.steps);
  }, [curves, uPlot, shape, smoothing]);
  useEffect(() => focus(plot.current, latest.current.steps), [zoom, isWide]);
  useEffect(() => {
    const n = curves.findIndex((curve) => curve.id && curve.id === lit);
    plot.current?.setSeries(n < 0 ? null : n + 1, { focus: true }, false);
  }, [lit, uPlot, shape]);

  const step = index === null ? null : data[0][index];
  return html`
    <figure class="chart">
      <figcaption>
        ${onFull && html`<bdi class="chart-title">${title}</bdi>`}
        <span class="dim chart-step">${step !== null ? `${xLabel} ${number(step)}` : latest.current.hasParts ? xLabel : ""}</span>
        ${zoom && html`<button type="button" class="chart-button" onClick=${() => setZoom(null)}>Reset zoom</button>`}
        ${!zoom && reachesFurther(curves) && html`
          <button type="button" class="chart-button" aria-pressed=${isWide} onClick=${() => setWide(!isWide)}>Whole range</button>`}
        ${onFull && html`<button type="button" class="icon-button chart-full" aria-label=${`${title}: full screen`} title="Full screen" onClick=${onFull}><${Icon} name="full" /></button>`}
      </figcaption>
      <div class="chart-box" ref=${box} role="img" aria-label=${described(title, curves, xLabel)} data-height=${height} data-steps=${latest.current.steps.join(" ")} />
      ${hasLegend && html`<ul class="legend">
        ${curves.map((curve, n) => html`
          <li key=${curve.name} class=${`${curve.behind ? "behind" : ""} ${lit && lit === curve.id ? "lit" : ""}`} onMouseEnter=${() => onLight?.(curve.id)} onMouseLeave=${() => onLight?.(null)}>
            <${Swatch} ...${curve} /><bdi>${curve.label || curve.name}</bdi>
            <b>${valueAt(curve, values[n + 1], index, worded)}</b>
          </li>`)}
      </ul>`}
    </figure>`;
}

/** Counts how often the colours have changed. */
function useScheme() {
  const [scheme, setScheme] = useState(0);
  useEffect(() => {
    const onScheme = () => setScheme((n) => n + 1);
    dark.addEventListener("change", onScheme);
    addEventListener("droptrain-theme", onScheme);
    return () => {
      dark.removeEventListener("change", onScheme);
      removeEventListener("droptrain-theme", onScheme);
    };
  }, []);
  return scheme;
}

function focus(plot, [min, max]) {
  plot?.setScale("x", { min, max });
}

/** uPlot's form: the steps of all curves, then each curve's values at them. */
function aligned(curves) {
  const steps = [...new Set(curves.flatMap((curve) => curve.points.map((point) => point.step)))].sort((a, b) => a - b);
  const places = new Map(steps.map((step, index) => [step, index]));
  return [steps, ...curves.map((curve) => {
    const values = steps.map(() => undefined);
    for (const { step, value } of curve.points) values[places.get(step)] = Number.isFinite(value) ? value : null;
    return values;
  })];
}

/** The curve's last value; under the pointer the one there, or between two of its points the earlier one. */
function valueAt(curve, values, index, worded) {
  let at = index;
  while (at > 0 && values[at] === undefined && values.findLastIndex((value) => value !== undefined) > at) at -= 1;
  const found = index === null ? curve.points.at(-1)?.value : values[at];
  return found === undefined || found === null ? "–" : worded(found);
}

function described(title, curves, xLabel) {
  const said = curves.filter((curve) => curve.points.length).map((curve) => {
    const [first, last] = [curve.points[0], curve.points.at(-1)];
    return `${curve.label || curve.name} from ${number(first.value)} to ${number(last.value)} at ${xLabel} ${number(last.step)}`;
  });
  return `${title}: ${said.join("; ") || "no values yet"}`;
}

/** `latest` has what the chart shows now: a zoom lasts while values come. */
function options(curves, box, height, latest) {
  const style = getComputedStyle(box);
  const color = (name) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color("--dim"), font: `11px ${style.fontFamily}`, grid: { stroke: color("--grid"), width: 1 },
    ticks: { show: false }, gap: 4,
  };
  return {
    width: box.clientWidth || 300, height, legend: { show: false }, focus: { alpha: 0.25 },
    cursor: {
      y: false, points: { size: 7 }, focus: { prox: latest.onLight ? NEAR : -1 }, drag: { x: true, y: false, setScale: false },
      bind: { dblclick: () => () => latest.setZoom(null) },
    },
    scales: { x: { time: false, auto: false, range: (_, low, high) => [low, high] }, y: { distr: latest.isLog ? 3 : 1, range: () => valuesOf(latest.curves, latest.steps, latest.isLog) } },
    axes: [
      { ...axis, size: 24, values: (_, ticks) => ticks.map((each) => (latest.hasParts || Number.isInteger(each) ? tick(each) : "")) },
      { ...axis, size: 46, values: (_, ticks) => ticks.map((each) => (each === null ? "" : tick(each))) },
    ],
    series: [{}, ...curves.map((curve) => ({
      label: curve.name, stroke: color(curve.color), width: curve.behind ? 1.25 : 2, spanGaps: true,
      dash: curve.dash, points: { show: curve.points.length < 2, size: 6 },
    }))],
    hooks: {
      setSeries: [(made, n, { focus }) => focus && latest.onLight?.(n === null ? null : latest.curves[n - 1].id)],
      setCursor: [(made) => latest.setIndex(made.cursor.idx ?? null)],
      setSelect: [({ select, posToVal, setSelect }) => {
        if (select.width < SMALLEST_ZOOM) return;
        latest.setZoom([posToVal(select.left, "x"), posToVal(select.left + select.width, "x")]);
        setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
    },
  };
}
