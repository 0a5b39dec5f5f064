// Show a document beside the answer, at the very words. In: a path and spans in code points. Out: the pane, filled
// with windows of the document's text as they are wanted, or with a PDF's page as a picture.
// What offsets mean is codepoints.js's; the text and the picture are the server's.

import { address, getBlob, getJson } from "./api.js";
import { lengthOf, pieces, unitsAt } from "./codepoints.js";
import { button, fill, h, icon, languageOf } from "./dom.js";
import { t } from "./i18n.js";
import { explained } from "./messages.js";
import { saveButton } from "./original.js";
import { announce, prefer, state, tell } from "./state.js";
import { stretches, tableOf } from "./table-text.js";

const AROUND = 4000; // code points before and after the words, at first
const WINDOW = 12000; // of each window that is fetched later
// A long line that breaks off within a sentence: before a small letter, or after one or a comma and before any letter.
const WRAP = /([^\n]{44}(?:[^\n](?=\n\p{Ll})|[\p{Ll},](?=\n[\p{L}\d])))\n/gu;
const NEAR = 800; // pixels from the edge at which the next window is fetched

/** @typedef {{ library: string, path: string, page: number | null, spans: { start: number, end: number }[], n: number, quotes: any[], words?: string, asked?: string }} Place  `words` are those of the answer, `asked` of the question */

/** Leave out what is cut of a table's first and last row: the next window has it. */
function aligned(got) {
  let { text, start, end } = got;
  const within = (place) => (got.tables ?? []).find((table) => table.start < place && place < table.end);
  if (within(start)) {
    const cut = text.indexOf("\n") + 1;
    if (cut > 0 && cut < text.length) {
      start += lengthOf(text.slice(0, cut));
      text = text.slice(cut);
    }
  }
  if (within(end)) {
    const cut = text.lastIndexOf("\n") + 1;
    if (cut > 0) {
      end -= lengthOf(text.slice(cut));
      text = text.slice(0, cut);
    }
  }
  return { ...got, text, start, end };
}

export class SourceView {
  /** @param {HTMLElement} pane @param {() => void} leave what the close button does */
  constructor(pane, leave) {
    this.pane = pane;
    this.leave = leave;
    /** @type {Place | null} */
    this.place = null;
    this.opener = null;
    this.turn = 0; // what was asked for since: a late reply to an older wish is dropped
  }

  get isOpen() {
    return this.place !== null;
  }

  /**
   * @param {Place} place
   * @param {{ by: HTMLElement | null, focus: boolean, next?: ((step: number) => void) | null }} how `next` goes to another citation
   */
  async open(place, { by, focus, next = null }) {
    const same = this.place?.path === place.path && this.place?.library === place.library;
    this.opener = by;
    this.place = place;
    this.next = next;
    this.turn += 1;
    if (!same) this.info = null;
    this.pageShown = null;
    this.draw();
    tell("source", true);
    if (focus) this.title.focus();
    await this.load();
  }

  close() {
    if (!this.place) return;
    this.place = null;
    this.turn += 1;
    this.release();
    tell("source", false);
    fill(this.pane);
    if (this.opener?.isConnected) this.opener.focus();
  }

  get isPdf() {
    const { path } = this.place;
    return this.info ? this.info.pages.length > 0 && /\.pdf$/i.test(path) : /\.pdf$/i.test(path) && this.place.page !== null;
  }

  get asPage() {
    return this.isPdf && state.preferences.sourceAs === "page";
  }

