// Ask the server. In: a turn with its lanes. Out: the lanes filled as events come. Knows nothing of how they look.

import { ApiError, address, events } from "./api.js";
import { apply, historyOf } from "./turns.js";

/** @typedef {import("./turns.js").Turn} Turn */

const FIELDS = { style: "style", think: "think", answerLanguage: "answer_language", translation: "translation", instructions: "instructions" };
const LENGTHS = ["short", "long"]; // an older page kept numbers of tokens
const WITHOUT_DOCUMENTS = ["think", "answer_language", "length"]; // what the model alone can be told

/**
 * Ask, and change the turn's lanes until all are done, stopped or failed. Never raises.
 * @param {Turn} turn
 * @param {{ before: Turn[], preferences: import("./state.js").Preferences, signal: AbortSignal, anew: boolean,
 *   changed: (lane: import("./turns.js").Lane, event: string, data: any) => void }} how
 */
export async function ask(turn, { before, preferences, signal, anew, changed }) {
  const happens = (lane, event, data) => {
    apply(lane, event, data);
    changed(lane, event, data);
  };
  const [first] = turn.lanes;
  first.state = "searching";
  changed(first, "begun", null);
  try {
    for await (const { lane, event, data } of incoming(turn, { before, preferences, signal, anew })) happens(lane, event, data);
    if (turn.lanes.some(isOpen)) throw new ApiError({ type: "Cut" });
  } catch (error) {
    if (!(error instanceof ApiError)) console.error(error);
    const stopped = signal.aborted || error.type === "Stopped";
    for (const lane of turn.lanes.filter(isOpen)) {
      if (stopped) {
        lane.state = "stopped";
        changed(lane, "stopped", null);
      } else {
        const { type = "Error", message = "", hint = "", retryAfter = 0 } = error;
        happens(lane, "error", { error: { type, message, hint, retryAfter } });
      }
    }
  }
}

const isOpen = (lane) => !["done", "stopped", "failed"].includes(lane.state);

async function* incoming(turn, { before, preferences, signal, anew }) {
  const history = historyOf(before);
  const { question, lanes } = turn;
  if (lanes.length > 1 && !history.length) {
    const variants = lanes.map(({ variant }) => ({ ...(variant.library ? { library: variant.library } : {}), ...wanted(variant, preferences, turn.only ?? []) }));
    for await (const { event, data } of events("/api/compare", { question, variants }, { signal })) {
      if (data.variant in lanes) yield { lane: lanes[data.variant], event, data };
      else if (event === "error") throw new ApiError({ ...(data.error ?? data) });
    }
    return;
  }
  for (const lane of lanes) { // a follow-up is compared by asking twice: a comparison knows of no history
    const { library } = lane.variant;
    const path = library ? address(["api", "libraries", library, "ask"]) : "/api/ask";
    const kept = lanes.length === 1 && library && !anew && !history.length ? { answers: "kept" } : {};
    const body = { question, ...wanted(lane.variant, preferences, turn.only ?? []), ...kept, ...(history.length ? { history } : {}), stream: true };
    for await (const { event, data } of events(path, body, { signal })) yield { lane, event, data };
  }
}

/** Return the fields of a request that say how to answer; what was not chosen is left to the server. */
function wanted(variant, preferences, only) {
  const tree = variant.model ? { model: variant.model } : {};
  const chosen = {};
  for (const [name, field] of Object.entries(FIELDS)) {
    if (preferences[name] && preferences[name] !== "auto") chosen[field] = preferences[name];
  }
  if (preferences.translation === "auto") chosen.translation = "auto";
  if (LENGTHS.includes(preferences.length)) chosen.length = preferences.length;
  if (only.length) chosen.only = only;
  if (preferences.strictness) chosen.strictness = Number(preferences.strictness);
  const fits = ([name]) => variant.library || WITHOUT_DOCUMENTS.includes(name);
  return { ...tree, ...Object.fromEntries(Object.entries(chosen).filter(fits)) };
}
