// List the conversations that were kept, and choose where they are. In: a keeper. Out: an element.

import { ApiError } from "./api.js";
import { button, fill, h, icon, languageOf } from "./dom.js";
import { date, t } from "./i18n.js";
import { keeper } from "./keeping.js";
import { explained } from "./messages.js";
import { announce, prefer, state } from "./state.js";

export class HistoryView {
  /** @param {{ open: (conversation: any) => void, kept: () => Promise<void> }} how `kept` keeps the present one after a change of place */
  constructor(how) {
    this.how = how;
    this.element = h("section", { class: "view history", "aria-labelledby": "history-title" });
  }

  draw() {
    this.list = h("ul", { class: "history-list" });
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
      h("fieldset", { class: "keeping" }, h("legend", {}, t("keepWhere")), choices), this.list, this.actions);
    this.load();
  }

  async choose(place) {
    prefer({ keeping: place });
    try {
      await this.how.kept();
    } catch (error) {
      this.fail(error);
      return;
    }
    this.load();
  }

  async load() {
    const { keeping } = state.preferences;
    const wish = (this.wish = Symbol("wish"));
    let all = [];
    try {
      all = await keeper(keeping).list(state.library);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (wish !== this.wish) return;
    fill(this.list, all.map((one) => this.item(one)));
    const all_ = t(keeping === "server" ? "deleteAllServer" : "deleteAllBrowser");
    fill(this.actions, all.length ? button({ class: "quiet danger", icon: "trash", text: t("deleteAll"), onclick: (event) => this.confirm(event.currentTarget, all_, () => keeper(keeping).clear(state.library)) }) : h("span", { class: "hint" }, t(keeping === "off" ? "nothingKept" : "nothingYet")));
  }

  item(one) {
    const library = state.libraries.find(({ name }) => name === one.library)?.title ?? one.library;
    const remove = button({ class: "quiet", icon: "trash", label: t("deleteOne", { title: one.title }), onclick: async () => {
      const next = item.nextElementSibling ?? item.previousElementSibling;
      try {
        await keeper(state.preferences.keeping).remove(one.id, one.library);
      } catch (error) {
        this.fail(error);
        return;
      }
      announce(t("deleted"));
      if (state.conversation?.id === one.id) state.conversation.id = "";
      await this.load();
      const buttons = [...this.list.querySelectorAll(".path")];
      (buttons.find((button_) => button_.textContent === next?.querySelector(".path")?.textContent) ?? buttons[0] ?? this.element.querySelector("input:checked"))?.focus();
    } });
    const item = h("li", {},
      h("button", { type: "button", class: "path", lang: languageOf(one.title), onclick: () => this.open(one) }, one.title || t("untitled")),
      h("p", { class: "facts" }, date(one.updated), " · ", library || t("withoutDocuments")), remove);
    return item;
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

  /** Ask once more before all are deleted: the button becomes two. */
  confirm(by, words, act) {
    const no = button({ class: "quiet", text: t("cancel"), onclick: () => (this.load(), announce(t("cancel"))) });
    const yes = button({ class: "danger primary", icon: "trash", text: words, onclick: async () => {
      try {
        await act();
      } catch (error) {
        this.fail(error);
        return;
      }
      if (state.conversation) state.conversation.id = "";
      announce(t("deleted"));
      this.load();
    } });
    by.replaceWith(yes, no);
    no.focus();
  }

  fail(error) {
    const { title, text, hint } = error.type ? explained(error) : { title: t("error_Storage"), text: "", hint: "" };
    fill(this.list, h("li", { class: "failure" }, icon("warn"), h("div", {}, h("p", { class: "title" }, title), h("p", {}, text, " ", hint))));
    announce(title);
  }
}
