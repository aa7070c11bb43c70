// What people write about a run: its name, tags and a note, changed where they stand.

import { patch } from "../lib/api.js";
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { useAction } from "../lib/use_action.js";
import { Icon } from "./icon.js";
import { Trouble } from "./trouble.js";

const LONGEST = { name: 100, note: 2000 };

export function RunWords({ run, address, reload }) {
  const [changing, setChanging] = useState("");
  const words = useRef({});
  const [state, act] = useAction(async () => {
    await patch(address, words.current);
    setChanging("");
    reload();
  });
  const write = (changes) => {
    words.current = changes;
    act();
  };
  const { tags = [] } = run;
  const editor = (field) => html`<${Editor} field=${field} text=${run[field] || ""} busy=${state.busy} onStop=${() => setChanging("")}
    onSave=${(text) => write({ [field]: text || null })} />`;
  return html`
    <section class="words" aria-label="Name, tags and note">
      <div class="words-line">
        ${changing === "name" ? editor("name") : html`
          ${run.name && html`<bdi class="run-name">${run.name}</bdi>`}
          <button type="button" class="button quiet" onClick=${() => setChanging("name")}>${run.name ? "Rename" : "Name it"}</button>`}
        ${tags.map((tag) => html`
          <span class="tag" key=${tag}><bdi>${tag}</bdi>
            <button type="button" aria-label=${`Remove the tag ${tag}`} disabled=${state.busy} onClick=${() => write({ tags: tags.filter((each) => each !== tag) })}>×</button></span>`)}
        ${changing === "tag"
          ? html`<${Editor} field="tag" text="" busy=${state.busy} onStop=${() => setChanging("")} onSave=${(tag) => (tag ? write({ tags: [...tags, tag] }) : setChanging(""))} />`
          : html`<button type="button" class="button quiet" onClick=${() => setChanging("tag")}><${Icon} name="plus" />Tag</button>`}
        ${!run.note && changing !== "note" && html`<button type="button" class="button quiet" onClick=${() => setChanging("note")}><${Icon} name="plus" />Note</button>`}
      </div>
      ${changing === "note" ? editor("note") : run.note && html`
        <p class="note"><span dir="auto">${run.note}</span> <button type="button" class="button quiet" onClick=${() => setChanging("note")}>Edit note</button></p>`}
      ${state.error && html`<${Trouble} title="It wasn't written down" error=${state.error} />`}
    </section>`;
}

const LABELS = { name: "Name of the run", tag: "New tag", note: "Note about the run" };

/** A field that is there while it is changed: Enter saves (in a note, with Ctrl or ⌘), Escape leaves it. */
function Editor({ field, text, busy, onSave, onStop }) {
  const [value, setValue] = useState(text);
  const box = useRef();
  useEffect(() => box.current.focus(), []);
  const isNote = field === "note";
  const onKeyDown = (event) => {
    if (event.key === "Escape") onStop();
    if (event.key === "Enter" && (!isNote || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onSave(value.trim());
    }
  };
  const given = { ref: box, value, maxlength: LONGEST[field] || 40, "aria-label": LABELS[field], onKeyDown, onInput: (event) => setValue(event.target.value) };
  return html`
    <span class=${`editor editor-${field}`}>
      ${isNote ? html`<textarea rows="4" dir="auto" ...${given} />` : html`<input dir="auto" spellcheck="false" autocomplete="off" ...${given} />`}
      <button type="button" class="button primary" disabled=${busy} onClick=${() => onSave(value.trim())}>Save</button>
      <button type="button" class="button" onClick=${onStop}>Leave it</button>
    </span>`;
}
