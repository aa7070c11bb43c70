// All projects, page by page. However many there are, one page is asked for every ten seconds.

import { get, known, query } from "./api.js";
import { useRef } from "./html.js";
import { usePoll } from "./poll.js";

const EVERY = 10_000;
const MOST_PAGES = 20;
const addressOf = (cursor) => `/api/projects${query({ limit: 100, cursor })}`;

/** {data: {projects, hasMore}, reload}; the first page is there before the others. */
export function useProjects() {
  const isFirst = useRef(true);
  const load = async (signal) => {
    const pages = [await get(addressOf(), signal)];
    while (!isFirst.current && pages.at(-1).cursor && pages.length < MOST_PAGES) pages.push(await get(addressOf(pages.at(-1).cursor), signal));
    isFirst.current = false;
    return { projects: pages.flatMap((page) => page.projects), hasMore: Boolean(pages.at(-1).cursor), pages: pages.length };
  };
  const every = ({ pages, hasMore }) => (hasMore && pages < MOST_PAGES ? 0 : EVERY * pages);
  return usePoll(load, every, addressOf(), { what: "the projects", known });
}
