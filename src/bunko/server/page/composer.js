// Where questions are written: the field, send and stop, what to compare with. In: key strokes. Out: `ask(question)`.

import { button, fill, h } from "./dom.js";
import { language, t } from "./i18n.js";
import { prefer, state } from "./state.js";

export class Composer {
  /** @param {{ ask: (question: string) => void, stop: () => void, settings: () => void, fresh: () => void, save: () => Node }} how `save` returns the menu by which a conversation is saved */
  constructor(how) {
    this.how = how;
    this.field = h("textarea", {
      id: "question", rows: "1", autocomplete: "off", enterkeyhint: "send",
      onkeydown: (event) => this.key(event), oninput: () => this.grow(),
    });
    this.element = h("form", { class: "composer", onsubmit: (event) => (event.preventDefault(), this.send()) });
    this.draw();
  }

  draw() {
    const running = state.running !== null;
    const follows = (state.conversation?.turns.length ?? 0) > 0;
    this.field.placeholder = follows ? t("placeholderFollow") : state.library ? t("placeholder") : t("placeholderAlone");
    this.field.lang = language();
    this.submit = running
      ? button({ class: "go stop", icon: "stop", label: t("stop"), onclick: () => this.how.stop() })
      : h("button", { type: "submit", class: "go", "aria-label": t("send"), title: t("send") }, button({ icon: "send", label: "" }).firstChild);
    const had = this.element.contains(document.activeElement) ? document.activeElement.dataset?.name ?? document.activeElement.className : null;
    fill(this.element,
      h("label", { class: "only-read", for: "question" }, t("question")),
      this.scope(),
      h("div", { class: "field" }, this.field, this.submit),
      h("div", { class: "options" },
        follows ? button({ class: "quiet small", icon: "add", text: t("newConversation"), "data-name": "fresh", onclick: () => this.how.fresh() }) : null,
        this.model(),
        this.compare(),
        follows ? this.how.save() : null,
        button({ class: "quiet small", icon: "settings", text: t("settings"), "data-name": "settings", onclick: () => this.how.settings() }),
        h("span", { class: "keys-hint", "aria-hidden": "true" }, running ? t("escHint") : follows ? "" : t("enterHint"))));
    if (had === "") this.field.focus();
    else if (had) (this.element.querySelector(`[data-name="${had}"]`) ?? (had.startsWith("go") ? this.submit : null))?.focus();
  }

  /** The model that answers, and a choice among those that the server has. */
  model() {
    const { models, default_model: usual } = state.about;
    if (!models.length) return null;
    if (models.length === 1) return h("span", { class: "model", title: t("set_model") }, h("span", { class: "only-read" }, `${t("set_model")}: `), usual);
    const now = models.includes(state.preferences.model) ? state.preferences.model : usual;
    return h("label", { class: "compare model", title: t("modelAsked") }, h("select", { "data-name": "model", "aria-label": t("modelAsked"), onchange: (event) => prefer({ model: event.currentTarget.value === usual ? "" : event.currentTarget.value }) },
      models.map((name) => h("option", { value: name, selected: name === now }, name))));
  }

  /** The documents that are asked alone, if any are. */
  scope() {
    const n = state.only.size;
    if (!n || !state.library) return null;
    return h("p", { class: "scope" }, h("span", {}, t("onlyThese", { n, path: [...state.only][0] })), " ",
      button({ class: "link", text: t("askAllDocuments"), onclick: () => (state.only.clear(), this.draw(), this.field.focus()) }));
  }

  compare() {
    const others = comparisons();
    if (!others.length) return null;
    const { compare } = state.preferences;
    return h("label", { class: "compare" }, h("span", {}, t("compareWith")), " ", h("select", { "data-name": "compare", onchange: (event) => prefer({ compare: event.currentTarget.value }) },
      h("option", { value: "", selected: !compare }, t("compareNothing")),
      others.map(({ key, name }) => h("option", { value: key, selected: key === compare }, name))));
  }

  key(event) {
    // While Japanese is being converted, Enter accepts the conversion; Safari tells so by the code 229 only.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.send();
  }

  send() {
    const question = this.field.value.trim();
    if (!question || state.running) return;
    this.field.value = "";
    this.grow();
    this.how.ask(question);
  }

  write(text) {
    this.field.value = text;
    this.grow();
    this.field.focus();
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 200)}px`;
  }
}

/** Return what the present choice can be compared with. @returns {{ key: string, name: string, variant: import("./turns.js").Variant }[]} */
export function comparisons() {
  const { about, library, preferences } = state;
  const model = preferences.model || about.default_model;
  const alone = library ? [{ key: "alone", name: t("withoutDocuments"), variant: { library: "", model } }] : [];
  const models = about.models.filter((name) => name !== model).map((name) => ({ key: `model:${name}`, name, variant: { library, model: name } }));
  const libraries = state.libraries.filter((one) => one.name !== library).map((one) => ({ key: `library:${one.name}`, name: one.title, variant: { library: one.name, model } }));
  return [...alone, ...models, ...libraries];
}

/** Return the variants that a question is put to: one, or two. */
export function variants() {
  const other = comparisons().find(({ key }) => key === state.preferences.compare);
  const model = state.about.models.includes(state.preferences.model) ? state.preferences.model : "";
  const here = { library: state.library, model: other ? model || state.about.default_model : model };
  return other ? [here, other.variant] : [here];
}
