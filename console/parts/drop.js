// Where CSVs are dropped: anywhere on a project's page, or by a button. What is whole and clean starts by itself.

import { get } from "../lib/api.js";
import { newItem, preflight, send } from "../lib/drop_work.js";
import { filesOf, missingOf } from "../lib/dropped.js";
import { size } from "../lib/format.js";
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { navigate } from "../lib/router.js";
import { Icon } from "./icon.js";
import { Trouble } from "./trouble.js";

const WORDS = { checking: "Looking it over …", wrong: "Wrong", checked: "Looks right", sending: "Sending …", sent: "Sent", failed: "Not sent" };

export function Drop({ project, waiting }) {
  const recipe = usePoll((signal) => get(`/local/projects/${encodeURIComponent(project)}`, signal), () => null, project);
  const [dataset, setDataset] = useState("");
  const [items, setItems] = useState([]);
  const [work, setWork] = useState({ state: "idle", error: null, note: "" });
  const [isOver, setOver] = useState(false);
  const latest = useRef({}), picker = useRef(), giveUp = useRef();
  const name = dataset || waiting[0]?.dataset || recipe.data?.dataset || "";
  const there = waiting.find((each) => each.dataset === name);
  const missing = recipe.data ? missingOf(recipe.data.inputs, items.map((item) => item.path)) : [];
  const lacking = there ? missing.filter((file) => there.missing.includes(file)) : missing;
  latest.current = { items, name, lacking, work, recipe: recipe.data };

  const tell = (path, changes) => setItems((was) => was.map((item) => (item.path === path ? { ...item, ...changes } : item)));

  const add = async (files) => {
    if (latest.current.work.state === "sending" || !files.length) return;
    const added = files.map(newItem);
    const paths = added.map((item) => item.path);
    setWork({ state: "checking", error: null, note: "" });
    setItems((was) => [...was.filter((item) => !paths.includes(item.path)), ...added]);
    for (const item of added) {
      try {
        tell(item.path, await preflight(project, item));
      } catch (error) {
        tell(item.path, { state: "failed", findings: [{ message: error.message, fix: "" }] });
      }
    }
    setWork({ state: "checked", error: null, note: "" });
  };
  const start = async () => {
    giveUp.current = new AbortController();
    setWork({ state: "sending", error: null, note: "" });
    try {
      const done = await send(project, latest.current.name, latest.current.items, tell, giveUp.current.signal);
      if (done.run_id) return navigate(`/runs/${done.run_id}`);
      const note = done.missing?.length
        ? `The files are there. The dataset still lacks ${done.missing.join(", ")}; with that it trains by itself.`
        : "The files are there. Their run hasn't begun yet; it will appear in the list by itself.";
      setWork({ state: "done", error: null, note });
    } catch (error) {
      if (error.name !== "AbortError") setWork({ state: "checked", error, note: "" });
    }
    return undefined;
  };
  const clear = () => {
    giveUp.current?.abort();
    if (work.state === "sending") fetch(`/local/uploads?${new URLSearchParams({ project, dataset: name })}`, { method: "DELETE" }).catch(() => {});
    setItems([]);
    setWork({ state: "idle", error: null, note: "" });
  };

  const isClean = items.length > 0 && items.every((item) => item.state === "checked" && item.findings.length === 0);
  useEffect(() => {
    if (work.state === "checked" && !work.error && isClean && lacking.length === 0 && recipe.data) start();
  }, [work, isClean, lacking.length]);
  useDropped(add, setOver);

  const files = recipe.data ? Object.values(recipe.data.inputs) : [];
  return html`
    <section class=${`drop ${items.length ? "busy" : ""}`} aria-label="Drop a dataset">
      <div class="drop-line">
        <${Icon} name="drop" />
        <span class="drop-words">Drop ${files.map((file, n) => html`${n ? (n === files.length - 1 ? " and " : ", ") : ""}<bdi><code>${file}</code></bdi>`)} anywhere here</span>
        <label>as dataset <input class="dataset" value=${name} maxlength="40" spellcheck="false" autocomplete="off" disabled=${work.state === "sending"}
          onInput=${(event) => setDataset(event.target.value.trim())} /></label>
        <button type="button" class="button" onClick=${() => picker.current.click()} disabled=${work.state === "sending"}>Choose files</button>
        <input type="file" multiple hidden ref=${picker} aria-label="Files of the dataset" onChange=${(event) => {
          add([...event.target.files].map((file) => ({ file, path: file.name })));
          event.target.value = "";
        }} />
      </div>
      ${items.length > 0 && html`
        <ul class="drop-files" aria-live="polite">
          ${items.map((item) => html`
            <li key=${item.path} class=${`drop-${item.state === "checked" && item.findings.length ? "warned" : item.state}`}>
              <${Icon} name="file" /><bdi class="drop-name">${item.path}</bdi><span class="dim">${size(item.file.size)}</span>
              <span class="drop-state">${item.state === "checked" && item.findings.length ? "Look at this" : WORDS[item.state]}</span>
              ${item.state === "sending" && html`<progress max="1" value=${item.share} aria-label=${`${item.path} sent`} />`}
              ${item.findings.map((each) => html`
                <p class="finding" dir="auto">${each.row ? html`<b>line ${each.row}</b> ` : ""}${each.message}${each.fix ? html` <span class="dim">${each.fix}</span>` : ""}</p>`)}
            </li>`)}
          ${work.state === "checked" && lacking.map((file) => html`<li key=${file} class="drop-lacking"><${Icon} name="file" /><bdi class="drop-name">${file}</bdi><span class="drop-state">Still needed: drop it too</span></li>`)}
        </ul>
        ${work.error && html`<${Trouble} title="The dataset wasn't dropped" error=${work.error} />`}
        <p class="drop-note" role="status">${work.state === "sending" ? "Sending; the run opens when it begins." : work.note}</p>
        <div class="drop-actions">
          ${work.state === "checked" && items.every((item) => item.state === "checked") && (lacking.length > 0 || work.error || !isClean) && html`
            <button type="button" class="button primary" onClick=${start}>${work.error ? "Try again" : "Send these now"}</button>`}
          <button type="button" class="button" onClick=${clear}>${work.state === "sending" ? "Give up" : "Clear"}</button>
        </div>`}
    </section>
    ${isOver && html`<div class="drop-over"><div><${Icon} name="drop" /><b>Drop to train <bdi>${project}</bdi></b><span>as dataset <bdi>${name}</bdi></span></div></div>`}`;
}

/** Files dropped anywhere on the page; the browser would leave the page for them otherwise. */
function useDropped(add, setOver) {
  const latest = useRef();
  latest.current = add;
  useEffect(() => {
    let depth = 0;
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    const onEnter = (event) => hasFiles(event) && (event.preventDefault(), (depth += 1), setOver(true));
    const onOver = (event) => hasFiles(event) && event.preventDefault();
    const onLeave = (event) => hasFiles(event) && (depth -= 1) <= 0 && setOver(false);
    const onDrop = async (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      latest.current(await filesOf(event.dataTransfer));
    };
    const handlers = { dragenter: onEnter, dragover: onOver, dragleave: onLeave, drop: onDrop };
    for (const [name, handler] of Object.entries(handlers)) addEventListener(name, handler);
    return () => {
      for (const [name, handler] of Object.entries(handlers)) removeEventListener(name, handler);
    };
  }, []);
}
