// The files of a drop: how far each is, what was found in it, and the ways out.

import { size } from "../lib/format.js";
import { html } from "../lib/html.js";
import { Icon } from "./icon.js";

const WORDS = {
  checking: "Checking …", right: "Looks right", warned: "Look at this", wrong: "Wrong", failed: "Not checked",
  "left-out": "Left out: not in the recipe", sending: "Sending …", sent: "Sent", unsent: "Not sent",
};

export const DropFiles = ({ drop, lacking, act }) => html`
  <ul class="drop-files">
    ${drop.files.map((file) => html`
      <li key=${file.id} class=${`drop-${file.state}`}>
        <${Icon} name="file" /><bdi class="drop-name">${file.path}</bdi><span class="dim">${size(file.size)}</span>
        <span class="drop-state">${WORDS[file.state]}</span>
        <span class="drop-ways">
          ${file.state === "failed" && html`<button type="button" class="button quiet" onClick=${() => act({ type: "recheck", id: file.id })}>Check again</button>`}
          ${drop.phase !== "sending" && drop.phase !== "done" && html`
            <button type="button" class="icon-button" aria-label=${`Remove ${file.path}`} title="Remove" onClick=${() => act({ type: "removed", id: file.id })}>×</button>`}
        </span>
        ${(file.state === "checking" || file.state === "sending") && html`<${Bar} file=${file} />`}
        ${file.findings.map((each) => html`
          <p class="finding" dir="auto">${each.row ? html`<b>line ${each.row}</b> ` : ""}${each.message}${each.fix ? html` <span class="dim">${each.fix}</span>` : ""}</p>`)}
      </li>`)}
    ${drop.phase !== "done" && drop.phase !== "checking" && lacking.map((file) => html`
      <li key=${file} class="drop-lacking"><${Icon} name="file" /><bdi class="drop-name">${file}</bdi><span class="drop-state">Still needed: drop it too</span></li>`)}
  </ul>`;

const Bar = ({ file: { path, state, share } }) => html`
  <progress max="1" value=${share} aria-label=${`${path} ${state === "checking" ? "checked" : "sent"}`} />`;
