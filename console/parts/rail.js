// The projects beside every view, and the way to a new one.

import { post } from "../lib/api.js";
import { html, useState } from "../lib/html.js";
import { navigate } from "../lib/router.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icon.js";
import { ProjectList } from "./project_list.js";
import { Trouble } from "./trouble.js";

export function Rail({ projects, place, isOpen, onNew, isMaking, onMade, onClose }) {
  const current = (is) => (is ? "page" : undefined);
  return html`
    <nav class=${`rail ${isOpen ? "open" : ""}`} aria-label="Projects">
      <ul>
        <li><a href="/" aria-current=${current(place.view === "runs")}><${Icon} name="chart" /><span>All runs</span></a></li>
        <li><a href="/costs" aria-current=${current(place.view === "costs")}><${Icon} name="cost" /><span>Costs</span></a></li>
      </ul>
      <h2>Projects</h2>
      ${projects && html`<${ProjectList} projects=${projects.projects} open=${place.view === "project" ? place.name : ""} />`}
      <button type="button" class="button quiet" onClick=${onNew}><${Icon} name="plus" />New project</button>
    </nav>
    ${isMaking && html`<${NewProject} onMade=${onMade} onClose=${onClose} />`}`;
}

function NewProject({ onMade, onClose }) {
  const [name, setName] = useState("");
  const [state, setState] = useState({ busy: false, error: null });
  const make = async (event) => {
    event.preventDefault();
    setState({ busy: true, error: null });
    try {
      await post("/local/projects", { project: name });
      onMade();
      navigate(`/projects/${name}`);
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  return html`
    <${Dialog} title="New project" onClose=${onClose}>
      <form onSubmit=${make}>
        <p>A project is a model that you train again and again: its code, its recipe, its datasets. This one begins with
        the scaffold of <code>droptrain init</code>, which trains on any two CSVs with a column to tell.</p>
        <label for="project-name">Name</label>
        <input id="project-name" name="project" required maxlength="40" pattern="[a-z0-9][a-z0-9\\-]*" autocomplete="off"
          spellcheck="false" value=${name} onInput=${(event) => setName(event.target.value)} aria-describedby="project-rule" />
        <p class="dim" id="project-rule">Lower-case letters, digits and hyphens; at most 40.</p>
        ${state.error && html`<${Trouble} title="The project wasn't made" error=${state.error} />`}
        <div class="dialog-actions">
          <button type="button" class="button" onClick=${onClose}>Cancel</button>
          <button class="button primary" disabled=${state.busy}>${state.busy ? "Making it …" : "Make it"}</button>
        </div>
      </form>
    <//>`;
}
