// Find the sentences of an answer, and what each is supported by: one state and one kind of mark each. Pure.

/** @typedef {import("./turns.js").Citation} Citation */
/** @typedef {{ n: number, verified: boolean, citations: Citation[] }} Mark  the citations of one source at one place */
/** @typedef {{ start: number, end: number, marks: Mark[], unsupported: boolean }} Sentence  a stretch of the answer, in UTF-16 units.
 *   Unsupported with marks: the nearest sources, in which it was not found */

// Signs that say in a text where a sentence begins and ends: no text has them, since Unicode has no letters there.
export const OPEN = "\ufdd0", CLOSE = "\ufdd1", END = "\ufdd2";
export const SIGNS = /[\ufdd0-\ufdd2]/;
const SIGN = /\ufdd0(\d+)\ufdd2|\ufdd1(\d+)\ufdd2/g;

/** Return a text without the signs that are ours. */
export const cleaned = (text) => text.replace(/[\ufdd0-\ufdd2]/g, "\ufffd");

/**
 * Return the sentences that are supported, or are not, in the order of the text; and marks of sentences that it lacks.
 * @param {string} text
 * @param {Citation[]} citations
 * @param {string[]} unsupported
 * @returns {{ sentences: Sentence[], loose: Mark[] }}
 */
export function sentencesOf(text, citations, unsupported) {
  const cited = new Map();
  for (const citation of citations) {
    const sentence = (citation.sentence ?? "").trim();
    cited.set(sentence, [...(cited.get(sentence) ?? []), citation]);
  }
  const doubtful = new Set(unsupported.map((sentence) => sentence.trim()));
  const taken = [], loose = [], sentences = [];
  // The longest first: a shorter one may stand within it.
  for (const sentence of [...new Set([...cited.keys(), ...doubtful])].sort((a, b) => b.length - a.length)) {
    const isDoubtful = doubtful.has(sentence);
    const of = (cited.get(sentence) ?? []).filter((citation) => citation.verified !== isDoubtful || !citation.verified);
    const own = isDoubtful ? of.filter((citation) => !citation.verified) : preferred(of);
    const places = sentence ? placesOf(text, sentence, taken) : [];
    taken.push(...places);
    for (const place of places) sentences.push({ ...place, marks: bySource(own), unsupported: isDoubtful });
    if (!places.length) loose.push(...own);
  }
  return { sentences: sentences.sort((a, b) => a.start - b.start), loose: bySource(loose) };
}

/** A sentence that is supported shows its support, and not what else comes near. */
const preferred = (citations) => (citations.some((one) => one.verified) ? citations.filter((one) => one.verified) : citations);

/** Return all places where a sentence stands: one that is said twice is supported twice, or not at all. */
function placesOf(text, sentence, taken) {
  const places = [];
  for (let start = text.indexOf(sentence); start >= 0; start = text.indexOf(sentence, start + sentence.length)) {
    const end = start + sentence.length;
    if (!taken.some((place) => place.start < end && place.end > start)) places.push({ start, end });
  }
  return places;
}

/** Gather the citations of each source; it is verified if one of them is. @returns {Mark[]} */
export function bySource(citations) {
  const sources = new Map();
  for (const citation of citations) sources.set(citation.n, [...(sources.get(citation.n) ?? []), citation]);
  return [...sources].sort(([a], [b]) => a - b).map(([n, all]) => ({ n, verified: all.some((one) => one.verified), citations: all }));
}

/** How sentences of a block are marked: each, all with one mark, or none. */
const SINGLE = ["paragraph_open"], NONE = ["heading_open", "hr", "math"];

/**
 * Say which sentences are marked one by one, and what stands after a table, a list or code as a whole.
 * @param {{ type: string, start: number, end: number }[]} blocks of the text
 * @returns {{ text: string, whole: Map<number, Sentence[]>, loose: Mark[] }} `text` has signs around the former; `loose` has what fits nowhere
 */
export function arranged(text, sentences, blocks) {
  const signs = [], whole = new Map(), loose = [];
  sentences.forEach((sentence, index) => {
    const n = blocks.findIndex((block) => block.start < sentence.end && sentence.end <= block.end);
    const block = blocks[n];
    if (!block) loose.push(...sentence.marks);
    else if (SINGLE.includes(block.type)) {
      if (sentence.start >= block.start) signs.push({ at: sentence.start, sign: `${OPEN}${index}${END}` });
      signs.push({ at: sentence.end, sign: `${CLOSE}${index}${END}` });
    } else if (!NONE.includes(block.type)) whole.set(n, [...(whole.get(n) ?? []), sentence]);
  });
  let at = 0, signed = "";
  for (const { at: place, sign } of signs.sort((a, b) => a.at - b.at)) {
    signed += text.slice(at, place) + sign;
    at = place;
  }
  return { text: signed + text.slice(at), whole, loose };
}

/** Cut a text at its signs. @returns {{ text?: string, open?: number, close?: number }[]} */
export function cutAtSigns(text) {
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(SIGN)) {
    if (found.index > at) parts.push({ text: text.slice(at, found.index) });
    parts.push(found[1] === undefined ? { close: Number(found[2]) } : { open: Number(found[1]) });
    at = found.index + found[0].length;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}

// As src/bunko/grounding/citation_marks.py: numbers of sources that a model writes itself.
const NUMBERS = "\\d{1,2}(?:\\s?(?:[,、，&–-]|and)\\s?\\d{1,2})*";
const WORDS = "(?:sources?|documents?|docs?|passages?|contexts?|refs?\\.?|references?|出典|資料|文書|文献|参照|情報源)";
const OWN = new RegExp(` ?(?:\\[\\^?${NUMBERS}\\]|［${NUMBERS}］|【${NUMBERS}(?:†[^】]*)?】|[[(（［]${WORDS}\\s*[:：]?\\s*#?${NUMBERS}[\\])）］])`, "giu");

/** Return a text without the model's own numbers of sources. */
export const withoutOwnNumbers = (text) => text.replace(OWN, "");
