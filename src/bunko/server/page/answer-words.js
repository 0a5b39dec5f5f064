// Draw the words of an answer as Markdown, as they come and when they are complete, with the marks of their sources.
// In: a Lane. Out: the element, filled. What a mark does is the caller's.

import { add, fill, h, icon, languageOf } from "./dom.js";
import { t } from "./i18n.js";
import { blocksOf, drawn } from "./markdown.js";
import { arranged, bySource, cleaned, sentencesOf, withoutOwnNumbers } from "./marks.js";

const BEGUN = / ?[[［【(（]\^?\d{0,2}$/; // a number of the model's own that is not complete yet

/** Draw an answer that is still being written; blocks that are the same as before stay as they are. */
export class Streaming {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.sources = [];
  }

  write(lane) {
    const text = shown(lane).replace(BEGUN, "");
    this.element.lang = languageOf(text);
    const blocks = blocksOf(text);
    const sources = blocks.map(({ start, end }) => text.slice(start, end));
    let same = 0;
    while (same < sources.length - 1 && same < this.sources.length && sources[same] === this.sources[same]) same += 1;
    while (this.element.childNodes.length > same) this.element.lastChild.remove();
    if (blocks.length) add(this.element, drawn(text.slice(blocks[same].start), { strip: stripOf(lane) }));
    this.sources = sources;
  }
}

const shown = (lane) => cleaned(lane.text.trim());
const stripOf = (lane) => (lane.variant.library ? withoutOwnNumbers : (words) => words);

/**
 * Draw a complete answer.
 * @param {HTMLElement} element
 * @param {import("./turns.js").Lane} lane
 * @param {(mark: import("./marks.js").Mark) => Node} cite
 */
export function drawComplete(element, lane, cite) {
  const { result } = lane;
  const text = shown(lane), quoted = isQuoted(text, lane);
  const judged = Boolean(lane.variant.library) && !result.refused;
  const { sentences, loose } = sentencesOf(text, result.citations ?? [], judged ? result.unsupported ?? [] : []);
  const { text: signed, whole, loose: more } = arranged(text, sentences, blocksOf(text, quoted));
  const holders = drawn(signed, {
    quoted, strip: stripOf(lane),
    isDoubtful: (n) => sentences[n].unsupported,
    marksOf: (n) => marksOf(sentences[n], cite),
  });
  for (const [n, all] of whole) add(holders[n] ?? element, support(all, cite));
  const last = holders.at(-1);
  if (last) add(last.lastElementChild ?? last, bySource([...loose, ...more].flatMap((mark) => mark.citations)).map(cite));
  element.lang = languageOf(text);
  fill(element, holders);
}

const MARKDOWN = /\.(?:md|markdown|mdx|qmd|rmd)$/i;
const flat = (text) => text.replace(/\s+/g, " ").trim();

/** Whether an answer has the words of documents, whose signs are to stay: lists of quotes among them. Those of Markdown are drawn. */
function isQuoted(text, { result, evidence }) {
  if (evidence.length && evidence.every(({ path }) => MARKDOWN.test(path))) return false;
  if (result.finish_reason === "none") return true;
  const quotes = evidence.map(({ quote }) => flat(quote));
  const lines = text.split("\n").map((line) => flat(withoutOwnNumbers(line.replace(/^\s*(?:[-*+]|\d+[.)])\s+/, ""))).replace(/[.。]$/, "")).filter(Boolean);
  return lines.length > 0 && lines.every((line) => quotes.some((quote) => quote.includes(line)));
}

/** One state of a sentence: its sources, the nearest ones, or none. */
function marksOf({ marks, unsupported }, cite) {
  return marks.length ? marks.map(cite) : unsupported ? [noSource("noSource")] : [];
}

const noSource = (words) => h("span", { class: "no-source" }, icon("warn"), t(words));

/** One mark for all that stands in a table, a list or code. */
function support(sentences, cite) {
  const good = bySource(sentences.filter((one) => !one.unsupported).flatMap((one) => one.marks.flatMap((mark) => mark.citations)));
  const doubtful = sentences.filter((one) => one.unsupported).length;
  return h("p", { class: "support", role: "group", "aria-label": t("support") }, good.map(cite), doubtful ? noSource(doubtful < sentences.length ? "partNoSource" : "noSource") : null);
}

