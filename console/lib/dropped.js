// @ts-check
// Files that somebody drops or chooses: with the folders that they lie in, matched with a recipe's inputs.

/**
 * The files of a drop, each with its path below what was dropped; one folder alone stands for its content.
 * @param {DataTransfer} transfer
 */
export async function filesOf(transfer) {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  if (!entries.length) return [...transfer.files].map((file) => ({ file, path: file.name }));
  const alone = entries.length === 1 && entries[0].isDirectory;
  const found = (await Promise.all(entries.map((entry) => walk(entry, "")))).flat();
  return alone ? found.map(({ file, path }) => ({ file, path: path.slice(path.indexOf("/") + 1) })) : found;
}

/**
 * @param {any} entry a FileSystemEntry
 * @param {string} folder
 * @returns {Promise<{file: File, path: string}[]>}
 */
async function walk(entry, folder) {
  if (entry.name.startsWith(".")) return [];
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path: folder + entry.name }];
  }
  const reader = entry.createReader();
  /** @type {any[]} */
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map((each) => walk(each, `${folder}${entry.name}/`)))).flat();
}

/**
 * The inputs of a recipe that none of the paths is.
 * @param {Record<string, string>} inputs
 * @param {string[]} paths
 */
export const missingOf = (inputs, paths) =>
  [...new Set(Object.values(inputs))].filter((pattern) => !paths.some((path) => matches(pattern, path)));

/**
 * Whether a path is meant by a recipe's file or glob: `*`, `?` and `[a-z]` stay within a folder.
 * @param {string} pattern
 * @param {string} path
 */
export function matches(pattern, path) {
  const sets = pattern.split(/(\[!?\]?[^\]/]*\])/);
  const source = sets.map((part, n) => (n % 2 ? `[${part.slice(1, -1).replace(/^!/, "^").replaceAll("\\", "\\\\")}]` : plain(part))).join("");
  try {
    return new RegExp(`^${source}$`, "u").test(path);
  } catch {
    return false; // an empty range, such as [z-a]
  }
}

/** @param {string} text */
const plain = (text) => text.replace(/[.+^${}()|[\]\\/]/g, "\\$&").replaceAll("*", "[^/]*").replaceAll("?", "[^/]");
