// Speak to the server: JSON, server-sent events over fetch, uploads with progress, the token. In: paths and bodies.
// Out: values, events, or an ApiError that says what happened and what to do. Knows nothing of the page.

const TOKEN = "bunko.token";

/** What went wrong: `type` is the server's class of error, or "Offline", "Stopped", "Cut". */
export class ApiError extends Error {
  /** @param {{ status?: number, type: string, message?: string, hint?: string, retryAfter?: number }} what */
  constructor({ status = 0, type, message = "", hint = "", retryAfter = 0 }) {
    super(message);
    Object.assign(this, { status, type, hint, retryAfter });
  }
}

/** Take the token out of the address (`#token=…`) into this tab's memory; the address bar forgets it. */
export function takeToken() {
  const found = /(?:^#|&)token=([^&]+)/.exec(location.hash);
  if (!found) return;
  setToken(decodeURIComponent(found[1]));
  history.replaceState(null, "", location.pathname + location.search);
}

/** @param {string} token */
export function setToken(token) {
  try {
    sessionStorage.setItem(TOKEN, token);
  } catch {
    held = token;
  }
}

let held = "";
function token() {
  try {
    return sessionStorage.getItem(TOKEN) || held;
  } catch {
    return held; // storage may be forbidden: the token then lives as long as the page
  }
}

function headers(more) {
  return token() ? { ...more, Authorization: `Bearer ${token()}` } : more;
}

/** @type {((wrong: boolean) => Promise<string>) | null} */
let asker = null;
let asked = null;

/** Say who is to be asked for a token where the server wants one; `wrong`: it did not accept the one it was given. */
export function askWith(ask) {
  asker = ask;
}

/** Ask for the token once, however many requests wait for it. */
async function newToken() {
  asked ??= asker(Boolean(token())).finally(() => (asked = null));
  setToken(await asked);
}

/** Build a path of parts that are escaped, and a query without what is empty. */
export function address(parts, query = {}) {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const search = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return `/${parts.map(encodeURIComponent).join("/")}${search ? `?${search}` : ""}`;
}

async function send(path, options = {}) {
  const { method = "GET", body, signal, accept = "application/json", cache } = options;
  const more = { Accept: accept, ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
  let response;
  try {
    response = await fetch(path, {
      method, signal, cache, headers: headers(more), credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    throw fault(error);
  }
  if (response.status === 401 && asker) {
    await newToken();
    return send(path, options);
  }
  if (!response.ok) throw await refusal(response.status, response.headers.get("Retry-After"), () => response.text());
  return response;
}

function fault(error) {
  return error instanceof ApiError ? error : new ApiError({ type: error?.name === "AbortError" ? "Stopped" : "Offline" });
}

async function refusal(status, retryAfter, read) {
  let told = {};
  try {
    told = JSON.parse(await read()).error ?? {};
  } catch {
    // Not ours: a proxy's page, perhaps.
  }
  const type = status === 401 ? "Unauthorised" : String(told.type ?? "Error");
  return new ApiError({ status, type, message: String(told.message ?? ""), hint: String(told.hint ?? ""), retryAfter: Number(retryAfter) || 0 });
}

/** @returns {Promise<any>} */
export async function getJson(path, options = {}) {
  const response = await send(path, options);
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch (error) {
    throw fault(error);
  }
}

/** Fetch a picture. @returns {Promise<{ blob: Blob, headers: Headers }>} */
export async function getBlob(path, { signal } = {}) {
  const response = await send(path, { signal, accept: "image/png" });
  return { blob: await response.blob(), headers: response.headers };
}

/**
 * Post, and yield the events of the reply. Raises ApiError; "Cut" where the stream ends before `last` has come.
 * @param {string} path
 * @param {unknown} body
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {AsyncGenerator<{ event: string, data: any }>}
 */
export async function* events(path, body, { signal } = {}) {
  const response = await send(path, { method: "POST", body, signal, accept: "text/event-stream" });
  const reader = response.body.getReader();
  const parse = parser();
  const decoder = new TextDecoder();
  let ended = false;
  try {
    while (true) {
      const { value, done } = await reader.read();
      ended = done;
      if (done) return;
      yield* parse(decoder.decode(value, { stream: true }));
    }
  } catch (error) {
    throw fault(error);
  } finally {
    if (!ended) reader.cancel().catch(() => {});
  }
}

/** Return a function that takes text as it comes, and returns the events that it completes. */
export function parser() {
  let rest = "", name = "", lines = [];
  return (text) => {
    const found = [];
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const line = part.endsWith("\r") ? part.slice(0, -1) : part;
      if (line === "") {
        if (lines.length) found.push({ event: name || "message", data: JSON.parse(lines.join("\n")) });
        name = "";
        lines = [];
      } else if (!line.startsWith(":")) {
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (field === "event") name = value;
        else if (field === "data") lines.push(value);
      }
    }
    return found;
  };
}

/**
 * Send a file; `progress` hears of the share that is sent, 0 to 1. fetch can't tell of that, so this is older.
 * @param {string} path
 * @param {File} file
 * @param {(share: number) => void} progress
 */
export function upload(path, file, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", path);
    for (const [name, value] of Object.entries(headers({ "Content-Type": "application/octet-stream" }))) {
      request.setRequestHeader(name, value);
    }
    request.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
    request.addEventListener("error", () => reject(new ApiError({ type: "Offline" })));
    request.addEventListener("load", async () => {
      if (request.status >= 200 && request.status < 300) resolve(undefined);
      else reject(await refusal(request.status, request.getResponseHeader("Retry-After"), async () => request.responseText));
    });
    request.send(file);
  });
}
