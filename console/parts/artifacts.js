// Files that a run left: downloaded one by one or all at once, and small ones looked at.

import { get, known, query } from "../lib/api.js";
import { size } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { canBeShown, indented } from "../lib/preview.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icon.js";
import { Trouble } from "./trouble.js";

const WHY_NOT = { binary: "It isn't text.", large: "It is too large to be shown." };

/** `files` of the run are listed without the name of the `folder` in which they lie; "" for all that it left. */
export function Artifacts({ run, files, hasMore, folder = "" }) {
  const [shown, setShown] = useState("");
  return html`
    <ul class="files">${files.map((file) => html`
      <li key=${file.path}><a href=${file.url} target="_blank" rel="noopener" title=${`Download ${file.path}`}><bdi>${file.path.slice(folder.length)}</bdi></a>
        <span>${canBeShown(file) && html`<button type="button" class="chart-button" aria-label=${`Look at ${file.path}`} onClick=${() => setShown(file.path)}>Look</button> `}<span class="dim">${size(file.size)}</span></span></li>`)}</ul>
    ${hasMore && html`<p class="dim">Only the first ${files.length} are listed.</p>`}
    <p><a class="button" href=${`/local/archive${query({ run, folder })}`} download><${Icon} name="file" />Download all</a></p>
    ${shown && html`<${Preview} run=${run} path=${shown} onClose=${() => setShown("")} />`}`;
}

function Preview({ run, path, onClose }) {
  const address = `/local/preview${query({ run, path })}`;
  const { data, error } = usePoll((signal) => get(address, signal), () => null, address, { what: "the file", known });
  return html`
    <${Dialog} title=${path} isWide=${Boolean(data)} onClose=${onClose}>
      ${error && !data && html`<${Trouble} title="The file can't be shown" error=${error} />`}
      ${data?.image && html`<img class="preview-image" src=${data.image} alt=${path} />`}
      ${data?.text != null && html`<pre class="code preview-text" dir="auto" tabindex="0" role="region" aria-label=${`Text of ${path}`}>${indented(data.text)}</pre>`}
      ${data?.unshown && html`<p>${WHY_NOT[data.unshown]}</p>`}
      <div class="dialog-actions"><button type="button" class="button" onClick=${onClose}>Close</button></div>
    <//>`;
}
