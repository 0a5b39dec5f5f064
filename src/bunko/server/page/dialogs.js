// The dialogs: settings, help, and the token. They are the browser's own, which keep the focus and close on Escape.

import { button, fill, freshId, h } from "./dom.js";
import { language, t } from "./i18n.js";
import { prefer, state } from "./state.js";

/** Open a dialog of the page's form. @returns {HTMLDialogElement} */
export function dialog(name, title, ...children) {
  const id = freshId("dialog");
  const element = h("dialog", { class: name, "aria-labelledby": id });
  const close = button({ class: "quiet", icon: "close", label: t("close"), onclick: () => element.close() });
  fill(element, h("header", {}, h("h2", { id }, title), name === "token" ? null : close), children);
  element.addEventListener("close", () => element.remove());
  element.addEventListener("click", (event) => {
    if (event.target === element && name !== "token") element.close(); // beside it
  });
  document.body.append(element);
  element.showModal();
  return element;
}

/** A labelled select whose choice is remembered. */
function choice(name, options, { label = t(`set_${name}`), hint = "" } = {}) {
  const id = freshId("set"), about = hint ? freshId("hint") : null;
  const value = state.preferences[name];
  return h("div", { class: "row" }, h("label", { for: id }, label),
    h("select", { id, "aria-describedby": about, onchange: (event) => prefer({ [name]: event.currentTarget.value }) },
      options.map(([key, words, lang]) => h("option", { value: key, selected: key === value, lang }, words))),
    hint ? h("p", { class: "hint", id: about }, hint) : null);
}

/** What the user wants to tell the model with every question. */
function instructions() {
  const id = freshId("set"), about = freshId("hint");
  const field = h("textarea", { id, rows: "2", maxlength: "20000", "aria-describedby": about, onchange: () => prefer({ instructions: field.value.trim() }) });
  field.value = state.preferences.instructions;
  return h("div", { class: "row" }, h("label", { for: id }, t("set_instructions")), field, h("p", { class: "hint", id: about }, t("instructionsHint")));
}

export function openSettings() {
  const { about } = state;
  const models = about.models.map((name) => [name === about.default_model ? "" : name, name]);
  const keys = freshId("set");
  dialog("settings", t("settings"),
    h("h3", {}, t("answers")),
    models.length > 1 ? choice("model", models) : h("div", { class: "row" }, h("span", { class: "label" }, t("set_model")), h("span", {}, about.default_model)),
    choice("answerLanguage", [["", t("asQuestion")], ["en", "English", "en"], ["ja", "日本語", "ja"]]),
    choice("style", ["auto", "extractive", "free"].map((key) => [key, t(`style_${key}`)]), { hint: t("styleHint") }),
    choice("length", [["", t("length_usual")], ["short", t("length_short")], ["long", t("length_long")]], { hint: t("lengthHint") }),
    instructions(),
    choice("strictness", [["", t("strictness_usual")], ["0", t("strictness_0")], ["0.25", t("strictness_low")], ["0.75", t("strictness_high")], ["1", t("strictness_1")]], { hint: t("strictnessHint") }),
    choice("think", ["auto", "off", "low", "high"].map((key) => [key, t(`think_${key}`)]), { hint: t("thinkHint") }),
    choice("translation", [["", t("translation_none")], ["auto", t("translation_auto")]], { hint: t("translationHint") }),
    h("h3", {}, t("interface")),
    choice("language", [["", `${t("asBrowser")}`], ["en", "English", "en"], ["ja", "日本語", "ja"]], { label: t("set_language") }),
    choice("theme", [["", t("asSystem")], ["light", t("light")], ["dark", t("dark")]]),
    h("div", { class: "row check" }, h("input", { type: "checkbox", id: keys, checked: state.preferences.keys, onchange: (event) => prefer({ keys: event.currentTarget.checked }) }), h("label", { for: keys }, t("set_keys"))),
    h("p", { class: "hint" }, t("settingsKept")));
}

const KEYS = [
  ["/", "key_ask"], ["Enter", "key_send"], ["Shift Enter", "key_line"], ["Esc", "key_escape"], ["← →", "key_arrows"],
  ["n", "key_new"], ["d", "key_documents"], ["h", "key_history"], ["a", "key_answers"], ["?", "key_help"],
];

export function openHelp() {
  dialog("help", t("help"),
    h("table", { class: "keys" }, h("caption", { class: "only-read" }, t("keys")), h("tbody", {}, KEYS.map(([keys, words]) =>
      h("tr", {}, h("th", { scope: "row" }, keys.split(" ").map((key) => [h("kbd", {}, key), " "])), h("td", {}, t(words)))))),
    h("h3", {}, t("signs")),
    h("dl", { class: "signs" },
      h("dt", {}, h("span", { class: "cite" }, "1")), h("dd", {}, t("sign_cite")),
      h("dt", {}, h("span", { class: "cite unverified" }, "1?")), h("dd", {}, t("sign_unverified")),
      h("dt", {}, h("span", { class: "unsupported" }, t("sign_words"))), h("dd", {}, t("sign_unsupported"))),
    h("p", { class: "hint" }, t("helpPrivacy")));
}

/** Ask for the token; resolves with it. @returns {Promise<string>} */
export function askToken(wrong) {
  return new Promise((resolve) => {
    document.querySelector("dialog.token")?.remove();
    const field = h("input", { type: "password", id: "token", autocomplete: "off", required: true, spellcheck: "false", "aria-describedby": "token-hint", lang: language() });
    const element = dialog("token", t("tokenTitle"), h("form", { method: "dialog", onsubmit: (event) => {
      event.preventDefault();
      element.close();
      resolve(field.value.trim());
    } }, h("p", { id: "token-hint", class: "hint" }, t(wrong ? "tokenWrong" : "tokenHint")),
    h("label", { for: "token" }, t("token")), field, h("button", { type: "submit", class: "primary" }, t("tokenGo"))));
    element.addEventListener("cancel", (event) => event.preventDefault());
    field.focus();
  });
}
