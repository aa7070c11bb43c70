// @ts-check
// Which of many projects the rail shows: those with the newest runs, those of a search, or all.

/** @typedef {{project: string, latest_run: {created_at: string} | null}} Project */

export const FEW = 20; // projects that need neither a choice nor a search
const RECENT = 12;

/**
 * The projects with the newest runs, newest first, and the one that is open.
 * @param {Project[]} projects
 * @param {string} open
 */
export function recentProjects(projects, open) {
  const at = (/** @type {Project} */ each) => each.latest_run?.created_at || "";
  const sorted = [...projects].sort((a, b) => at(b).localeCompare(at(a)) || a.project.localeCompare(b.project));
  return sorted.filter((each, n) => n < RECENT || each.project === open);
}

/**
 * The projects whose name has the words in it, in any order.
 * @param {Project[]} projects
 * @param {string} words
 */
export function foundProjects(projects, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return projects.filter((each) => wanted.every((word) => each.project.includes(word)));
}
