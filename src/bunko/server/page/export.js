// Write a conversation as Markdown: questions as headings, answers with footnotes that name path, page and offsets.
// Pure, but for `save`, which hands the file to the browser.

import { answerMarkdown } from "./export-answer.js";
import { date, number, t } from "./i18n.js";
import { titleOf } from "./turns.js";

/** Signs that Markdown would read: text of a model or a document stays text, and makes no link and loads no picture. */
const SIGNS = /[\\`*_[\]<>|~#!]/g;
const LINE_START = /^(\s*)([-+=]|\d+[.)])(?=\s|$)/gm;
const ADDRESS = /\b(https?|ftp|file|data|javascript)(?=:)|\bwww(?=\.)/gi;

/** @param {string} text */
export function escaped(text) {
  return text
    .replace(SIGNS, "\\$&")
    .replace(LINE_START, (_, gap, sign) => `${gap}${sign.length > 1 ? `${sign.slice(0, -1)}\\${sign.at(-1)}` : `\\${sign}`}`)
    .replace(ADDRESS, (word) => `${word}<!-- -->`); // so that no reader makes a link of it
}

/** @param {import("./turns.js").Conversation} conversation @param {(lane: any, turn: any) => string} nameOf */
export function markdown(conversation, nameOf) {
  const notes = [];
  const parts = [`# ${escaped(oneLine(titleOf(conversation) || t("untitled")))}`, `*${escaped([conversation.library || t("withoutDocuments"), date(conversation.updated || Date.now())].join(" · "))}*`];
  for (const turn of conversation.turns) {
    parts.push(`## ${escaped(oneLine(turn.question))}`);
    for (const lane of turn.lanes) {
      if (turn.lanes.length > 1) parts.push(`### ${escaped(nameOf(lane, turn))}`);
      parts.push(...laneParts(lane, notes));
    }
  }
  return `${[...parts, notes.join("\n")].filter(Boolean).join("\n\n")}\n`;
}

function laneParts(lane, notes) {
  if (!lane.result) return [escaped(lane.text), `*${t(lane.state === "stopped" ? "stopped" : "error_Error")}*`];
  const { result } = lane;
  const text = answerMarkdown(lane, { escaped, note: (mark) => note(mark, notes), noSource: t("noSource") });
  const quotes = result.refused ? [] : lane.evidence.map((quote, n) => `> ${n + 1}. ${escaped(oneLine(quote.row ? rowWords(quote.row) : quote.quote))}\n> — ${placeOf(quote)}`);
  const model = [result.model, result.timings_ms?.total ? t("took", { time: `${number(result.timings_ms.total / 1000, 1)} s` }) : ""].filter(Boolean).join(" · ");
  return [result.closest_quote ? `**${t("noShortAnswer")}**` : "", text, quotes.join("\n>\n"), model ? `<small>${escaped(model)}</small>` : ""];
}

function note({ verified, citations }, notes) {
  return citations.map((citation) => {
    notes.push(`[^${notes.length + 1}]: ${placeOf(citation)}: “${escaped(oneLine(citation.quote))}”${verified ? "" : ` (${t("unverified")})`}`);
    return `[^${notes.length}]`;
  }).join("");
}

/** Return where words stand: path, page, offsets in code points. */
export function placeOf({ path, page, start, end, row }) {
  return [`\`${path.replace(/[`\r\n]/g, "'")}\``, page === null || page === undefined ? "" : t("page", { page }), row ? t("row", { n: row.row }) : "", t("offsets", { start: String(start), end: String(end) })].filter(Boolean).join(", ");
}

/** Return a row in one line, as the terminal has it. */
export function rowWords({ sheet, columns, cells }) {
  const pairs = cells.map((cell, n) => (cell ? [columns[n], cell].filter(Boolean).join(": ") : "")).filter(Boolean);
  return [sheet, pairs.join(" · ")].filter(Boolean).join(" › ");
}

const oneLine = (text) => text.replace(/\s+/g, " ").trim();

/** Hand a text to the browser as a file. */
export function save(name, text, type = "text/markdown") {
  saveBlob(name, new Blob([text], { type: `${type};charset=utf-8` }));
}

/** @param {Blob} blob */
export function saveBlob(name, blob) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Return a name for the file: letters of the title, whatever their script. */
export function fileName(title, ending = "md") {
  const words = title.normalize("NFKC").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
  return `${Array.from(words).slice(0, 60).join("") || "bunko"}.${ending}`;
}
