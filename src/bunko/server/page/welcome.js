// What stands on the page before the first question: how the library is, and what could be asked. In: the library.
// Out: an element.

import { address, getJson } from "./api.js";
import { add, button, fill, h, languageOf } from "./dom.js";
import { inLanguage, language, number, t } from "./i18n.js";
import { makeForm } from "./libraries-dialog.js";
import { currentLibrary, state } from "./state.js";
import { drawProgress } from "./syncing.js";

const QUESTIONS = 4;

/** @param {{ ask: (question: string) => void, failed: () => void, made: (library: any) => void, choose: () => void, take: (files: File[]) => void }} how */
export function welcome(how) {
  const library = currentLibrary();
  if (!library && !state.libraries.length && state.about.libraries !== "fixed") return h("div", { class: "welcome" }, h("h1", {}, t("welcomeFirst")), h("p", {}, t("welcomeFirstHint")), chooser(how), makeForm(how, "h2"));
  const empty = library && library.documents === 0 && library.state !== "indexing" && !library.progress;
  const chips = h("p", { class: "chips", hidden: true });
  const element = h("div", { class: "welcome" }, h("h1", {}, t("welcome")), h("p", { class: "about" }), h("p", { class: "sync", hidden: true }), chips);
  refresh(element, how);
  if (empty && state.about.upload.allowed) add(element, h("p", {}, button({ class: "primary", icon: "upload", text: t("chooseFiles"), onclick: how.choose })));
  if (library && !empty) suggest(chips, library, how);
  return element;
}

/** Choose files, which make the first library as files that are dropped do. */
function chooser(how) {
  if (!state.about.upload.allowed) return null;
  const input = h("input", { type: "file", id: "first-files", class: "only-read", multiple: true, tabindex: "-1", "aria-label": t("chooseFiles"), accept: (state.about.upload.suffixes ?? []).join(","), onchange: () => how.take([...input.files]) });
  return h("p", {}, input, button({ class: "primary", icon: "upload", text: t("chooseFiles"), onclick: () => input.click() }));
}

/** Draw again what changes while a library is indexed; the rest stays, and so does the focus. */
export function refresh(element, how) {
  const library = currentLibrary(), about = element.querySelector(".about");
  if (!about) return;
  const empty = library && library.documents === 0 && library.state !== "indexing" && !library.progress;
  const words = library
    ? library.state === "indexing" ? t("welcomeIndexing", { title: library.title }) : empty ? t("welcomeEmpty") : t("welcomeLibrary", { title: library.title, n: library.documents, chunks: number(library.chunks ?? 0) })
    : t("welcomeAlone");
  fill(about, words, " ", failedLink(library, how.failed));
  drawProgress(element.querySelector(".sync"), library);
}

/** "3 could not be read", which leads to them. */
export function failedLink(library, failed) {
  return library?.failed ? button({ class: "link failed-count", text: t("notReadCount", { n: library.failed }), onclick: failed }) : null;
}

async function suggest(chips, library, how) {
  let topics = [];
  try {
    ({ topics } = await getJson(address(["api", "libraries", library.name, "topics"])));
  } catch {
    // The general questions are enough.
  }
  if (!chips.isConnected && chips.parentElement === null) return;
  const questions = [...topics.slice(0, QUESTIONS).map(({ heading }) => questionOn(heading)), t("suggestion1"), t("suggestion2")].slice(0, QUESTIONS + 1);
  fill(chips, questions.map((words) => button({ class: "chip", text: words, lang: languageOf(words), onclick: () => how.ask(words) })));
  chips.hidden = false;
}

/** A question on a heading, in the language of either the heading or the page where that is Japanese. */
function questionOn(heading) {
  return inLanguage(languageOf(heading) === "ja" ? "ja" : language(), "suggestTopic", { heading });
}

