// The projects in the rail: all of a few, of many those with the newest runs, with a search over all.

import { count } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { FEW, foundProjects, recentProjects } from "../lib/project_list.js";
import { Dot } from "./badge.js";

/** `open` is the name of the project that is shown, empty if none is. */
export function ProjectList({ projects, open }) {
  const [words, setWords] = useState("");
  const [isWhole, setWhole] = useState(false);
  const isMany = projects.length > FEW;
  const shown = words ? foundProjects(projects, words) : isMany && !isWhole ? recentProjects(projects, open) : projects;
  return html`
    ${isMany && html`
      <input type="text" role="searchbox" class="rail-search" aria-label="Find a project" placeholder="Find a project" value=${words} onInput=${(event) => setWords(event.target.value)} onKeyDown=${(event) => event.key === "Escape" && setWords("")} />`}
    <ul>
      ${shown.map((each) => html`
        <li key=${each.project}>
          <a href=${`/projects/${encodeURIComponent(each.project)}`} aria-current=${open === each.project ? "page" : undefined} title=${each.project}>
            ${each.latest_run ? html`<${Dot} status=${each.latest_run.status} />` : html`<span class="dot" />`}
            <bdi>${each.project}</bdi>
            ${each.waiting.length > 0 && html`<span class="count" title="Datasets that wait">${each.waiting.length}</span>`}
          </a>
        </li>`)}
    </ul>
    ${words && shown.length === 0 && html`<p class="dim rail-note">No project has that in its name.</p>`}
    ${isMany && !words && html`<button type="button" class="button quiet" aria-expanded=${isWhole} onClick=${() => setWhole(!isWhole)}>${isWhole ? "Newest only" : `All ${count(projects.length)} projects`}</button>`}`;
}
