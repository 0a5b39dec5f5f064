// What a conversation is, and what the server's events make of it. Pure: no page, no network.

/**
 * @typedef {{ path: string, page: number | null, start: number, end: number, quote: string, gives_orders?: boolean }} Quote
 * @typedef {Quote & { n: number, sentence: string, verified: boolean }} Citation
 * @typedef {{ library: string, model: string }} Variant  `library` "" asks the model alone
 *
 * @typedef {object} Lane  one answer to a question; a comparison has several
 * @property {Variant} variant
 * @property {"waiting" | "queued" | "searching" | "reading" | "thinking" | "writing" | "done" | "stopped" | "failed"} state
 * @property {number} position  how many are to be answered before; 0 where nobody is
 * @property {Quote[]} evidence
 * @property {any[]} hits
 * @property {string} standalone
 * @property {string} reasoning
 * @property {string} text
 * @property {any} result  what `finished` carried, or null
 * @property {{ type: string, message: string, hint: string, retryAfter?: number } | null} error
 *
 * @typedef {{ id: string, question: string, askedAt: number, lanes: Lane[], alone?: boolean, only?: string[] }} Turn  `alone`: what was said before does not count
 * @typedef {{ id: string, title: string, library: string, updated: number, turns: Turn[] }} Conversation
 */

const KEPT_HITS = 5; // of those that were found: what a refusal shows
const TITLE = 80;
const REMEMBERED_TURNS = 4;
const REMEMBERED = 10000; // characters of an answer that a follow-up can refer to, as `bunko chat` has it
const REMEMBERED_QUOTES = 50;

/** @returns {Conversation} */
export function newConversation(library) {
  return { id: randomId(), title: "", library, updated: Date.now(), turns: [] };
}

/** Return 128 random bits; crypto.randomUUID is missing where the page did not come over TLS or loopback. */
export function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {Variant[]} variants @param {string[]} only the documents that are asked; none: all @returns {Turn} */
export function newTurn(question, variants, only = []) {
  return { id: randomId(), question, askedAt: Date.now(), lanes: variants.map(newLane), ...(only.length ? { only } : {}) };
}

/** @returns {Lane} */
export function newLane(variant) {
  return { variant, state: "waiting", position: 0, evidence: [], hits: [], standalone: "", reasoning: "", text: "", result: null, error: null };
}

/** Change a lane by an event of the server. */
export function apply(lane, event, data) {
  if (event === "queued") {
    lane.state = "queued";
    lane.position = data.position ?? 0;
  } else if (event === "retrieved") {
    lane.state = "reading";
    lane.evidence = data.evidence ?? [];
    lane.hits = (data.hits ?? []).slice(0, KEPT_HITS);
    lane.standalone = data.question ?? "";
  } else if (event === "reasoning") {
    lane.state = "thinking";
    lane.reasoning += data.text;
  } else if (event === "text") {
    lane.state = "writing";
    lane.text += data.text;
  } else if (event === "finished") {
    lane.state = "done";
    const { hits, evidence, reasoning, ...result } = data;
    lane.result = result;
    lane.text = data.answer ?? lane.text;
    lane.evidence = evidence ?? lane.evidence;
    lane.reasoning = reasoning || lane.reasoning;
    lane.hits = (hits ?? lane.hits).slice(0, KEPT_HITS);
    lane.standalone = data.standalone_question ?? lane.standalone;
  } else if (event === "error") {
    lane.state = "failed";
    lane.error = data.error ?? data;
  }
}

/** Return what the server is told of the turns before. @param {Turn[]} turns */
export function historyOf(turns) {
  return turns
    .filter((turn) => turn.lanes[0].state === "done")
    .slice(-REMEMBERED_TURNS)
    .map((turn) => {
      const lane = turn.lanes[0];
      const asked = lane.result?.revision ? turn.question : lane.standalone || turn.question; // "shorter" has no question of its own
      const answer = lane.text.slice(0, REMEMBERED);
      const evidence = (lane.evidence ?? []).slice(0, REMEMBERED_QUOTES).map(({ path, start, end, quote }) => ({ path, start, end, quote }));
      return { question: asked, answer, ...(evidence.length ? { evidence } : {}) };
    });
}

/** Return a conversation's name: the one that it was given, or its first question. */
export function titleOf(conversation) {
  if (conversation.title) return conversation.title;
  const first = conversation.turns[0]?.question.replace(/\s+/g, " ").trim() ?? "";
  const signs = Array.from(first);
  return signs.length > TITLE ? `${signs.slice(0, TITLE - 1).join("")}…` : first;
}

/** Return the conversation as it is kept: nothing that is still on its way. @param {Conversation} conversation */
export function toKeep(conversation, updated = Date.now()) {
  const turns = conversation.turns.filter((turn) => turn.lanes.every((lane) => ["done", "stopped", "failed"].includes(lane.state)));
  return { ...conversation, title: titleOf(conversation), updated, turns };
}

/** Return a conversation that was kept, with whatever it lacks; null for what is none. */
export function fromKept(value) {
  if (!value || typeof value.id !== "string" || !Array.isArray(value.turns)) return null;
  const turns = value.turns.map((turn) => ({
    id: String(turn.id ?? randomId()), question: String(turn.question ?? ""), askedAt: Number(turn.askedAt) || 0, alone: Boolean(turn.alone),
    ...(Array.isArray(turn.only) ? { only: turn.only.map(String) } : {}),
    lanes: (turn.lanes ?? []).map((lane) => ({ ...newLane(lane.variant ?? { library: "", model: "" }), ...lane })),
  })).filter((turn) => turn.lanes.length > 0);
  return { id: value.id, title: String(value.title ?? ""), library: String(value.library ?? ""), updated: Number(value.updated) || 0, turns };
}
