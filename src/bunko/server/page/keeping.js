// Keep conversations: nowhere, in this browser (IndexedDB), or on the server's disk. In: conversations. Out: the same.
// All three have list, get, put, rename, pin, remove and clear. Knows nothing of how they look.

import { address, getJson } from "./api.js";
import { prefer, state } from "./state.js";
import { fromKept, toKeep } from "./turns.js";

/** @typedef {{ id: string, title: string, updated: number, library: string, pinned?: boolean, words?: string }} Summary
 *   `words`: all that was said, in small letters; `pinned`: where the place keeps pins itself */

const DATABASE = "bunko", STORE = "conversations", MOST_PINS = 200;

const nowhere = {
  async list() {
    return [];
  },
  async get() {
    return null;
  },
  async put() {},
  async rename() {},
  async pin() {},
  async remove() {},
  async clear() {},
};

const browser = {
  /** @returns {Promise<Summary[]>} newest first */
  async list() {
    const all = (await run("readonly", (store) => store.getAll())) ?? [];
    const pins = new Set(state.preferences.pinned);
    return all.map(({ id, title, updated, library, turns }) => ({ id, title, updated, library, pinned: pins.has(id), words: said(turns) })).sort((a, b) => b.updated - a.updated);
  },
  async get(id) {
    return fromKept(await run("readonly", (store) => store.get(id)));
  },
  async put(conversation) {
    await run("readwrite", (store) => store.put(toKeep(conversation)));
  },
  async rename(id, library, title) {
    const kept = await browser.get(id);
    if (kept) await run("readwrite", (store) => store.put(toKeep({ ...kept, title }, kept.updated)));
  },
  async pin(id, library, pinned) {
    const others = state.preferences.pinned.filter((one) => one !== id);
    prefer({ pinned: pinned ? [...others, id].slice(-MOST_PINS) : others });
  },
  async remove(id) {
    await run("readwrite", (store) => store.delete(id));
  },
  async clear() {
    await run("readwrite", (store) => store.clear());
  },
};

const server = {
  async list(library) {
    const { conversations } = await getJson(address(["api", "libraries", library, "conversations"]));
    return conversations.map((one) => ({ ...one, library, updated: one.updated * 1000 })).sort((a, b) => b.updated - a.updated);
  },
  async get(id, library) {
    const kept = fromKept(await getJson(address(["api", "libraries", library, "conversations", id])));
    return kept && { ...kept, library, updated: kept.updated * 1000 };
  },
  async put(conversation) {
    const { id, library, title, turns } = toKeep(conversation);
    if (!library) return; // the model alone belongs to no library, and is not kept there
    await getJson(address(["api", "libraries", library, "conversations", id]), { method: "PUT", body: { title, turns } });
  },
  async rename(id, library, title) {
    const kept = await server.get(id, library);
    if (kept) await server.put({ ...kept, title });
  },
  async pin(id, library, pinned) {
    const { title, turns } = await getJson(address(["api", "libraries", library, "conversations", id]));
    await getJson(address(["api", "libraries", library, "conversations", id]), { method: "PUT", body: { title, turns, pinned } });
  },
  async remove(id, library) {
    await getJson(address(["api", "libraries", library, "conversations", id]), { method: "DELETE" });
  },
  async clear(library) {
    for (const { id } of await server.list(library)) await server.remove(id, library);
  },
};

const said = (turns) => (turns ?? []).flatMap((turn) => [turn.question, ...(turn.lanes ?? []).map((lane) => lane.text)]).join("\n").toLowerCase();

/** Return the place where conversations are kept. @param {"off" | "browser" | "server"} choice */
export function keeper(choice) {
  return { browser, server }[choice] ?? nowhere;
}

function run(mode, act) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id" });
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => (database.close(), resolve(request.result));
      transaction.onerror = transaction.onabort = () => (database.close(), reject(transaction.error));
    };
  });
}
