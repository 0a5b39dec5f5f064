// The history: where conversations are kept, and those that were. In: a list of them. Out: an element.

import { button, fill, h } from "./dom.js";
import { ConversationList } from "./conversation-list.js";
import { t } from "./i18n.js";
import { keeper } from "./keeping.js";
import { announce, prefer, state } from "./state.js";

export class HistoryView {
  /** @param {{ open: (conversation: any) => void, renamed: (id: string, title: string) => void, kept: () => Promise<void> }} how `kept` keeps the present one after a change of place */
  constructor(how) {
    this.how = how;
    this.element = h("section", { class: "view history", "aria-labelledby": "history-title" });
    this.conversations = new ConversationList({ open: how.open, renamed: how.renamed, kind: "whole", counted: (n) => this.count(n) });
  }

  draw() {
    this.actions = h("p", { class: "actions" });
    const { keeping } = state.preferences;
    const places = ["off", "browser", ...(state.about.history === "allowed" ? ["server"] : [])];
    const choices = places.map((place) => {
      const id = `keep-${place}`;
      return h("div", { class: "option" },
        h("input", { type: "radio", name: "keeping", id, value: place, checked: place === keeping, onchange: () => this.choose(place) }),
        h("label", { for: id }, h("b", {}, t(`keep_${place}`)), h("span", { class: "hint" }, t(`keep_${place}_hint`))));
    });
    fill(this.element, h("h1", { id: "history-title" }, t("history")),
      h("fieldset", { class: "keeping" }, h("legend", {}, t("keepWhere")), choices), this.conversations.element, this.actions);
    this.load();
  }

  async choose(place) {
    prefer({ keeping: place });
    try {
      await this.how.kept();
    } catch (error) {
      this.conversations.fail(error);
      return;
    }
    this.load();
  }

  load() {
    return this.conversations.load();
  }

  count(n) {
    const { keeping } = state.preferences;
    const all = t(keeping === "server" ? "deleteAllServer" : "deleteAllBrowser");
    fill(this.actions, n ? button({ class: "quiet danger", icon: "trash", text: t("deleteAll"), onclick: (event) => this.confirm(event.currentTarget, all) }) : h("span", { class: "hint" }, t(keeping === "off" ? "nothingKept" : "nothingYet")));
  }

  /** Ask once more before all are deleted: the button becomes two. */
  confirm(by, words) {
    const no = button({ class: "quiet", text: t("cancel"), onclick: () => (this.load(), announce(t("cancel"))) });
    const yes = button({ class: "danger primary", icon: "trash", text: words, onclick: async () => {
      try {
        await keeper(state.preferences.keeping).clear(state.library);
      } catch (error) {
        this.conversations.fail(error);
        return;
      }
      if (state.conversation) state.conversation.id = "";
      announce(t("deleted"));
      this.load();
    } });
    by.replaceWith(yes, no);
    no.focus();
  }
}
