// Training a run again: with which settings, versions and values, and what it can cost.

import { get, post } from "../lib/api.js";
import { usd } from "../lib/format.js";
import { html, useEffect, useState } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { commandOf, requestOf, typed, valuesFor } from "../lib/rerun.js";
import { navigate } from "../lib/router.js";
import { useAction } from "../lib/use_action.js";
import { Command } from "./copy.js";
import { Dialog } from "./dialog.js";
import { Trouble } from "./trouble.js";

const PAUSE = 400; // ms after the last key
const MODES = [
  ["same", "The same settings", "With the newest data and code of the project."],
  ["recipe", "The recipe as it is now", "With the newest data and code, and none of this run's own settings."],
  ["exact", "Exactly the same", "The very versions of data, code and recipe, and the settings, that this run had."],
];

export function Rerun({ run, command, onClose }) {
  const [mode, setMode] = useState("same");
  const [edits, setEdits] = useState({});
  const [key] = useState(() => crypto.randomUUID());
  const settings = usePoll((signal) => get(`/local/settings?${new URLSearchParams({ run: run.run_id })}`, signal), () => null, run.run_id, { what: "the settings" });
  const body = settings.data && requestOf(mode, run, edits);
  const decision = useDryRun(body);
  const [state, act] = useAction(async () => {
    const made = await post("/api/runs", body, { "Idempotency-Key": `${key}-${await digestOf(body)}` });
    onClose();
    navigate(`/runs/${made.run_id}`);
  });
  return html`
    <${Dialog} title="Train again" onClose=${onClose}>
      ${MODES.map(([value, title, text]) => html`
        <label class="choice" key=${value}><input type="radio" name="rerun" checked=${mode === value} onChange=${() => setMode(value)} />
          <span><b>${title}</b><br /><span class="dim">${text}</span></span></label>`)}
      ${settings.error && html`<${Trouble} title="The run's settings can't be read" error=${settings.error} retry=${settings.reload} />`}
      ${settings.data && html`<${Values} ...${{ mode, edits, setEdits }} settings=${settings.data} />`}
      <${Command} text=${`${command} ${commandOf(mode, run, edits)}`} />
      <p class="dim" role="status">${decision.text}</p>
      ${(state.error || decision.error) && html`<${Trouble} title=${state.error ? "It wasn't launched" : "It can't be launched"} error=${state.error || decision.error} />`}
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>Leave it</button>
        <button type="button" class="button primary" disabled=${state.busy || !body} onClick=${act}>Train again${decision.cost ? `, for at most ${decision.cost}` : ""}</button>
      </div>
    <//>`;
}

function Values({ mode, settings, edits, setEdits }) {
  const values = valuesFor(mode, settings), published = settings.published || {};
  const shown = mode === "exact" ? values : { ...published, ...values, ...edits };
  const names = Object.keys(shown).sort();
  if (!names.length) return null;
  return html`
    <table class="values">
      <thead><tr><th scope="col">Hyperparameter</th><th scope="col">This rerun</th><th scope="col">Recipe now</th></tr></thead>
      <tbody>${names.map((name) => html`
        <tr key=${name} class=${shown[name] === published[name] ? "" : "differs"}>
          <th scope="row"><bdi>${name}</bdi></th>
          <td><input aria-label=${name} value=${String(shown[name])} disabled=${mode === "exact"}
            onInput=${(event) => setEdits({ ...edits, [name]: typed(event.target.value, values[name] ?? published[name]) })} /></td>
          <td class="dim"><bdi>${name in published ? String(published[name]) : "–"}</bdi></td>
        </tr>`)}</tbody>
    </table>`;
}

/** What a launch of this body would be: its cost at most, or why it would be refused. */
function useDryRun(body) {
  const text = body && JSON.stringify(body);
  const [decision, setDecision] = useState({});
  useEffect(() => {
    if (!text) return undefined;
    let wanted = true;
    const look = async () => {
      const found = await post("/api/runs", { ...JSON.parse(text), dry_run: true }).then(decided, (error) => ({ error }));
      if (wanted) setDecision(found);
    };
    const timer = setTimeout(look, PAUSE);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [text]);
  return decision;
}

function decided(run) {
  if (run.status === "REJECTED") return { error: { message: `${run.cause.message} ${run.cause.fix}` } };
  const worst = run.estimate?.worst_usd;
  return worst == null ? { text: "What it costs isn't known." } : { cost: usd(worst) };
}

/** The same request gets the same run after a lost answer; another one doesn't. */
async function digestOf(body) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(body)));
  return [...new Uint8Array(bytes)].slice(0, 8).map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
