// A drop's state and its work: checks two files at a time, sends when nothing is left to ask.

import * as drops from "./drop_state.js";
import { commit, giveUp, preflight, upload } from "./drop_work.js";
import { useEffect, useReducer, useRef } from "./html.js";
import { navigate } from "./router.js";

const CHECKED_AT_ONCE = 2;

/** `context` is the project's {inputs, suggested, waiting}; null until it is known. `renew` suggests another name. */
export function useDrop(project, context, renew) {
  const [drop, act] = useReducer(drops.reduce, drops.EMPTY);
  const contents = useRef(new Map()); // what is in each file, by its id
  const jobs = useRef(new Map()); // the AbortController of each file that is checked or sent, by its id

  useEffect(() => {
    const wanted = new Set(drop.files.map((file) => file.id));
    for (const [id, job] of jobs.current) {
      if (wanted.has(id)) continue;
      job.abort();
      jobs.current.delete(id);
    }
    for (const id of contents.current.keys()) if (!wanted.has(id)) contents.current.delete(id);
    for (const file of drop.files) {
      if (file.state !== "checking" || jobs.current.has(file.id) || jobs.current.size >= CHECKED_AT_ONCE) continue;
      check(file);
    }
  }, [drop.files]);
  useEffect(() => {
    if (context && drops.startsByItself(drop, context)) start();
  }, [drop, context]);
  useEffect(() => () => jobs.current.forEach((job) => job.abort()), []);

  const work = async (id, does) => {
    const job = new AbortController();
    jobs.current.set(id, job);
    try {
      return await does(contents.current.get(id), (share) => act({ type: "progress", id, share }), job.signal);
    } finally {
      if (jobs.current.get(id) === job) jobs.current.delete(id);
    }
  };
  async function check(file) {
    const { id } = file;
    try {
      act({ type: "checked", id, findings: await work(id, (...how) => preflight(project, file, ...how)) });
    } catch (error) {
      act({ type: "check-failed", id, error });
    }
  }
  async function start() {
    const dataset = drops.datasetOf(drop, context), files = drops.sendable(drop);
    act({ type: "send" });
    try {
      for (const { id, path, state } of files) {
        if (state === "sent") continue;
        act({ type: "sending", id });
        await work(id, (...how) => upload(project, dataset, path, ...how));
        act({ type: "sent", id });
      }
      const done = await commit(project, dataset, files.map((file) => file.path));
      if (done.run_id) return navigate(`/runs/${done.run_id}`);
      act({ type: "done", note: noteOf(done) });
      renew();
    } catch (error) {
      act({ type: "send-failed", error: error.name === "AbortError" ? null : error });
    }
    return undefined;
  }
  const add = (files) => {
    if (!files.length) return;
    const added = files.map(({ file, path }) => ({ id: crypto.randomUUID(), path, size: file.size }));
    added.forEach(({ id }, n) => contents.current.set(id, files[n].file));
    act({ type: "added", files: added, inputs: context.inputs });
  };
  const stop = () => jobs.current.forEach((job) => job.abort());
  const clear = () => {
    const dataset = drops.datasetOf(drop, context);
    if (drop.files.some((file) => file.state === "sent" || file.state === "unsent") && drop.phase !== "done") {
      giveUp(project, dataset).catch(() => {}); // the server forgets it when it ends
    }
    act({ type: "cleared" });
  };
  return { drop, act, add, start, stop, clear };
}

const noteOf = ({ missing }) =>
  missing?.length
    ? `The files are there. The dataset still lacks ${missing.join(", ")}; with that it trains by itself.`
    : "The files are there. Their run hasn't begun yet; it will appear in the list by itself.";
