// The page: its frame, and the view that the address names.

import { get } from "./lib/api.js";
import { connection, onConnection } from "./lib/connection.js";
import { html, render, useEffect, useMemo, useRef, useState } from "./lib/html.js";
import { usePoll } from "./lib/poll.js";
import { onClick, usePlace } from "./lib/router.js";
import { chooseTheme, theme } from "./lib/theme.js";
import { useProjects } from "./lib/use_projects.js";
import { Budget } from "./parts/budget.js";
import { Dialog } from "./parts/dialog.js";
import { Icon } from "./parts/icon.js";
import { Rail } from "./parts/rail.js";
import { Clock } from "./parts/time.js";
import { Runs } from "./views/runs.js";

const SELDOM = 60_000;
const KEYS = [
  ["/", "Search"], ["j  k", "Next and previous run"], ["Enter", "Open the run"], ["x", "Choose the run for a comparison"],
  ["c", "Compare what is chosen"], ["g", "All runs"], ["n", "New project"], ["?", "This list"], ["Esc", "Close, or leave the search"],
];

// The list of runs is what most visits begin with; the other views come when they are wanted, or when nothing else is to do.
const LATER = {
  run: () => import("./views/run.js").then((module) => (loaded.run = module.Run)),
  code: () => import("./views/code.js").then((module) => (loaded.code = module.Code)),
  compare: () => import("./views/compare.js").then((module) => (loaded.compare = module.Compare)),
  models: () => import("./views/models.js").then((module) => (loaded.models = module.Models)),
  costs: () => import("./views/costs.js").then((module) => (loaded.costs = module.Costs)),
  sweeps: () => import("./views/sweeps.js").then((module) => (loaded.sweeps = module.Sweeps)),
  sweep: () => import("./views/sweep.js").then((module) => (loaded.sweep = module.Sweep)),
  datasets: () => import("./views/datasets.js").then((module) => (loaded.datasets = module.Datasets)),
};
const loaded = {};

