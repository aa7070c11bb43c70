// What a page says that has nothing to show yet: what it is for, and the first step.

import { get } from "../lib/api.js";
import { html } from "../lib/html.js";
import { usePoll } from "../lib/poll.js";
import { Command } from "./copy.js";

export function NoRuns({ info, projects }) {
  const command = info?.command || "droptrain";
  const first = projects?.projects[0]?.project;
  return html`
    <div class="empty">
      <h2>Nothing has been trained yet</h2>
      <p>Drop CSVs, get a trained model back. Three steps, of which the page does the first and the last:</p>
      <ol class="steps">
        <li><b>Make a project.</b> Its code, and a recipe that says how to train. “New project” beside this makes one from the scaffold;
          or, in a terminal: <${Command} text=${`${command} init my-project && ${command} push my-project`} /></li>
        <li><b>Make the code yours.</b> Edit <code>train.py</code> and <code>train.yaml</code>, look them over with <code>droptrain validate</code>, and push again.</li>
        <li><b>Drop a dataset.</b> ${first ? html`Onto <a href=${`/projects/${first}`}><bdi>${first}</bdi></a>'s page,` : "Onto the project's page,"} by <code>droptrain drop</code>, or straight into S3. The run appears here by itself.</li>
      </ol>
    </div>`;
}

export function FirstRun({ project, info }) {
  const { data } = usePoll((signal) => get(`/local/projects/${encodeURIComponent(project)}`, signal), () => null, project);
  const files = data ? Object.values(data.inputs) : ["train.csv", "test.csv"];
  return html`
    <div class="empty">
      <h2>No run yet</h2>
      <p>Drop ${files.map((file, n) => html`${n ? (n === files.length - 1 ? " and " : ", ") : ""}<bdi><code>${file}</code></bdi>`)} anywhere on this page,
      or choose files above. They are looked over before anything is sent; then the run that they start opens.</p>
      <p>The same in a terminal:</p>
      <${Command} text=${`${info?.command || "droptrain"} drop ${project} ${files.join(" ")}`} />
    </div>`;
}
