// What went wrong, and what to do.

import { html } from "../lib/html.js";

const FIXES = {
  "not-found": "It may have been removed, or the address is mistyped.",
  stopped: "Start `droptrain console` again, and open the link that it prints.",
};

export const Trouble = ({ title, error, retry }) => html`
  <div class="trouble" role="alert">
    <strong>${title}</strong>
    <p dir="auto">${error.message}</p>
    ${error.errors?.map((each) => html`<p dir="auto"><code>${each.field}</code>: ${each.problem}</p>`)}
    ${FIXES[error.name] && html`<p class="dim">${FIXES[error.name]}</p>`}
    ${retry && html`<button type="button" class="button" onClick=${retry}>Try again</button>`}
  </div>`;
