// One document in the list: open it, save the original, unlock it, delete it. In: a document as the server lists it.
// Out: an element.

import { address, getJson } from "./api.js";
import { button, fill, freshId, h, icon } from "./dom.js";
import { date, size, t } from "./i18n.js";
import { explained, isLocked, told, toldHint } from "./messages.js";
import { saveButton } from "./original.js";
import { announce, state } from "./state.js";

/** @param {any} document @param {{ open: (document: any, by: HTMLElement) => void, changed: () => void, chosen: () => void }} how */
export function documentItem(document, how) {
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
  const extra = h("div", { class: "extra" });
  return h("li", { class: failed ? "document failed" : "document", "data-path": document.path },
    failed ? null : tick(document.path, how.chosen),
    failed ? h("p", { class: "path" }, name) : h("button", { type: "button", class: "path", onclick: (event) => how.open(document, event.currentTarget) }, name),
    h("div", { class: "acts" }, actions(document, extra, how)),
    h("p", { class: "facts" }, failed ? h("span", { class: "tag warn" }, icon("warn"), t("notRead")) : null, facts.flatMap((fact, n) => [n ? h("span", { class: "dot", "aria-hidden": "true" }, " · ") : null, h("span", {}, fact)])),
    reason ? h("p", { class: "reason" }, h("span", { lang: reason.lang }, reason.text), " ", hint?.text ? h("span", { class: "hint", lang: hint.lang }, hint.text) : null, failed && isLocked(document.error) ? unlock(document, how) : null) : null,
    extra);
}

/** Ask this document, or these, alone. */
function tick(path, chosen) {
  return h("input", { type: "checkbox", class: "tick", checked: state.only.has(path), "aria-label": t("askOnly", { path }), title: t("askOnly", { path }), onchange: (event) => {
    if (event.currentTarget.checked) state.only.add(path);
    else state.only.delete(path);
    chosen();
  } });
}

function actions(document, extra, how) {
  const { path } = document, file = document.file || path;
  const save = saveButton({ library: state.library, path, file }, (error) => fail(extra, error));
  const remove = state.about.upload.allowed ? button({ class: "quiet", icon: "trash", label: t("deleteFile", { path: file }), onclick: () => confirm(document, extra, remove, how) }) : null;
  return [save, remove];
}

/** Ask once more: the file itself is deleted, and what else is in it. */
function confirm(document, extra, by, how) {
  const { path } = document, file = document.file || path;
  const no = button({ class: "quiet", text: t("cancel"), onclick: () => (fill(extra), by.focus()) });
  const yes = button({ class: "danger primary", icon: "trash", text: t("deleteNow"), onclick: async () => {
    try {
      await getJson(address(["api", "libraries", state.library, "files"], { path }), { method: "DELETE" });
    } catch (error) {
      fail(extra, error);
      return;
    }
    state.only.delete(path);
    announce(t("deleted"));
    how.changed();
  } });
  fill(extra, h("p", { class: "sure" }, t(file === path ? "deleteSure" : "deleteSureWhole", { path: file })), h("p", { class: "line" }, yes, no));
  no.focus();
}

/** A field for the password of a locked file; the server forgets it when it ends. */
function unlock(document, how) {
  const id = freshId("password");
  const field = h("input", { type: "password", id, autocomplete: "off", required: true, maxlength: "500" });
  const failed = h("span", { role: "alert" });
  return h("form", { class: "unlock", onsubmit: async (event) => {
    event.preventDefault();
    fill(failed);
    try {
      await getJson(address(["api", "libraries", state.library, "passwords"]), { method: "POST", body: { passwords: [field.value] } });
      field.value = "";
      how.changed();
    } catch (error) {
      const { title, text } = explained(error);
      fill(failed, text || title);
    }
  } }, h("label", { for: id }, t("passwordFor")), h("span", { class: "line" }, field, h("button", { type: "submit", class: "primary" }, icon("key"), t("unlock"))), h("span", { class: "hint" }, t("passwordHint")), failed);
}

function fail(extra, error) {
  const { title, text, hint } = explained(error);
  fill(extra, h("div", { class: "failure" }, icon("warn"), h("div", {}, h("p", { class: "title" }, title), h("p", {}, text, " ", hint))));
  announce(title);
}
