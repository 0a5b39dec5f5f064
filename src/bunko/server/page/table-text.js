// Find the rows and cells of a table in a document's text, and draw them. In: text with its place. Out: elements.
// Offsets are code points of the document. How rows are written: src/bunko/rows/sheets.py.

import { lengthOf } from "./codepoints.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";

const PLAIN = ["csv", "parquet"]; // with " | " between the cells; the others have tables of Markdown
const RULE = /^[|\s:-]+$/;

/** @typedef {{ text: string, start: number }} Cell */

/** Cut a line into cells, each with its place. @returns {Cell[]} */
export function cellsOf(line, start, format) {
  const cells = [];
  const add = (from, to) => {
    const raw = line.slice(from, to), gap = raw.length - raw.trimStart().length;
    cells.push({ text: raw.trim(), start: start + lengthOf(line.slice(0, from + gap)) });
  };
  if (PLAIN.includes(format)) {
    let at = 0;
    for (let to = line.indexOf(" | "); to >= 0; to = line.indexOf(" | ", at)) {
      add(at, to);
      at = to + 3;
    }
    add(at, line.length);
    return cells;
  }
  const begin = /^\s*\|?/.exec(line)[0].length, end = line.length - (/(?<!\\)\|\s*$/.exec(line)?.[0].length ?? 0);
  let at = begin;
  for (const edge of line.slice(0, end).matchAll(/(?<!\\)\|/g)) {
    if (edge.index < begin) continue;
    add(at, edge.index);
    at = edge.index + 1;
  }
  if (end >= at) add(at, end);
  return cells;
}

/** Return the stretches of a window that are tables, in order, as UTF-16 and as code points. */
export function stretches(text, start, tables) {
  const end = start + lengthOf(text);
  return tables.filter((table) => table.start < end && table.end > start && table.end > table.start).sort((a, b) => a.start - b.start)
    .map((table) => ({ table, from: Math.max(table.start, start), to: Math.min(table.end, end) }));
}

/**
 * Draw a stretch of a table.
 * @param {string} text of the stretch
 * @param {number} start where it begins in the document
 * @param {{ table: any, format: string, ranges: { start: number, end: number, kind: string }[], words: string, asked: string,
 *   draw: (text: string, start: number, ranges: any[]) => Node[] }} how `words` are those of the answer: a cell that has them is the one that is meant
 */
export function tableOf(text, start, { table, format, ranges, words, asked, draw }) {
  let at = start;
  const rows = [];
  for (const line of text.split("\n")) {
    if (line.trim() && !(!PLAIN.includes(format) && RULE.test(line))) rows.push({ start: at, end: at + lengthOf(line), cells: cellsOf(line, at, format) });
    at += lengthOf(line) + 1;
  }
  const isHead = start <= table.start;
  const head = isHead ? rows.shift()?.cells ?? [] : cellsOf(table.label, -1e9, format);
  const cited = ranges.filter((range) => range.kind === "cited");
  const touches = (one, range) => range.start < one.end && range.end > one.start;
  const body = rows.map((row) => {
    const own = cited.filter((range) => touches(row, range));
    const said = own.length ? row.cells.filter((cell) => isMeant(cell, words, ranges)) : [];
    const fresh = said.filter((cell) => !asked.toLowerCase().includes(cell.text.toLowerCase()));
    const meant = fresh.length ? fresh : said;
    const cells = row.cells.map((cell) => h("td", {}, draw(cell.text, cell.start, meant.length ? (meant.includes(cell) ? [{ start: cell.start, end: cell.start + lengthOf(cell.text), kind: "cited" }] : []) : cited)));
    return h("tr", { class: own.length ? "cited-row" : null }, cells);
  });
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("sourceTable") }, h("table", {},
    h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, cell.text)))), h("tbody", {}, body)));
}

/** Whether a cell has the words that answer: those that a reader marked, else those that stand in the answer. */
function isMeant({ text, start }, words, ranges) {
  const end = start + lengthOf(text), marks = ranges.filter((range) => range.kind === "answers");
  if (!text) return false;
  if (marks.length) return marks.some((range) => range.start < end && range.end > start);
  const at = words.toLowerCase().indexOf(text.toLowerCase());
  if (at < 0) return false;
  const beside = `${words[at - 1] ?? " "}${words[at + text.length] ?? " "}`;
  return !/^[\p{L}\p{N}]/u.test(text) || !/[A-Za-z0-9]/.test(beside) || /[\u3041-\u9fff]/.test(text);
}