function App() {
  const place = usePlace();
  const info = usePoll((signal) => get("/local/info", signal), () => null, "info", { what: "the stack" });
  const projects = useProjects();
  const budget = usePoll((signal) => get("/api/budget", signal), () => SELDOM, "budget", { what: "the budget" });
  const status = usePoll((signal) => get("/api/status", signal), () => SELDOM, "status", { what: "the stack" });
  const [isMaking, setMaking] = useState(false);
  const [hasHelp, setHelp] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const lost = useConnection();
  const main = useRef(), first = useRef(true);

  useEffect(() => {
    setOpen(false);
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
  }, [place.view, place.name]);
  useEffect(() => {
    const onKey = (event) => {
      if (isTyping(event)) return;
      if (event.key === "?") setHelp(true);
      if (event.key === "n") setMaking(true);
      if (event.key === "g") document.querySelector(".rail a")?.click();
      if (event.key === "/") {
        event.preventDefault();
        document.querySelector("input[type=search]")?.focus();
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  if (lost.state === "token") return html`<${Stranger} />`;
  return html`
    <a class="skip" href="#main">Skip to the content</a>
    <header class="top">
      <button type="button" class="icon-button rail-toggle" aria-label="Projects" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}><${Icon} name="menu" /></button>
      <a class="brand" href="/"><${Icon} name="drop" /> droptrain</a>
      <span class="stack" title=${info.data ? `bucket ${info.data.bucket}` : ""}><bdi>${info.data?.stack}</bdi>${info.data && html` <span class="dim">${info.data.region}</span>`}</span>
      <span class="space" />
      ${budget.data && html`<${Budget} of=${budget.data} project=${place.view === "project" ? place.name : ""} />`}
      <${Live} connection=${lost} />
      <${Theme} />
      <button type="button" class="icon-button keys-button" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick=${() => setHelp(true)}>?</button>
    </header>
    <${Lost} connection=${lost} />
    ${status.data?.paused && html`
      <p class="banner banner-paused" role="status"><strong>The stack is paused.</strong> <span dir="auto">${status.data.paused}</span> Nothing is launched until its owner resumes it.</p>`}
    <div class="frame">
      <${Rail} projects=${projects.data} place=${place} isOpen=${isOpen} onNew=${() => setMaking(true)} isMaking=${isMaking}
        onMade=${() => { setMaking(false); projects.reload(); }} onClose=${() => setMaking(false)} />
      <main id="main" tabindex="-1" ref=${main}>${view(place, info.data, projects, budget.data)}</main>
    </div>
    ${hasHelp && html`
      <${Dialog} title="Keyboard shortcuts" onClose=${() => setHelp(false)}>
        <dl class="keys">${KEYS.map(([key, does]) => html`<dt>${key.split("  ").map((each) => html`<kbd>${each}</kbd> `)}</dt><dd>${does}</dd>`)}</dl>
        <div class="dialog-actions"><button type="button" class="button" onClick=${() => setHelp(false)}>Close</button></div>
      <//>`}`;
}

function view(place, info, projects, budget) {
  if (place.view === "run") return html`<${Later} key=${place.name} view="run" id=${place.name} info=${info} />`;
  if (place.view === "code") return html`<${Later} key=${`code ${place.name}`} view="code" id=${place.name} place=${place} />`;
  if (place.view === "datasets") return html`<${Later} key=${`datasets ${place.name}`} view="datasets" project=${place.name} place=${place} info=${info} />`;
  if (place.view === "costs") return html`<${Later} key="costs" view="costs" place=${place} budget=${budget} />`;
  if (place.view === "sweeps") return html`<${Later} key=${`sweeps ${place.name}`} view="sweeps" project=${place.name} />`;
  if (place.view === "sweep") return html`<${Later} key=${`sweep ${place.name}`} view="sweep" id=${place.name} info=${info} />`;
  if (place.view === "models") return html`<${Later} key=${`models ${place.name}`} view="models" project=${place.name} info=${info} />`;
  if (place.view === "compare") return html`<${Later} key="compare" view="compare" ids=${(place.query.get("runs") || "").split(",").filter(Boolean)} info=${info} />`;
  if (place.view === "missing") {
    return html`<div class="empty"><h1>There is no such page</h1><p>The console has <a href="/">all runs</a>, and a page for each run and project.</p></div>`;
  }
  return html`<${Runs} key=${place.name} project=${place.name} place=${place} info=${info} projects=${projects.data} />`;
}

function Later({ view: name, ...more }) {
  const [View, setView] = useState(() => loaded[name]);
  useEffect(() => {
    LATER[name]().then((found) => setView(() => found));
  }, [name]);
  return View ? html`<${View} ...${more} />` : html`<h1 class="sr">Loading</h1>`;
}

const isTyping = (event) =>
  event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog");

function useConnection() {
  const [now, setNow] = useState(connection);
  useEffect(() => onConnection(setNow), []);
  return now;
}

const LIVE = { ok: "Live", lost: "Not connected", "signed-out": "Signed out" };
const Live = ({ connection: { state, isWhole } }) => html`
  <span class=${`live live-${state}`}><i />${isWhole ? LIVE[state] : "Partly live"}</span>`;

/** What isn't current, and what to do. It is announced when it begins and when it changes, not while it lasts. */
function Lost({ connection: now }) {
  return useMemo(() => {
    const { state, since, detail, what, isWhole } = now;
    if (state === "ok") return null;
    const shown = isWhole ? "everything" : new Intl.ListFormat("en").format(what);
    return html`
      <div class="banner" role="alert">
        <strong>${state === "signed-out" ? "AWS refuses your credentials. " : ""}The page shows ${shown} as of <${Clock} at=${new Date(since).toISOString()} />.</strong>
        <span dir="auto"> ${detail}</span>
        <span> ${state === "signed-out" ? html`Sign in again (<code>aws sso login</code>); the page resumes by itself.` : "It goes on asking."}</span>
      </div>`;
  }, [now]);
}

const Stranger = () => html`
  <main class="empty" id="main">
    <h1>Open the link that <code>droptrain console</code> printed</h1>
    <p>This browser isn't let in: the link has a token that is new each time the console starts. On a laptop cloud, the link
    is <code>console_url</code> in the line that <code>droptrain local up</code> prints.</p>
  </main>`;

function Theme() {
  const [now, setNow] = useState(theme);
  const next = { auto: "light", light: "dark", dark: "auto" }[now];
  const change = () => {
    chooseTheme(next);
    setNow(next);
  };
  return html`<button type="button" class="icon-button" aria-label=${`Theme: ${now}. Change to ${next}`} title=${`Theme: ${now}`} onClick=${change}><${Icon} name="theme" /></button>`;
}

addEventListener("click", onClick);
chooseTheme(theme());
render(html`<${App} />`, document.getElementById("app"));
(window.requestIdleCallback || setTimeout)(() => Object.values(LATER).forEach((load) => load()), { timeout: 3000 });
