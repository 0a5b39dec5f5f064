// List the documents of a library, with what could not be read and why; take files in. In: the library's name.
// Out: an element. Sending files and following a sync is adding.js's.

import { Adding } from "./adding.js";
import { address, getJson } from "./api.js";
import { documentItem } from "./document-item.js";
import { add, button, fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { explained } from "./messages.js";
import { announce, currentLibrary, state } from "./state.js";
import { drawProgress } from "./syncing.js";
import { failedLink } from "./welcome.js";

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
      h("p", { class: "lead" }, t("noLibrary")), h("p", { class: "sync indexing", hidden: true }),
      library ? [this.scope = h("p", { class: "scope", hidden: true }), this.adding.draw(), h("div", { class: "filters" }, h("div", { class: "search" }, icon("search"), this.search), h("div", { class: "choice", role: "group", "aria-label": t("filter") }, kinds)), this.count, this.list, this.more] : null);
    this.refresh();
    if (!library) return;
    this.tellScope();
    this.load();
  }

  /** Draw how the library is: how many documents, how many not read, how far the index is. */
  refresh() {
    const library = currentLibrary(), lead = this.element.querySelector(".lead");
    if (!library || !lead) return;
    const link = failedLink(library, () => this.choose("failed"));
    fill(lead, library.title, " · ", t("documentCount", { n: library.documents }), link ? [" · ", link] : null);
    drawProgress(this.element.querySelector(".indexing"), library);
  }

  /** Say which documents alone are asked. */
  tellScope() {
    const n = state.only.size;
    this.scope.hidden = !n;
    fill(this.scope, n ? [t("onlyThese", { n, path: [...state.only][0] }), " ", h("a", { class: "link", href: "#ask" }, t("askThese")), " ", button({ class: "link", text: t("askAllDocuments"), onclick: () => {
      state.only.clear();
      for (const tick of this.element.querySelectorAll(".tick")) tick.checked = false;
      this.tellScope();
      this.search.focus();
    } })] : null);
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
      if (error.type === "NotIndexed") {
        fill(this.list);
        this.count.textContent = t("noDocuments"); // the first files are being read
        return;
      }
      const { title, text, hint } = explained(error);
      fill(this.list, h("li", { class: "failure" }, icon("warn"), h("div", {}, h("p", { class: "title" }, title), h("p", {}, text, " ", hint), button({ class: "quiet", icon: "again", text: t("tryAgain"), onclick: () => this.load() }))));
      return;
    }
    if (wish !== this.wish) return;
    const items = got.documents.map((document) => documentItem(document, { open: (one, by) => this.open(one, by), changed: () => this.adding.plan(() => this.adding.follow()), chosen: () => this.tellScope() }));
    if (more) add(this.list, items);
    else fill(this.list, items);
    this.more.hidden = this.list.childElementCount >= got.total;
    this.count.textContent = got.total ? t("shownCount", { n: got.total }) : t(this.query || this.kind !== "all" ? "noneFound" : "noDocuments");
    if (more) items[0]?.querySelector("button")?.focus();
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