  /** Draw the pane again, in another language or another form. */
  draw() {
    const { path, n } = this.place;
    const at = path.lastIndexOf("/") + 1;
    this.title = h("h2", { tabindex: "-1" }, at ? h("span", { class: "folder" }, path.slice(0, at)) : null, h("bdi", {}, path.slice(at)));
    this.subtitle = h("p", { class: "subtitle" });
    this.body = h("div", { class: "source-body", tabindex: "0", role: "region", "aria-label": t("sourceText") });
    const choice = this.isPdf ? h("div", { class: "choice", role: "group", "aria-label": t("showAs") }, ["text", "page"].map((kind) =>
      h("button", { type: "button", "aria-pressed": String((kind === "page") === this.asPage), onclick: () => this.showAs(kind) }, t(kind === "text" ? "asText" : "asPage")))) : null;
    fill(this.pane,
      h("header", {}, n ? h("span", { class: "n", "aria-hidden": "true" }, String(n)) : null, h("div", { class: "names" }, this.title, this.subtitle),
        h("div", { class: "tools" }, choice,
          this.next ? button({ icon: "up", label: t("previousCitation"), class: "quiet", onclick: () => this.next(-1) }) : null,
          this.next ? button({ icon: "down", label: t("nextCitation"), class: "quiet", onclick: () => this.next(1) }) : null,
          saveButton(this.place, (error) => this.fail(error)),
          button({ icon: "close", label: t("closeSource"), class: "quiet close", onclick: () => this.leave() }))),
      this.body);
    this.pane.setAttribute("aria-label", t("sourceOf", { path }));
    this.tellPlace();
  }

  tellPlace() {
    const own = this.info?.pages.find((span) => span.start <= this.place.spans[0].start && this.place.spans[0].start < span.end);
    const page = (this.asPage && this.pageShown) || own?.label || this.place.page;
    this.subtitle.textContent = [page ? t("page", { page }) : "", this.place.n ? t("sourceN", { n: this.place.n }) : "", this.info?.characters ? t("characters", { n: this.info.characters }) : ""].filter(Boolean).join(" · ");
  }

  showAs(kind) {
    prefer({ sourceAs: kind });
    this.draw();
    this.pane.querySelector(".choice [aria-pressed='true']").focus();
    this.turn += 1;
    this.load();
  }

  async load() {
    const turn = this.turn;
    fill(this.body, h("p", { class: "hint loading" }, t("loading")));
    try {
      if (this.asPage) await this.loadPage(turn);
      else await this.loadText(turn);
    } catch (error) {
      if (turn === this.turn) this.fail(error);
    }
  }

  fail(error) {
    const { title, text, hint, lang } = explained(error);
    fill(this.body, h("div", { class: "failure" }, icon("warn"), h("div", {}, h("p", { class: "title" }, title), text ? h("p", { lang }, text) : null, hint ? h("p", { class: "hint" }, hint) : null,
      button({ class: "quiet", icon: "again", text: t("tryAgain"), onclick: () => this.load() }))));
    announce(title);
  }

  // --- as text ---------------------------------------------------------------------------------------------------

  async fetchText(start, end) {
    const { library, path } = this.place;
    return getJson(address(["api", "libraries", library, "text"], { path, start, end }));
  }

  async loadText(turn) {
    const { spans, quotes, path } = this.place;
    const first = Math.min(...spans.map((span) => span.start)), last = Math.min(Math.max(...spans.map((span) => span.end)), first + 50_000);
    const got = aligned(await this.fetchText(Math.max(0, first - AROUND), last + AROUND));
    if (turn !== this.turn) return;
    this.remember(got);
    const cited = spans.map(({ start, end }) => ({ start, end, kind: "cited" }));
    const found = (quotes ?? []).filter((quote) => quote.path === path).map(({ start, end }) => ({ start, end, kind: "found" }));
    const answers = (quotes ?? []).filter((quote) => quote.path === path && quote.span).map(({ span }) => ({ ...span, kind: "answers" }));
    this.ranges = [...cited, ...found, ...answers];
    this.shown = { start: got.start, end: got.start + lengthOf(got.text) };
    this.text = h("div", { class: this.info.pages.length ? "document paged" : "document", lang: languageOf(got.text) }, this.windowOf(got));
    this.earlier = button({ class: "quiet more", icon: "up", text: t("earlierText"), onclick: () => this.extend(-1) });
    this.later = button({ class: "quiet more", icon: "down", text: t("laterText"), onclick: () => this.extend(1) });
    fill(this.body, this.earlier, this.text, this.later);
    this.edges();
    this.show(this.text.querySelector("mark.cited"));
    this.body.onscroll = () => this.nearEdge();
    this.tellPlace();
  }

