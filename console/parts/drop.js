// Where CSVs are dropped: anywhere on a project's page, or by a button. What is whole and clean starts by itself.

import { get } from "../lib/api.js";
import * as drops from "../lib/drop_state.js";
import { filesOf } from "../lib/dropped.js";
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { useDrop } from "../lib/use_drop.js";
import { Announced } from "./announced.js";
import { DropFiles } from "./drop_files.js";
import { Icon } from "./icon.js";
import { Trouble } from "./trouble.js";

export function Drop({ project, waiting }) {
  const recipe = usePoll((signal) => get(`/local/projects/${encodeURIComponent(project)}`, signal), () => null, project, { what: "the recipe" });
  const context = useMemo(() => recipe.data && { inputs: recipe.data.inputs, suggested: recipe.data.dataset, waiting }, [recipe.data, waiting]);
  const { drop, act, add, start, stop, clear } = useDrop(project, context, recipe.reload);
  const [isOver, setOver] = useState(false);
  const picker = useRef();
  const [early, setEarly] = useState([]); // dropped before the recipe was known
  const isSending = drop.phase === "sending";
  useDropped((files) => (context ? add(files) : setEarly([...early, ...files])), setOver);
  useEffect(() => {
    if (context && early.length) add(early.splice(0));
  }, [context, early]);

  const files = context ? Object.values(context.inputs) : [];
  const name = context ? drops.datasetOf(drop, context) : drop.name || "";
  const problem = context && drops.nameProblem(name);
  return html`
    <section class=${`drop ${drop.phase === "idle" ? "" : "busy"}`} aria-label="Drop a dataset">
      <div class="drop-line">
        <${Icon} name="drop" />
        <span class="drop-words">Drop ${files.map((file, n) => html`${n ? (n === files.length - 1 ? " and " : ", ") : ""}<bdi><code>${file}</code></bdi>`)} anywhere here</span>
        <label>as dataset <input class="dataset" value=${name} spellcheck="false" autocomplete="off" disabled=${isSending}
          aria-invalid=${Boolean(problem)} aria-describedby="dataset-problem"
          onInput=${(event) => act({ type: "named", name: event.target.value.trim() })} /></label>
        <button type="button" class="button" onClick=${() => picker.current.click()} disabled=${isSending || !context}>Choose files</button>
        <input type="file" multiple hidden ref=${picker} aria-label="Files of the dataset" onChange=${(event) => {
          add([...event.target.files].map((file) => ({ file, path: file.name })));
          event.target.value = "";
        }} />
      </div>
      <p class="drop-problem" id="dataset-problem">${problem}</p>
      <${Announced} text=${drops.announcement(drop)} />
      ${drop.phase !== "idle" && html`<${Dropped} ...${{ drop, context, act, start, stop, clear }} />`}
    </section>
    ${isOver && html`<div class="drop-over"><div><${Icon} name="drop" /><b>Drop to train <bdi>${project}</bdi></b><span>as dataset <bdi>${name}</bdi></span></div></div>`}`;
}

function Dropped({ drop, context, act, start, stop, clear }) {
  const lacking = drops.lacking(drop, context), replaced = drops.replaced(drop, context);
  const isSending = drop.phase === "sending", hasFailed = drop.phase === "failed";
  return html`
    <${DropFiles} drop=${drop} lacking=${lacking} act=${act} />
    <${Question} drop=${drop} context=${context} act=${act} />
    ${replaced.length > 0 && drop.phase !== "done" && html`
      <p class="drop-note drop-replaces">This replaces ${replaced.map((file, n) => html`${n ? ", " : ""}<bdi><code>${file}</code></bdi>`)} of <bdi><b>${drops.datasetOf(drop, context)}</b></bdi>.</p>`}
    ${drop.error && html`<${Trouble} title="The dataset wasn't sent" error=${drop.error} />`}
    <p class="drop-note">${isSending && !drop.note ? "Sending; the run opens when it begins." : drop.note}</p>
    <div class="drop-actions">
      ${drops.canSend(drop, context) && !drops.startsByItself(drop, context) && html`
        <button type="button" class="button primary" onClick=${start}>${hasFailed ? "Try again" : "Send these now"}</button>`}
      ${isSending
        ? html`<button type="button" class="button" onClick=${stop}>Stop</button>`
        : html`<button type="button" class="button" onClick=${clear}>Clear</button>`}
    </div>`;
}

/** Which dataset an incomplete drop is meant for, where one waits for such a file. */
function Question({ drop, context, act }) {
  const meant = drops.couldBeMeant(drop, context);
  if (!meant.length) return null;
  return html`
    <fieldset class="drop-question">
      <legend>Which dataset do these files belong to?</legend>
      ${meant.map((each) => html`
        <button type="button" class="button" key=${each.dataset} onClick=${() => act({ type: "named", name: each.dataset })}>
          <bdi>${each.dataset}</bdi>, which waits for ${each.missing.join(", ")}</button>`)}
      <button type="button" class="button" onClick=${() => act({ type: "named", name: context.suggested })}>A new one, <bdi>${context.suggested}</bdi></button>
    </fieldset>`;
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
