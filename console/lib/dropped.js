// Files that somebody drops or chooses: with the folders that they lie in, matched with a recipe's inputs.

/** The files of a drop, each with its path below what was dropped; one folder alone stands for its content. */
export async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ file, path: file.name }));
  const alone = entries.length === 1 && entries[0].isDirectory;
  const found = (await Promise.all(entries.map((entry) => walk(entry, "")))).flat();
  return alone ? found.map(({ file, path }) => ({ file, path: path.slice(path.indexOf("/") + 1) })) : found;
}

async function walk(entry, folder) {
  if (entry.name.startsWith(".")) return [];
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path: folder + entry.name }];
  }
  const reader = entry.createReader(), found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map((each) => walk(each, `${folder}${entry.name}/`)))).flat();
}

/** The inputs of a recipe that none of the paths is. */
export const missingOf = (inputs, paths) =>
  [...new Set(Object.values(inputs))].filter((pattern) => !paths.some((path) => matches(pattern, path)));

/** Whether a path is meant by a recipe's file or glob: `*` and `?` stay within a folder. */
export function matches(pattern, path) {
  const source = pattern.replace(/[.+^${}()|\\]/g, "\\$&").replaceAll("*", "[^/]*").replaceAll("?", "[^/]");
  try {
    return new RegExp(`^${source}$`, "u").test(path);
  } catch {
    return pattern === path;
  }
}
