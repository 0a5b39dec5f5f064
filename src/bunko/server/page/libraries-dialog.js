// Make a library, choose a folder of the server's machine, remove a library. In: what the server allows. Out: a dialog.

import { address, getJson } from "./api.js";
import { dialog } from "./dialogs.js";
import { button, fill, freshId, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { explained } from "./messages.js";
import { announce, currentLibrary, state } from "./state.js";

/** @param {{ made: (library: any) => void, removed: (name: string) => void }} how */
export function openLibraries(how) {
  const element = dialog("libraries", t("libraries"), makeForm({ ...how, made: (library) => (element.close(), how.made(library)) }), removal({ ...how, removed: (name) => (element.close(), how.removed(name)) }));
  element.querySelector("input")?.focus();
  return element;
}

/** The forms that make a library; also those of the empty page. */
export function makeForm(how, heading = "h3") {
  const failed = h("div", { role: "alert" });
  return h("div", { class: "make" }, newForm(how, failed, heading), state.about.libraries === "any" ? folderForm(how, failed) : h("p", { class: "hint" }, t("folderNeedsToken")), failed);
}

/** Make a library on the server. @returns {Promise<any>} */
export function makeLibrary(body) {
  return getJson("/api/libraries", { method: "POST", body });
}

async function attempt(how, failed, body) {
  fill(failed);
  try {
    const library = await makeLibrary(body);
    announce(t("libraryMade", { title: library.title }));
    how.made(library);
  } catch (error) {
    show(failed, error);
  }
}

function show(failed, error) {
  const { title, text, hint } = explained(error);
  fill(failed, h("div", { class: "failure" }, icon("warn"), h("div", {}, h("p", { class: "title" }, title), h("p", {}, [text, hint].filter(Boolean).join(" ")))));
}

function newForm(how, failed, heading) {
  const id = freshId("name");
  const field = h("input", { type: "text", id, maxlength: "100", required: true, autocomplete: "off" });
  return h("form", { onsubmit: (event) => (event.preventDefault(), attempt(how, failed, { name: field.value.trim() })) },
    h(heading, {}, t("newLibrary")), h("label", { for: id }, t("libraryName")),
    h("div", { class: "line" }, field, h("button", { type: "submit", class: "primary" }, icon("add"), t("makeLibrary"))), h("p", { class: "hint" }, t("newLibraryHint")));
}

/** Walk through the folders of the server's machine. */
function folderForm(how, failed) {
  const id = freshId("folder");
  const field = h("input", { type: "text", id, autocomplete: "off", spellcheck: "false", onchange: () => walk(field.value) });
  const list = h("ul", { class: "folders" });
  const walk = async (path) => {
    fill(failed);
    try {
      const found = await getJson(address(["api", "folders"], { path }));
      field.value = found.path;
      const step = (name, words, drawing, lang) => h("li", {}, h("button", { type: "button", class: "quiet", lang, onclick: () => walk(name).then(() => list.querySelector("button")?.focus()) }, icon(drawing), h("bdi", {}, words)));
      fill(list, found.parent ? step(found.parent, t("folderUp"), "up") : null, found.folders.map((name) => step(`${found.path.replace(/\/$/, "")}/${name}`, name, "folder")));
    } catch (error) {
      show(failed, error);
    }
  };
  const opened = h("details", { class: "fold", ontoggle: () => opened.open && !list.childElementCount && walk("") }, h("summary", {}, t("chooseFolder")),
    h("form", { onsubmit: (event) => (event.preventDefault(), attempt(how, failed, { folder: field.value.trim() })) },
      h("label", { for: id }, t("folderPath")), h("div", { class: "line" }, field, h("button", { type: "submit", class: "primary" }, t("useFolder"))), list, h("p", { class: "hint" }, t("folderHint"))));
  return opened;
}

function removal(how) {
  const library = currentLibrary();
  if (!library) return null;
  const failed = h("div", { role: "alert" });
  const words = { title: library.title };
  const row = h("p", { class: "line" });
  const ask = () => fill(row, button({ class: "quiet danger", icon: "trash", text: t("removeLibrary", words), onclick: () => {
    const no = button({ class: "quiet", text: t("cancel"), onclick: () => (ask(), row.querySelector("button").focus()) });
    fill(row, button({ class: "danger primary", icon: "trash", text: t("removeNow"), onclick: async () => {
      try {
        await getJson(address(["api", "libraries", library.name]), { method: "DELETE" });
        announce(t("libraryRemoved", words));
        how.removed(library.name);
      } catch (error) {
        show(failed, error);
      }
    } }), no);
    no.focus();
  } }));
  ask();
  return h("section", {}, h("h3", {}, t("removeTitle")), row, h("p", { class: "hint" }, t("removeHint")), failed);
}
