// List the conversations that were kept: search, open, pin, rename and delete. In: a keeper. Out: an element.
// It stands beside the questions, and in the history.

import { ApiError } from "./api.js";
import { button, fill, h, icon, languageOf } from "./dom.js";
import { date, t } from "./i18n.js";
import { keeper } from "./keeping.js";
import { explained } from "./messages.js";
import { announce, state } from "./state.js";

export class ConversationList {
  /** @param {{ open: (conversation: any) => void, renamed: (id: string, title: string) => void, counted?: (n: number) => void, kind: "side" | "whole" }} how
   *    `kind`: "side" is the short form beside the questions */
  constructor(how) {
    this.how = how;
    this.query = "";
    this.list = h("ul", { class: "history-list" });
    this.search = h("input", { type: "search", oninput: () => (this.query = this.search.value.trim().toLowerCase(), this.show()) });
    this.field = h("div", { class: "search" }, icon("search"), this.search);
    this.element = h("div", { class: `conversations ${how.kind}` }, this.field, this.list);
    this.all = [];
  }

  async load() {
    for (const [name, value] of [["aria-label", t("searchConversations")], ["placeholder", t("searchConversations")]]) this.search.setAttribute(name, value);
    const wish = (this.wish = Symbol("wish"));
    try {
      const all = await keeper(state.preferences.keeping).list(state.library);
      if (wish !== this.wish) return;
      this.all = all;
    } catch (error) {
      this.fail(error);
      return;
    }
    this.show();
    this.how.counted?.(this.all.length);
  }

  show() {
    const found = this.all.filter(({ title, words = "" }) => !this.query || `${title.toLowerCase()}\n${words}`.includes(this.query));
    const shown = [...found.filter(({ pinned }) => pinned), ...found.filter(({ pinned }) => !pinned)];
    this.field.hidden = this.all.length < 2;
    fill(this.list, shown.map((one) => this.item(one, Boolean(one.pinned))), this.query && !shown.length ? h("li", { class: "none" }, t("noConversation")) : null);
  }

  item(one, pinned) {
    const title = one.title || t("untitled");
    const library = state.libraries.find(({ name }) => name === one.library)?.title ?? one.library;
    const current = state.conversation?.id === one.id;
    const name = h("button", { type: "button", class: "path", lang: languageOf(title), "aria-current": current ? "true" : null, onclick: () => this.open(one) }, title);
    const item = h("li", { class: pinned ? "pinned" : null, "data-id": one.id }, pinned ? icon("pin") : null, name,
      h("p", { class: "facts" }, date(one.updated), " · ", library || t("withoutDocuments")),
      h("div", { class: "acts" },
        button({ class: "quiet", icon: "pin", label: t(pinned ? "unpin" : "pin", { title }), "aria-pressed": String(pinned), "data-act": "pin", onclick: () => this.pin(one) }),
        button({ class: "quiet", icon: "edit", label: t("renameOne", { title }), "data-act": "rename", onclick: () => this.rename(one, item, name) }),
        button({ class: "quiet", icon: "trash", label: t("deleteOne", { title }), "data-act": "delete", onclick: () => this.remove(one, item) })));
    return item;
  }

  focusOn(id, act) {
    this.list.querySelector(`[data-id="${CSS.escape(id)}"] [data-act=${act}]`)?.focus();
  }

  async pin(one) {
    try {
      await keeper(state.preferences.keeping).pin(one.id, one.library, !one.pinned);
    } catch (error) {
      this.fail(error);
      return;
    }
    one.pinned = !one.pinned;
    announce(t(one.pinned ? "pinnedNow" : "unpinned"));
    this.show();
    this.focusOn(one.id, "pin");
  }

  /** The name becomes a field: Enter keeps, Escape leaves it as it was. */
  rename(one, item, name) {
    const field = h("input", { type: "text", class: "rename", maxlength: "200", value: one.title, "aria-label": t("newName") });
    let left = false;
    const leave = async (keep) => {
      if (left) return;
      left = true;
      const title = field.value.trim();
      if (keep && title && title !== one.title) {
        try {
          await keeper(state.preferences.keeping).rename(one.id, one.library, title);
          this.how.renamed(one.id, title);
          announce(t("renamed"));
        } catch (error) {
          this.fail(error);
          return;
        }
        await this.load();
      } else this.show();
      this.focusOn(one.id, "rename");
    };
    field.addEventListener("keydown", (event) => {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "Enter" || event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        leave(event.key === "Enter");
      }
    });
    field.addEventListener("blur", () => leave(true));
    name.replaceWith(field);
    item.classList.add("renaming");
    field.focus();
    field.select();
  }

  async remove(one, item) {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    const id = next?.dataset.id;
    try {
      await keeper(state.preferences.keeping).remove(one.id, one.library);
    } catch (error) {
      this.fail(error);
      return;
    }
    announce(t("deleted"));
    if (state.conversation?.id === one.id) state.conversation.id = "";
    await this.load();
    const after = (id && this.list.querySelector(`[data-id="${CSS.escape(id)}"] .path`)) || this.list.querySelector(".path");
    (after ?? document.querySelector(".keeping input:checked") ?? document.getElementById("question"))?.focus();
  }

  async open(one) {
    try {
      const conversation = await keeper(state.preferences.keeping).get(one.id, one.library);
      if (!conversation) throw new ApiError({ type: "Gone" });
      this.how.open(conversation);
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error) {
    const { title, text, hint } = error.type ? explained(error) : { title: t("error_Storage"), text: "", hint: "" };
    fill(this.list, h("li", { class: "failure" }, icon("warn"), h("div", {}, h("p", { class: "title" }, title), h("p", {}, text, " ", hint))));
    announce(title);
  }
}
