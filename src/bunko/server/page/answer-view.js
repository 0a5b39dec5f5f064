// Show one answer as it comes: evidence first, then words, then marks, notes and times. In: a Lane. Out: an element.
// Asks nothing of the server; opens sources through `open`.

import { Streaming, drawComplete } from "./answer-words.js";
import { pieces } from "./codepoints.js";
import { add, button, fill, h, icon, languageOf } from "./dom.js";
import { date, duration, number, t } from "./i18n.js";
import { drawn } from "./markdown.js";
import { explained, told } from "./messages.js";
import { announce } from "./state.js";
import { waterfall } from "./waterfall.js";

/** @typedef {import("./turns.js").Lane} Lane */
/** @typedef {{ path: string, page: number | null, spans: { start: number, end: number }[], n: number, quotes: any[] }} Source */

/** Join lines that were broken within Japanese, where a space would part a word; other breaks are spaces anyway. */
const unwrapped = (text) => text.replace(/([\u3041-\u30ff\u4e00-\u9fff、])\n(?=[\u3041-\u30ff\u4e00-\u9fff])/g, "$1");

/** A heading of Markdown stands above its card already; alone, it loses its signs. */
const withoutHashes = (text) => text.replace(/^(?:#{1,6} +[^\n]+\n+)+(?=\S)/, "").replace(/^#{1,6} +/, "");

/** A quote with the words marked that answer. `start` is where it begins in the document, in code points. */
const marked = (words, start, span) => pieces(words, start, [{ ...span, kind: "answers" }])
  .map(({ text, kinds }) => (kinds.length ? h("mark", { class: "answers" }, unwrapped(text)) : unwrapped(text)));

const TABLE = /^\s*\|.*\|\s*\n\s*\|[\s:|-]+\|\s*$/m; // a quote with a table of Markdown

/** A row of a table: its sheet, and each cell under the name of its column. */
function rowCard({ row, span }, show) {
  const answers = (cell) => span && (cell === span.text.trim() || (cell.length > 2 && span.text.includes(cell)));
  const cells = row.cells.map((cell, n) => (cell ? h("div", {}, h("dt", {}, row.columns[n] || "\u2013"), h("dd", { lang: languageOf(cell) }, answers(cell) ? h("mark", { class: "answers" }, cell) : cell)) : null));
  return h("div", { class: "row-card", onclick: show }, h("p", { class: "sheet" }, row.sheet), h("dl", {}, cells));
}

const REMEMBERED = /^You asked this on .*--no-cache asks again\.$/; // the page says so itself, with a button
const SHOWN = 6; // quotes before "show all": a survey may have hundreds

export class AnswerView {
  /**
   * @param {Lane} lane
   * @param {{ heading: string, fresh?: boolean, open: (source: Source, by: HTMLElement) => void, again: () => void, anew: () => void }} how
   *   `heading` names the lane in a comparison
   */
  constructor(lane, { heading, open, again, anew, fresh = false }) {
    Object.assign(this, { lane, open, again, anew, fresh });
    this.status = h("p", { class: "status" });
    this.thoughts = h("div", { class: "thoughts" });
    this.reasoning = h("details", { class: "fold reasoning", hidden: true }, h("summary", {}, t("reasoning")), this.thoughts);
    this.lead = h("h3", { class: "lead", hidden: true }, t("noShortAnswer"));
    this.words = h("div", { class: "answer" });
    this.streaming = new Streaming(this.words);
    this.after = h("div", { class: "after" });
    this.quotes = h("div", { class: "evidence" });
    this.times = h("div", { class: "times" });
    this.element = h("section", { class: "lane", "aria-label": heading || t("answer") },
      heading ? h("h3", { class: "lane-name" }, heading) : null,
      this.status, this.reasoning, this.lead, this.words, this.after, this.quotes, this.times);
    this.draw();
  }

  /** Draw what has changed. */
  update(event) {
    if (event === "text") this.writeOn();
    else if (event === "reasoning") this.thinkOn();
    else this.draw();
    if (event === "retrieved") announce(t("announceEvidence", { n: this.lane.evidence.length }));
    if (event === "finished") announce(`${t(this.lane.result?.refused ? "announceRefused" : "announceAnswer")} ${this.lane.text}`);
    if (event === "error") announce(explained(this.lane.error).title);
    if (event === "stopped") announce(t("stopped"));
  }

  /** Draw the words that have come, at most once for each picture of the screen. */
  writeOn() {
    if (this.drawn !== this.lane.state) this.draw();
    else if (!this.waiting) this.waiting = requestAnimationFrame(() => this.drawWords());
  }

  thinkOn() {
    this.thoughts.textContent = this.lane.reasoning;
    this.thoughts.lang = languageOf(this.lane.reasoning);
    if (this.reasoning.hidden || this.drawn !== this.lane.state) this.draw();
  }

  draw() {
    const { lane } = this;
    this.drawn = lane.state;
    this.element.dataset.state = lane.state;
    this.element.setAttribute("aria-busy", String(!["done", "stopped", "failed"].includes(lane.state)));
    this.drawStatus();
    this.reasoning.hidden = !lane.reasoning;
    this.thoughts.textContent = lane.reasoning;
    this.thoughts.lang = languageOf(lane.reasoning);
    this.drawWords();
    this.drawQuotes();
    fill(this.after, lane.state === "done" ? [this.translation(), this.notes(), this.nearest()] : null, lane.error ? this.failure() : null, lane.state === "stopped" ? this.halted() : null);
    if (lane.state === "done" && !this.times.childElementCount) add(this.times, this.foot());
  }

  drawStatus() {
    const { lane } = this;
    const words = {
      waiting: () => t("waiting"), queued: () => t("queued", { n: lane.position }), searching: () => t(lane.variant.library ? "searching" : "thinkingAlone"),
      reading: () => t("reading", { n: lane.evidence.length }), thinking: () => t("thinking"), writing: () => t("writing"),
    }[lane.state];
    this.status.hidden = !words;
    fill(this.status, words ? [h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), words()] : null);
  }

  drawWords() {
    const { lane } = this;
    if (this.waiting) cancelAnimationFrame(this.waiting);
    this.waiting = 0;
    this.words.hidden = !lane.text.trim();
    this.lead.hidden = !lane.result?.closest_quote;
    this.words.classList.toggle("refused", Boolean(lane.result?.refused));
    if (lane.state === "done") drawComplete(this.words, lane, (mark) => this.cite(mark));
    else this.streaming.write(lane);
  }

  /** A citation: a button with the source's number. @param {import("./marks.js").Mark} mark */
  cite({ n, verified, citations }) {
    const [{ path, page }] = citations;
    const words = { n, path, page: page ?? "" };
    const label = `${t(page === null ? "citeLabel" : "citeLabelPage", words)}${verified ? "" : ` (${t("unverified")})`}`;
    return h("button", {
      type: "button", class: verified ? "cite" : "cite unverified", "aria-label": label, title: label,
      onclick: (event) => this.open({ path, page, spans: citations, n, quotes: this.lane.evidence, words: this.lane.text }, event.currentTarget),
    }, String(n), verified ? null : "?");
  }

  drawQuotes() {
    const { lane } = this;
    const refused = lane.state === "done" && lane.result.refused;
    if (refused || !lane.evidence.length) {
      fill(this.quotes);
      return;
    }
    const cited = new Set((lane.result?.citations ?? []).map((citation) => citation.n));
    const items = lane.evidence.map((quote, index) => this.card(quote, quote.quote, index + 1, lane.state === "done" && !cited.has(index + 1)));
    const list = h("ol", { class: "quotes" }, items.slice(0, SHOWN));
    const rest = items.slice(SHOWN);
    const more = rest.length ? button({ class: "more", text: t("showAll", { n: items.length }), onclick: () => (add(list, rest), more.remove(), rest[0].querySelector("button").focus()) }) : null;
    fill(this.quotes, h("h3", {}, t(lane.state === "done" ? "sources" : "found")), list, more);
  }

  /** A quote that opens its source. */
  card(place, words, n, aside) {
    const { path, page, start, end } = place;
    const show = (event) => this.open({ path, page, spans: [{ start, end }], n: aside === null ? 0 : n, quotes: this.lane.evidence, words: this.lane.text }, event.currentTarget.closest("li").querySelector("button"));
    const [folder, name] = [path.slice(0, path.lastIndexOf("/") + 1), path.slice(path.lastIndexOf("/") + 1)];
    const label = t(page === null ? "openSource" : "openSourcePage", { n, path, page: page ?? "" });
    return h("li", { class: aside === null ? "card near" : aside ? "card aside" : "card" },
      h("button", { type: "button", class: "place", "aria-label": label, onclick: show },
        aside === null ? null : h("span", { class: "n" }, String(n)),
        h("span", { class: "path" }, folder ? h("span", { class: "folder" }, folder) : null, h("bdi", {}, name)),
        page === null ? null : h("span", { class: "page" }, t("page", { page })), place.row ? h("span", { class: "page" }, t("row", { n: place.row.row })) : null),
      place.row ? rowCard(place, show) : TABLE.test(words) ? h("div", { class: "quoted" }, drawn(withoutHashes(words.trim()), { quoted: true })) : h("blockquote", { lang: languageOf(words), onclick: show }, place.span ? marked(words, start, place.span) : unwrapped(withoutHashes(words.trim()))),
      place.gives_orders ? h("p", { class: "warning" }, icon("warn"), t("givesOrders")) : null);
  }

  nearest() {
    const { lane } = this;
    if (!lane.result.refused || !lane.hits.length) return null;
    return h("section", { class: "evidence nearest" }, h("h3", {}, t("nearest")), h("p", { class: "hint" }, t("nearestHint")),
      h("ul", { class: "quotes" }, lane.hits.slice(0, 3).map((hit, index) => this.card(hit, hit.text, index + 1, null))));
  }

  translation() {
    const all = this.lane.result.translation ?? [];
    if (!all.length) return null;
    return h("div", { class: "translation" }, h("h3", {}, t("translation")),
      h("p", { lang: all[0].language }, all.map((item) => [item.text, item.complete ? null : h("span", { class: "no-source" }, icon("warn"), t("incomplete")), all[0].language === "ja" ? "" : " "])));
  }

  notes() {
    const { result } = this.lane;
    const said = (result.notes ?? []).filter((note) => !(result.remembered && REMEMBERED.test(note)));
    const lines = said.map((note) => {
      const { text, lang } = told(note);
      return text && h("li", { lang }, icon("note"), h("span", {}, text));
    });
    if (result.remembered) {
      lines.push(h("li", {}, icon("history"), h("span", {}, t("remembered", { date: date(result.remembered.at * 1000) }), " ", button({ class: "link", text: t("askAnew"), onclick: this.anew }))));
    }
    return lines.some(Boolean) ? h("ul", { class: "notes", "aria-label": t("notes") }, lines) : null;
  }

  failure() {
    const { title, text, hint, lang, said } = explained(this.lane.error);
    return h("div", { class: "failure" }, icon("warn"), h("div", {}, h("p", { class: "title" }, title), text ? h("p", { lang }, text) : null, hint ? h("p", { class: "hint", lang: languageOf(hint) }, hint) : null,
      said ? h("details", { class: "fold" }, h("summary", {}, t("serverSaid")), h("p", { lang: languageOf(said) }, said)) : null,
      button({ class: "quiet", text: t("tryAgain"), icon: "again", onclick: this.again })));
  }

  halted() {
    return h("p", { class: "halted" }, t("stopped"), " ", button({ class: "link", text: t("tryAgain"), onclick: this.again }));
  }

  foot() {
    const { result, variant } = this.lane;
    const timings = result.timings_ms ?? {};
    const { cited = 0, quoted = 0, searched = 0 } = result.documents ?? {};
    const facts = [
      variant.library && searched && !result.refused ? t("fromDocuments", { n: cited, cited: number(cited), quoted: number(quoted), searched: number(searched) }) : null,
      result.model,
      result.usage?.completion_tokens ? t("tokens", { n: result.usage.completion_tokens }) : null,
    ].filter(Boolean);
    const total = timings.total ?? 0;
    const copy = button({ class: "quiet small", icon: "copy", text: t("copy"), onclick: () => this.copy(copy) });
    return [
      h("details", { class: "fold" }, h("summary", {}, t("took", { time: duration(total) })), Object.keys(timings).length ? waterfall(timings) : null),
      h("p", { class: "facts" }, facts.flatMap((fact, n) => [n ? h("span", { class: "dot", "aria-hidden": "true" }, " · ") : null, h("span", {}, fact)])),
      copy,
    ];
  }

  async copy(by) {
    const words = by.querySelector("span");
    try {
      await navigator.clipboard.writeText(this.lane.text);
      words.textContent = t("copied");
    } catch {
      words.textContent = t("notCopied");
    }
    announce(words.textContent);
    setTimeout(() => (words.textContent = t("copy")), 2000);
  }
}