  remember(got) {
    const known = this.info ?? { pages: [], headings: [], tables: [] };
    const merge = (old, more) => [...new Map([...old, ...(more ?? [])].map((span) => [`${span.start} ${span.label}`, span])).values()];
    this.info = { characters: got.characters, pages: merge(known.pages, got.pages), headings: merge(known.headings, got.headings), tables: merge(known.tables, got.tables), format: got.format };
  }

  /** Bring the words into view, without moving the page around the pane. */
  show(mark) {
    if (!mark) return;
    const body = this.body.getBoundingClientRect(), place = mark.getBoundingClientRect();
    this.body.scrollTop += place.top - body.top - Math.max(40, (this.body.clientHeight - place.height) / 3);
  }

  /** @returns {Node[]} a window's pieces, marked, with a sign where a page begins */
  windowOf({ text, start }) {
    const nodes = [];
    let at = { units: 0, points: 0 };
    const cut = (place) => {
      const units = unitsAt(text, place - start, at), part = text.slice(at.units, units);
      at = { units, points: place - start };
      return part;
    };
    for (const { table, from, to } of stretches(text, start, this.info.tables)) {
      if (from < start + at.points) continue; // within another
      const before = start + at.points;
      nodes.push(...this.proseOf({ text: cut(from), start: before }));
      nodes.push(tableOf(cut(to), from, {
        table, format: this.info.format, ranges: this.ranges, words: this.place.words ?? "", asked: this.place.asked ?? "",
        draw: (words, place, ranges) => pieces(words, place, ranges).map(({ text: part, kinds }) => (kinds.includes("cited") ? h("mark", { class: "cited" }, part) : part)),
      }));
    }
    return [...nodes, ...this.proseOf({ text: text.slice(at.units), start: start + at.points })];
  }

  proseOf({ text, start }) {
    const pages = this.info.pages.filter((page) => page.end > page.start);
    const heads = this.headsOf(text, start);
    const begins = new Map(pages.map((page) => [page.start, page.label]));
    const nodes = [];
    for (const piece of pieces(text, start, [...this.ranges, ...heads, ...this.wrapsOf(text, start), ...pages.map((page) => ({ ...page, kind: "page" }))])) {
      if (begins.has(piece.start)) nodes.push(h("span", { class: "page-sign" }, t("page", { page: begins.get(piece.start) })));
      const kind = ["cited", "found"].find((name) => piece.kinds.includes(name));
      const inner = piece.kinds.includes("heading") ? h("b", {}, piece.text) : piece.kinds.includes("wrap") ? h("span", { class: "wrap" }, piece.text) : piece.text;
      const cited = kind === "cited" ? this.ranges.filter((range) => range.kind === kind) : [];
      const opens = cited.some((range) => range.start === piece.start), closes = cited.some((range) => range.end === piece.start + lengthOf(piece.text));
      nodes.push(kind ? h("mark", { class: kind, "data-before": opens ? t("markBegins") : null, "data-after": closes ? t("markEnds") : null }, inner) : inner instanceof Node ? inner : document.createTextNode(inner));
    }
    return nodes;
  }

  /** Return the ends of a PDF's lines within a sentence: the pane is not as wide as its page, and they show as spaces. */
  wrapsOf(text, start) {
    if (!this.info.pages.length) return [];
    const found = [];
    let at = { units: 0, points: 0 };
    for (const { index, 1: line } of text.matchAll(WRAP)) {
      const units = index + line.length;
      at = { units, points: at.points + lengthOf(text.slice(at.units, units)) };
      found.push({ start: start + at.points, end: start + at.points + 1, kind: "wrap" });
    }
    return found;
  }

  /** Return the lines that are headings: a section begins with its own. */
  headsOf(text, start) {
    const within = this.info.headings.map((span) => span.start).filter((place) => place >= start);
    const found = [];
    let at = { units: 0, points: 0 };
    for (const place of within.sort((a, b) => a - b)) {
      at = { units: unitsAt(text, place - start, at), points: place - start };
      if (at.units >= text.length) break;
      const line = text.slice(at.units, (text.indexOf("\n", at.units) + 1 || text.length + 1) - 1);
      found.push({ start: place, end: place + lengthOf(line), kind: "heading" });
    }
    return found;
  }

