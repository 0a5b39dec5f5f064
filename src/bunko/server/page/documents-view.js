// List the documents of a library, with what could not be read and why; take files in. In: the library's name.
// Out: an element. Sending files and following a sync is adding.js's.

import { Adding } from "./adding.js";
import { address, getJson } from "./api.js";
import { add, button, fill, h, icon, languageOf } from "./dom.js";
import { date, size, t } from "./i18n.js";
import { explained, told, toldHint } from "./messages.js";
import { announce, currentLibrary, state } from "./state.js";

const PAGE = 100;
const PAUSE_MS = 200; // after the last key, before the search

export class DocumentsView {
  /** @param {{ open: (place: any, by: HTMLElement) => void, changed: () => void }} how */
  constructor(how) {
    this.how = how;
    this.query = "";
    this.kind = "all";
    this.element = h("section", { class: "view documents", "aria-labelledby": "documents-title" });
    this.adding = new Adding({ changed: () => (this.load(), how.changed()) });
  }

  draw() {
    const library = currentLibrary();
    this.search = h("input", { type: "search", id: "document-search", placeholder: t("searchDocuments"), "aria-label": t("searchDocuments"), value: this.query, oninput: () => this.typed() });
    this.count = h("p", { class: "count", role: "status" });
    this.list = h("ul", { class: "document-list" });
    this.more = button({ class: "quiet more", text: t("showMore"), hidden: true, onclick: () => this.load(true) });
    const kinds = ["all", "read", "failed"].map((kind) => h("button", {
      type: "button", "aria-pressed": String(kind === this.kind), "data-kind": kind, onclick: () => this.choose(kind),
    }, t(`kind_${kind}`)));
    fill(this.element,
      h("h1", { id: "documents-title" }, t("documents")),
      library ? h("p", { class: "lead" }, library.title, " · ", t("documentCount", { n: library.documents })) : h("p", { class: "lead" }, t("noLibrary")),
      library ? [this.adding.draw(), h("div", { class: "filters" }, h("div", { class: "search" }, icon("search"), this.search), h("div", { class: "choice", role: "group", "aria-label": t("filter") }, kinds)), this.count, this.list, this.more] : null);
    if (library) this.load();
  }

  typed() {
    clearTimeout(this.pause);
    this.pause = setTimeout(() => {
      this.query = this.search.value.trim();
      this.load();
    }, PAUSE_MS);
  }

  choose(kind) {
    this.kind = kind;
    for (const one of this.element.querySelectorAll("[data-kind]")) one.setAttribute("aria-pressed", String(one.dataset.kind === kind));
    this.load();
  }

  async load(more = false) {
    const offset = more ? this.list.childElementCount : 0;
    const wish = (this.wish = Symbol("wish"));
    const path = address(["api", "libraries", state.library, "documents"], { query: this.query, state: this.kind, offset, limit: PAGE });
    let got;
    try {
      got = await getJson(path);
    } catch (error) {
      if (wish !== this.wish) return;
      const { title, text, hint } = explained(error);
      fill(this.list, h("li", { class: "failure" }, icon("warn"), h("div", {}, h("p", { class: "title" }, title), h("p", {}, text, " ", hint), button({ class: "quiet", icon: "again", text: t("tryAgain"), onclick: () => this.load() }))));
      return;
    }
    if (wish !== this.wish) return;
    const items = got.documents.map((document) => this.item(document));
    if (more) add(this.list, items);
    else fill(this.list, items);
    this.more.hidden = this.list.childElementCount >= got.total;
    this.count.textContent = got.total ? t("shownCount", { n: got.total }) : t(this.query || this.kind !== "all" ? "noneFound" : "noDocuments");
    if (more) items[0]?.querySelector("button")?.focus();
  }

  item(document) {
    const failed = Boolean(document.error);
    const bytes = document.bytes ?? document.size;
    const facts = [
      failed ? null : (document.format ?? "").toUpperCase(),
      document.pages ? t("pages", { n: document.pages }) : null,
      document.chunks ? t("passages", { n: document.chunks }) : null,
      bytes ? size(bytes) : null,
      document.modified ? date(document.modified * 1000) : null,
    ].filter(Boolean);
    const at = document.path.lastIndexOf("/") + 1;
    const name = [at ? h("span", { class: "folder" }, document.path.slice(0, at)) : null, h("bdi", {}, document.path.slice(at))];
    const reason = failed ? told(document.error) : null, hint = failed && document.hint ? toldHint(document.hint) : null;
    return h("li", { class: failed ? "document failed" : "document" },
      failed ? h("p", { class: "path" }, name) : h("button", { type: "button", class: "path", onclick: (event) => this.open(document, event.currentTarget) }, name),
      h("p", { class: "facts" }, failed ? h("span", { class: "tag warn" }, icon("warn"), t("notRead")) : null, facts.flatMap((fact, n) => [n ? h("span", { class: "dot", "aria-hidden": "true" }, " · ") : null, h("span", {}, fact)])),
      reason ? h("p", { class: "reason" }, h("span", { lang: reason.lang }, reason.text), " ", hint ? h("span", { class: "hint", lang: hint.lang }, hint.text) : null) : null);
  }

  open(document, by) {
    this.how.open({ library: state.library, path: document.path, page: document.pages ? 1 : null, spans: [{ start: 0, end: 0 }], n: 0, quotes: [] }, by);
  }

  /** Take files that were dropped anywhere on the page. */
  take(files) {
    if (!state.library) announce(t("noLibrary"));
    else this.adding.take(files);
  }
}

