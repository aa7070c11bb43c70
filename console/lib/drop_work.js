// What a drop asks of the server: each file is checked, then sent, then all of them appear and their run is found.

import { get, post, query, sendFile } from "./api.js";

const LOOK_EVERY = 500;
const SENT_TO_CHECK = 0.3; // of the bar: the rest is the check itself

/** The findings of the command's own preflight; `progress` hears how far it is, from 0 to 1. */
export async function preflight(project, path, content, progress, signal) {
  const address = `/local/preflight${query({ project, file: path })}`;
  const { findings } = await sendFile("POST", address, content, (share) => progress(share * SENT_TO_CHECK), signal);
  return findings;
}

/** Send a file to where it waits for the others of its dataset. */
export async function upload(project, dataset, path, content, progress, signal) {
  const watching = setInterval(() => watch(project, dataset, path, progress), LOOK_EVERY);
  const address = `/local/uploads${query({ project, dataset, file: path })}`;
  try {
    await sendFile("PUT", address, content, (share) => progress(share / 2), signal);
  } finally {
    clearInterval(watching);
  }
}

/** Let the files appear; what the server says of their run. */
export const commit = (project, dataset, files) => post("/local/drops", { project, dataset, files });

/** Forget what was sent and hasn't appeared. */
export const giveUp = (project, dataset) => fetch(`/local/uploads${query({ project, dataset })}`, { method: "DELETE" });

/** The second half of a large file's way: from this machine to S3. */
async function watch(project, dataset, path, progress) {
  try {
    const { files } = await get(`/local/uploads${query({ project, dataset })}`);
    const each = files.find(({ file, is_ready: isReady, sent }) => file === path && !isReady && sent);
    if (each) progress(0.5 + each.sent / each.size / 2);
  } catch {
    // The upload itself tells what is wrong.
  }
}
