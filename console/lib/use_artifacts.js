// The first files that a run left, with links that are renewed before they expire.

import { get } from "./api.js";
import { usePoll } from "./poll.js";

const BUSY_EVERY = 15_000;
const LINKS_EVERY = 30 * 60_000; // a link works for an hour

/** {files, hasMore}; `files` is undefined until they are known. */
export function useArtifacts(runId, isEnded) {
  const address = `/api/runs/${encodeURIComponent(runId)}/artifacts`;
  const { data, error } = usePoll((signal) => get(address, signal), () => (isEnded ? LINKS_EVERY : BUSY_EVERY), `${address} ${isEnded}`, { what: "the artifacts" });
  return { files: data?.artifacts, hasMore: Boolean(data?.cursor), error };
}
