// Calls of the local server: the HTTP API below /api, what only a local command can do below /local.

const KEPT = 300;
const answers = new Map(); // by address: the ETag, the text, and the document that was made of it

/** What went wrong, as a problem document tells it (RFC 9457). */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail || document.title || `The answer was ${status}.`);
    this.status = status;
    this.name = (document.type || "").split(":").pop();
    this.errors = document.errors || [];
  }
}

/** The document that an address had when it was last asked for; null if it wasn't. */
export const known = (address) => answers.get(address)?.document ?? null;

/** The document at an address; the same object as before while it hasn't changed. */
export async function get(address, signal) {
  const known = answers.get(address);
  const headers = known?.etag ? { "If-None-Match": known.etag } : {};
  const response = await send(address, { headers, signal });
  if (response.status === 304) return remember(address, known);
  const text = await response.text();
  const etag = response.headers.get("etag");
  if (known?.text === text) return remember(address, { ...known, etag });
  return remember(address, { etag, text, document: JSON.parse(text) });
}

/** The document at an address that is asked for once, such as a page of a log. */
export async function getOnce(address, signal) {
  const response = await send(address, { signal });
  return response.json();
}

/** The answer to a document that is sent. */
export const post = (address, document, headers = {}) => sendDocument("POST", address, document, headers);

/** The answer to what is changed of a document. */
export const patch = (address, changes) => sendDocument("PATCH", address, changes);

async function sendDocument(method, address, document, headers = {}) {
  const body = document === undefined ? undefined : JSON.stringify(document);
  const response = await send(address, { method, body, headers: { "Content-Type": "application/json", ...headers } });
  return response.json();
}

/** The answer to a file that is sent; `progress` hears how much of it has gone, from 0 to 1. */
export function sendFile(method, address, file, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    request.upload.onprogress = (event) => event.total && progress(event.loaded / event.total);
    request.onload = () => {
      const document = parsed(request.responseText);
      if (request.status < 400) resolve(document);
      else reject(new Problem(request.status, document));
    };
    request.onerror = () => reject(stopped());
    request.onabort = () => reject(new DOMException("Given up", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    if (signal.aborted) request.onabort();
    else request.send(file);
  });
}

export const query = (values) => {
  const given = Object.entries(values).filter(([, value]) => value);
  return given.length ? `?${new URLSearchParams(given)}` : "";
};

async function send(address, options) {
  let response;
  try {
    response = await fetch(address, { cache: "no-store", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw stopped();
  }
  if (response.ok || response.status === 304) return response;
  throw new Problem(response.status, parsed(await response.text()));
}

const stopped = () =>
  new Problem(0, { type: "stopped", detail: "The console's server doesn't answer. Start it again where it ran, and open its new link." });

function parsed(text) {
  try {
    return JSON.parse(text) || {};
  } catch {
    return {};
  }
}

function remember(address, answer) {
  answers.delete(address);
  answers.set(address, answer);
  if (answers.size > KEPT) answers.delete(answers.keys().next().value);
  return answer.document;
}
