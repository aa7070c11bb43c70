// Makes another model the project's current one, after a question that says which.

import { get, known, post } from "../lib/api.js";
import { hash, number } from "../lib/format.js";
import { html } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { Ask } from "./ask.js";

export const modelsAt = (project) => `/api/projects/${encodeURIComponent(project)}/models`;

/** Promote `model`: a run, or an entry of a project's models. */
export function Promote({ project, model, command, reload, onClose }) {
  const { data } = usePoll((signal) => get(modelsAt(project), signal), () => null, modelsAt(project), { what: "the models", known });
  return html`
    <${Ask} title="Make this the current model?" yes="Promote" no="Leave it" failed="It wasn't promoted" command=${`${command} promote ${model.run_id}`}
      act=${() => post(`/api/runs/${encodeURIComponent(model.run_id)}/promote`)} reload=${reload} onClose=${onClose}>
      <${Change} project=${project} model=${model} now=${data?.current} /><//>`;
}

/** Go back from `now` to the `model` before it. */
export const RollBack = ({ project, model, now, command, reload, onClose }) => html`
  <${Ask} title="Go back to the model before?" yes="Roll back" no="Leave it" failed="It is as it was" danger command=${`${command} rollback ${project}`}
    act=${() => post(`/api/projects/${encodeURIComponent(project)}/rollback`, { run_id: now.run_id })} reload=${reload} onClose=${onClose}>
    <${Change} project=${project} model=${model} now=${now} /><//>`;

const Change = ({ project, model, now }) => html`
  <p>${model ? html`The model of <${Named} model=${model} />` : "The model before"} becomes the current one of <bdi>${project}</bdi>. Programs that read <code>current.json</code> load it.</p>
  <p class="dim">${!now ? "The project has no current model." : now.run_id === model?.run_id ? "It is the current model already." : html`Until now it is that of <${Named} model=${now} />.`}</p>`;

const Named = ({ model }) => {
  const metric = model.metric?.name || model.metric;
  const value = model.metric?.value ?? model.metrics?.[metric];
  return html`<b><bdi>${model.dataset}</bdi> <code class="hash">${hash(model.run_id)}</code></b>${value != null && html` (<bdi>${metric}</bdi> ${number(value)})`}`;
};
