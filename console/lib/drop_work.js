// A drop on its way: each file looked over, then sent, then all of them committed, and the run opened.

import { get, post, postBytes, put, query } from "./api.js";

const LOOK_EVERY = 500;

/** What the list shows of a file: `state` is checking, wrong, checked, sending, sent or failed. */
export const newItem = ({ file, path }) => ({ file, path, state: "checking", findings: [], share: 0 });

/** Look a file over by the command's own preflight. */
export async function preflight(project, item) {
  const bytes = item.file;
  const { findings } = await postBytes(`/local/preflight${query({ project, file: item.path })}`, bytes);
  const isWrong = findings.some((each) => each.level === "error");
  return { findings, state: isWrong ? "wrong" : "checked" };
}

/** Send the files and let them appear; what the server says of the run. `tell(path, changes)` hears how it goes. */
export async function send(project, dataset, items, tell, signal) {
  const watching = setInterval(() => watch(project, dataset, tell), LOOK_EVERY);
  try {
    for (const item of items) {
      tell(item.path, { state: "sending", share: 0 });
      const address = `/local/uploads${query({ project, dataset, file: item.path })}`;
      await put(address, item.file, (share) => tell(item.path, { share: share / 2 }), signal);
      tell(item.path, { state: "sent", share: 1 });
    }
  } finally {
    clearInterval(watching);
  }
  return post("/local/drops", { project, dataset, files: items.map((item) => item.path) });
}

/** The second half of a large file's way: from this machine to S3. */
async function watch(project, dataset, tell) {
  try {
    const { files } = await get(`/local/uploads${query({ project, dataset })}`);
    for (const each of files) {
      if (each.is_ready || !each.sent) continue;
      tell(each.file, { share: 0.5 + each.sent / each.size / 2 });
    }
  } catch {
    // The upload itself tells what is wrong.
  }
}
