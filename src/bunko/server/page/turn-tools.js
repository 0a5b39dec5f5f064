// Ask a question again, or change it. In: a turn. Out: buttons, and a field in the question's place.

import { button, h } from "./dom.js";
import { t } from "./i18n.js";
import { state } from "./state.js";

/**
 * @param {import("./turns.js").Turn} turn
 * @param {HTMLElement} heading of the question
 * @param {{ again: (turn: any) => void, edited: (turn: any, question: string) => void }} how
 */
export function turnTools(turn, heading, how) {
  const edit = button({ class: "quiet small", icon: "edit", label: t("editQuestion"), "data-act": "edit", onclick: () => state.running || change(turn, heading, edit, how) });
  return h("div", { class: "turn-tools" }, edit,
    button({ class: "quiet small", icon: "again", label: t("askAgain"), "data-act": "again", onclick: () => state.running || how.again(turn) }));
}

function change(turn, heading, by, how) {
  const field = h("textarea", { "aria-label": t("editQuestion"), rows: "2", onkeydown: (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      leave();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  } });
  field.value = turn.question;
  const form = h("form", { class: "edit", onsubmit: (event) => (event.preventDefault(), send()) }, field,
    h("p", { class: "hint" }, t("editHint")),
    h("p", { class: "line" }, h("button", { type: "submit", class: "primary" }, t("send")), button({ class: "quiet", text: t("cancel"), onclick: () => leave() })));
  const leave = () => {
    form.remove();
    heading.classList.remove("only-read");
    by.parentElement.hidden = false;
    by.focus();
  };
  const send = () => {
    const question = field.value.trim();
    if (question) how.edited(turn, question);
  };
  heading.classList.add("only-read"); // headings leave out no level
  heading.after(form);
  by.parentElement.hidden = true;
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}
