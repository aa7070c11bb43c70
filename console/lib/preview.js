// @ts-check
// What of a file can be looked at in the page, and JSON as people read it.

const TEXTS = /\.(jsonl?|txt|csv|tsv|ya?ml|md|log)$/i;
const IMAGES = /\.(png|jpe?g|gif|webp)$/i;
const MOST_TEXT = 1 << 18, MOST_IMAGE = 1 << 22; // bytes, as the console's server gives them

/** @param {{path: string, size: number}} file */
export const canBeShown = ({ path, size }) => (TEXTS.test(path) && size <= MOST_TEXT) || (IMAGES.test(path) && size <= MOST_IMAGE);

/**
 * A JSON text, indented and otherwise as it is: no number is written in another way. Other texts stay as they are.
 * @param {string} text
 */
export function indented(text) {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let depth = 0, out = "";
  const line = () => `\n${"  ".repeat(depth)}`;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    if ("{[".includes(token)) {
      depth += 1;
      out += token + line();
    } else if ("}]".includes(token)) {
      depth -= 1;
      out = out.trimEnd();
      out += (/[{[]$/.test(out) ? "" : line()) + token;
    } else out += token === "," ? token + line() : token === ":" ? ": " : token;
  }
  return out;
}