  edges() {
    this.earlier.hidden = this.shown.start <= 0;
    this.later.hidden = this.shown.end >= this.info.characters;
  }

  nearEdge() {
    const { scrollTop, clientHeight, scrollHeight } = this.body;
    if (!this.earlier.hidden && scrollTop < NEAR) this.extend(-1);
    else if (!this.later.hidden && scrollHeight - scrollTop - clientHeight < NEAR) this.extend(1);
  }

  /** Fetch the window before or after; what is in view stays where it is. */
  async extend(direction) {
    if (this.extending) return;
    this.extending = true;
    const turn = this.turn;
    try {
      const { start, end } = this.shown;
      const got = aligned(direction < 0 ? await this.fetchText(Math.max(0, start - WINDOW), start) : await this.fetchText(end, end + WINDOW));
      if (turn !== this.turn) return;
      this.remember(got);
      const nodes = this.windowOf(got);
      if (direction < 0) {
        const below = this.body.scrollHeight - this.body.scrollTop;
        this.text.prepend(...nodes);
        this.shown.start = got.start;
        this.edges();
        this.body.scrollTop = this.body.scrollHeight - below;
      } else {
        this.text.append(...nodes);
        const reached = got.start + lengthOf(got.text);
        this.shown.end = reached > end ? reached : this.info.characters;
        this.edges();
      }
    } catch (error) {
      announce(explained(error).title);
    } finally {
      this.extending = false;
    }
  }

  // --- as a page of a PDF ----------------------------------------------------------------------------------------

  async loadPage(turn) {
    const { library, path, spans } = this.place;
    if (!this.info) {
      const got = await this.fetchText(spans[0].start, spans[0].start + 1);
      if (turn !== this.turn) return;
      this.remember(got);
    }
    // The page of the words themselves: a passage may begin on the page before.
    const own = this.info.pages.find((span) => span.start <= spans[0].start && spans[0].start < span.end);
    const page = this.pageShown ?? (Number(own?.label) || 1);
    this.pageShown = page;
    this.tellPlace();
    const ownPage = page === Number(own?.label);
    const words = { start: Math.min(...spans.map((span) => span.start)), end: Math.max(...spans.map((span) => span.end)) };
    const { blob, headers } = await getBlob(address(["api", "libraries", library, "page"], { path, page, ...(words.end > words.start ? words : {}) }));
    if (turn !== this.turn) return;
    this.release();
    this.url = URL.createObjectURL(blob);
    const count = Number(headers.get("X-Page-Count")) || this.info.pages.length, marked = Number(headers.get("X-Marked"));
    const picture = h("img", { src: this.url, alt: t(marked ? "pageAltMarked" : "pageAlt", { page, path }), class: "page-picture" });
    const zoom = button({ icon: "zoom", label: t("zoom"), class: "quiet", "aria-pressed": "false", onclick: () => {
      zoom.setAttribute("aria-pressed", String(this.body.classList.toggle("large")));
    } });
    const turnTo = (step) => {
      this.pageShown = page + step;
      this.turn += 1;
      this.load().then(() => this.pane.querySelector(step < 0 ? ".page-back" : ".page-on")?.focus());
    };
    fill(this.body,
      h("div", { class: "page-tools" },
        button({ icon: "left", label: t("previousPage"), class: "quiet page-back", disabled: page <= 1, onclick: () => turnTo(-1) }),
        h("span", { class: "count" }, t("pageOf", { page, n: count })),
        button({ icon: "right", label: t("nextPage"), class: "quiet page-on", disabled: page >= count, onclick: () => turnTo(1) }), zoom),
      ownPage && !marked && words.end > words.start ? h("p", { class: "hint" }, t("notMarked")) : null,
      picture);
    const top = Number(headers.get("X-Marked-Top"));
    await picture.decode().catch(() => {});
    if (turn === this.turn && marked) this.body.scrollTop = Math.max(0, picture.offsetTop + top * picture.clientHeight - this.body.clientHeight / 3);
  }

  release() {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = null;
  }
}
