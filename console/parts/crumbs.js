// Where a view of a project lies.

import { html } from "../lib/html.js";

export const ProjectCrumbs = ({ project, children }) => html`
  <p class="crumbs"><a href="/">Runs</a> <span aria-hidden="true">/</span> <a href=${`/projects/${encodeURIComponent(project)}`}><bdi>${project}</bdi></a>${children}</p>`;
