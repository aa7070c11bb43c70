// What can be done with a run: end it, train it again, compare it, and the commands that do the same.

import { html, useState } from "../lib/html.js";
import { canRerun, isEnded } from "../lib/status.js";
import { Cancel } from "./cancel.js";
import { Promote } from "./change_model.js";
import { Command } from "./copy.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icon.js";
import { NotifyAtEnd } from "./notify_end.js";
import { Rerun } from "./rerun.js";

export function RunActions({ run, info, reload, before }) {
  const [asked, setAsked] = useState("");
  const command = info?.command || "droptrain";
  const close = () => setAsked("");
  return html`
    <div class="run-actions">
      ${before && html`<a class="button" href=${`/compare?runs=${before.run_id},${run.run_id}`}><${Icon} name="chart" />Compare</a>`}
      ${run.code && html`<a class="button" href=${`/runs/${encodeURIComponent(run.run_id)}/code${before ? `?with=${before.run_id}` : ""}`}><${Icon} name="file" />Code</a>`}
      <${NotifyAtEnd} run=${run} />
      <button type="button" class="button" onClick=${() => setAsked("commands")}><${Icon} name="copy" />Commands</button>
      ${canRerun(run) && html`<button type="button" class="button" onClick=${() => setAsked("rerun")}><${Icon} name="again" />Rerun</button>`}
      ${run.status === "SUCCEEDED" && html`<button type="button" class="button" onClick=${() => setAsked("promote")}><${Icon} name="up" />Promote</button>`}
      ${!isEnded(run) && html`<button type="button" class="button danger" onClick=${() => setAsked("cancel")}><${Icon} name="stop" />Cancel run</button>`}
    </div>
    ${asked === "cancel" && html`
      <${Cancel} what="run" address=${`/api/runs/${encodeURIComponent(run.run_id)}`} command=${`${command} cancel ${run.run_id}`} reload=${reload} onClose=${close}>
        <bdi>${run.project}/${run.dataset}</bdi> stops within seconds. What it has cost is spent; its log, metrics and checkpoints stay.<//>`}
    ${asked === "promote" && html`<${Promote} project=${run.project} model=${run} command=${command} reload=${reload} onClose=${close} />`}
    ${asked === "rerun" && html`<${Rerun} run=${run} command=${command} onClose=${close} />`}
    ${asked === "commands" && html`
      <${Dialog} title="The same in a terminal" onClose=${close}>
        ${commands(command, run).map(([label, text]) => html`<p class="dialog-label">${label}</p><${Command} text=${text} />`)}
        <div class="dialog-actions"><button type="button" class="button" onClick=${close}>Close</button></div>
      <//>`}`;
}

const commands = (command, run) => [
  ["This page", `${command} show ${run.run_id}`],
  ["The log, followed", `${command} logs ${run.run_id}`],
  ["The model and what else it left", `${command} get ${run.run_id}`],
  ["Train it again", `${command} rerun ${run.run_id}`],
  ...(run.status === "SUCCEEDED" ? [["Make its model the current one", `${command} promote ${run.run_id}`]] : []),
  ...(isEnded(run) ? [] : [["End it", `${command} cancel ${run.run_id}`]]),
];
