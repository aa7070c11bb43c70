// One file of a run's code: its text, or what of it differs from another run's.

import { get, known, query } from "../lib/api.js";
import { linesOf } from "../lib/code_diff.js";
import { size } from "../lib/format.js";
import { html, useMemo } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { Copy } from "./copy.js";
import { Trouble } from "./trouble.js";

const UNSHOWN = {
  binary: "It isn't text.", large: "It is too large to be shown.", gone: "This version is gone from the bucket, so it can't be shown.",
};
const SIGNS = { same: " ", removed: "-", added: "+", gap: "⋯" };
const NOTHING = Promise.resolve({ text: "", unshown: null });

export function FileText({ run, file }) {
  const { data, error, reload } = useText(run, file);
  return html`
    <section class="panel code-file" aria-label=${file.path}>
      <div class="panel-head"><h2><bdi>${file.path}</bdi></h2><span class="dim">${size(file.size)}</span><span class="space" />
        ${data?.text && html`<${Copy} text=${data.text} quiet />`}</div>
      ${error && html`<${Trouble} title="The file can't be shown" error=${error} retry=${reload} />`}
      ${data?.unshown && html`<p class="panel-empty">${UNSHOWN[data.unshown]}</p>`}
      ${data?.text != null && html`<${Text} label=${file.path} lines=${linesFrom(data.text)} />`}
    </section>`;
}

const linesFrom = (text) => text.replace(/\n$/, "").split("\n").map((line, n) => ({ kind: "same", text: line, before: n + 1, after: n + 1 }));

/** `before` and `after` are {run, file}; one of the files may be null. */
export function Difference({ before, after, path }) {
  const was = useText(before.run, before.file), is = useText(after.run, after.file);
  const word = !before.file ? "added" : !after.file ? "removed" : "changed";
  const lines = useMemo(() => (was.data?.text != null && is.data?.text != null ? linesOf(was.data.text, is.data.text) : undefined), [was.data, is.data]);
  const unshown = was.data?.unshown || is.data?.unshown, error = was.error || is.error;
  return html`
    <section class="panel code-file" aria-label=${path}>
      <div class="panel-head"><h2><bdi>${path}</bdi></h2><span class="dim">${word}</span></div>
      ${error && html`<${Trouble} title="The file can't be compared" error=${error} />`}
      ${unshown && html`<p class="panel-empty">${UNSHOWN[unshown]}</p>`}
      ${lines === null && html`<p class="panel-empty">Its two versions are too different to be compared line by line.</p>`}
      ${lines?.length === 0 && html`<p class="panel-empty">The text is the same; it was uploaded again.</p>`}
      ${lines?.length > 0 && html`<${Text} label=${path} lines=${lines} signs=${SIGNS} />`}
    </section>`;
}

/** Lines with their numbers; with `signs`, each begins with what became of it. */
const Text = ({ label, lines, signs }) => html`
  <pre class="code" tabindex="0" role="region" aria-label=${`Text of ${label}`}>${lines.map((line, n) => html`
    <span key=${n} class=${`code-line code-${line.kind}`}><i class="line-number">${line.kind === "gap" ? "" : line.after || line.before}</i>${signs && html`<i class="sign">${signs[line.kind]}</i>`}<span class="line-text">${line.text}</span>${"\n"}</span>`)}</pre>`;

function useText(run, file) {
  const address = file && `/api/runs/${encodeURIComponent(run)}/code/text${query({ path: file.path })}`;
  return usePoll((signal) => (address ? get(address, signal) : NOTHING), () => null, address || "none", { what: "the code", known });
}
