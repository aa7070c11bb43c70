// What can be done with a run: end it, train it again, compare it, and the commands that do the same.

import { post } from "../lib/api.js";
import { html, useState } from "../lib/html.js";
import { useAction } from "../lib/use_action.js";
import { canRerun, isEnded } from "../lib/status.js";
import { Command } from "./copy.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icon.js";
import { NotifyAtEnd } from "./notify_end.js";
import { Rerun } from "./rerun.js";
import { Trouble } from "./trouble.js";

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
      ${!isEnded(run) && html`<button type="button" class="button danger" onClick=${() => setAsked("cancel")}><${Icon} name="stop" />Cancel run</button>`}
    </div>
    ${asked === "cancel" && html`<${Cancel} run=${run} command=${command} reload=${reload} onClose=${close} />`}
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
  ...(isEnded(run) ? [] : [["End it", `${command} cancel ${run.run_id}`]]),
];

function Cancel({ run, command, reload, onClose }) {
  const [state, act] = useAction(async () => {
    await post(`/api/runs/${encodeURIComponent(run.run_id)}/cancel`);
    reload();
    onClose();
  });
  return html`
    <${Dialog} title="End this run?" onClose=${onClose}>
      <p><bdi>${run.project}/${run.dataset}</bdi> stops within seconds. What it has cost is spent; its log, metrics and checkpoints stay.</p>
      <${Command} text=${`${command} cancel ${run.run_id}`} />
      ${state.error && html`<${Trouble} title="It wasn't cancelled" error=${state.error} />`}
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>Let it train</button>
        <button type="button" class="button danger" disabled=${state.busy} onClick=${act}>Cancel run</button>
      </div>
    <//>`;
}
