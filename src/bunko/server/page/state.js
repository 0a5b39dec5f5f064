// What all parts of the page know: the libraries, the conversation, the preferences. Tells of changes by events.

/** @typedef {{ language: string, theme: string, model: string, library: string, style: string, think: string,
 *   strictness: string, length: string, instructions: string, answerLanguage: string, translation: string, compare: string,
 *   keys: boolean, keeping: "off" | "browser" | "server", pinned: string[], side: boolean, sourceAs: "text" | "page" }} Preferences */

const PLACE = "bunko.preferences";

/** @type {Preferences} */
const DEFAULTS = {
  language: "", theme: "", model: "", library: "", style: "auto", think: "auto", strictness: "", length: "", instructions: "",
  answerLanguage: "", translation: "", compare: "", keys: true, keeping: "browser", pinned: [], side: true, sourceAs: "text",
};

export const state = {
  /** What GET /api/about says; empty until it is known. */
  about: { models: [], default_model: "", upload: { allowed: false }, history: "off", libraries: "fixed" },
  /** @type {{ name: string, title: string, documents: number, state: string }[]} */
  libraries: [],
  /** The name of the library that is asked; "" is the model alone. */
  library: "",
  /** The documents that are asked alone, by their paths; none: all. @type {Set<string>} */
  only: new Set(),
  /** @type {import("./turns.js").Conversation | null} */
  conversation: null,
  /** @type {AbortController | null} set while an answer is on its way */
  running: null,
  preferences: { ...DEFAULTS, ...kept() },
};

function kept() {
  try {
    const values = JSON.parse(localStorage.getItem(PLACE) ?? "{}");
    return Object.fromEntries(Object.entries(values).filter(([name, value]) => typeof value === typeof DEFAULTS[name] && Array.isArray(value) === Array.isArray(DEFAULTS[name])));
  } catch {
    return {};
  }
}

/** Set preferences, and remember them in this browser. @param {Partial<Preferences>} values */
export function prefer(values) {
  Object.assign(state.preferences, values);
  try {
    localStorage.setItem(PLACE, JSON.stringify(state.preferences));
  } catch {
    // Storage may be forbidden or full: they hold as long as the page.
  }
  for (const name of Object.keys(values)) tell(`preference:${name}`);
}

const bus = new EventTarget();

/** Tell all who listen. */
export function tell(name, detail) {
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}

/** Hear of something. */
export function hear(name, listener) {
  bus.addEventListener(name, (event) => listener(event.detail));
}

/** Return the library that is asked, as GET /api/libraries describes it. */
export function currentLibrary() {
  return state.libraries.find((library) => library.name === state.library) ?? null;
}

let speech;
/** Say something to a screen reader, politely: it waits until nothing else is said. */
export function announce(words) {
  const place = document.getElementById("live");
  clearTimeout(speech);
  place.textContent = "";
  speech = setTimeout(() => (place.textContent = words), 60); // the same words twice are a change only after a pause
}
