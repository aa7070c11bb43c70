// What a drop asks of the server: each file is checked, then sent, then all of them appear and their run is found.

import { getOnce, post, query, sendFile } from "./api.js";

const LOOK_EVERY = 500;
const OF_SENDING = 0.3; // of a check's bar, which begins with the way to the server
const HALF = 0.5; // of an upload's bar: to this machine's server, then to S3

/** The findings of the command's own preflight; `progress` hears how far it is, from 0 to 1. */
export async function preflight(project, { id, path }, content, progress, signal) {
  const check = `/local/preflight${query({ check: id })}`;
  const endAtServer = () => fetch(check, { method: "DELETE" }).catch(() => {}); // it ends by itself, too
  signal.addEventListener("abort", endAtServer);
  const { findings } = await watched(
    async () => {
      const { share } = await getOnce(check, signal);
      if (share !== null) progress(OF_SENDING + share * (1 - OF_SENDING));
    },
    sendFile("POST", `/local/preflight${query({ project, file: path, check: id })}`, content, (share) => progress(share * OF_SENDING), signal),
  );
  return findings;
}

/** Send a file to where it waits for the others of its dataset. */
export function upload(project, dataset, path, content, progress, signal) {
  return watched(
    async () => {
      const { files } = await getOnce(`/local/uploads${query({ project, dataset })}`, signal);
      const each = files.find(({ file, is_ready: isReady, sent }) => file === path && !isReady && sent);
      if (each) progress(HALF + (each.sent / each.size) * HALF);
    },
    sendFile("PUT", `/local/uploads${query({ project, dataset, file: path })}`, content, (share) => progress(share * HALF), signal),
  );
}

/** What `work` comes to; meanwhile `look` is called again and again, and the work itself tells what is wrong. */
async function watched(look, work) {
  const watching = setInterval(() => look().catch(() => {}), LOOK_EVERY);
  try {
    return await work;
  } finally {
    clearInterval(watching);
  }
}

/** Let the files appear; what the server says of their run. */
export const commit = (project, dataset, files) => post("/local/drops", { project, dataset, files });

/** Forget what was sent and hasn't appeared. */
export const giveUp = (project, dataset) => fetch(`/local/uploads${query({ project, dataset })}`, { method: "DELETE" });
