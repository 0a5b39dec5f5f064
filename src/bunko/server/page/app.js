// The page: begins here, and puts its parts together. No framework and nothing to build: these files are served as
// they are, as ES modules. All words of documents, models and people become text nodes (dom.js).
//
//   what it knows     state.js         libraries, preferences, the present conversation; events among the parts
//                     turns.js         what a conversation is, and what the server's events make of it (pure)
//   the server        api.js           JSON, server-sent events, uploads, the token
//                     asking.js        puts a question to one variant or several
//                     connection.js    waits for a server that can't be reached
//                     keeping.js       keeps conversations: nowhere, in the browser, on the server
//   drawing Markdown  answer-words.js, markdown.js, math.js; vendor/: markdown-it, KaTeX, DOMPurify
//   the answer        conversation-view.js   turns; answer-view.js: one answer; composer.js: where questions are written
//                     marks.js         which words of an answer a citation carries (pure)
//                     waterfall.js     where the time went
//   the source        source-view.js   a document at the very words; codepoints.js: offsets as the server counts (pure)
//   the library       documents-view.js  what is in it; adding.js, dropping.js: files on their way into it
//                     document-item.js, libraries-dialog.js; syncing.js: how far an index is; welcome.js: before the first question
//   the rest          history-view.js, conversation-list.js, turn-tools.js, saving.js (export.js, export-html.js),
//                     dialogs.js (settings, help, token), keys.js
//   words             i18n.js, strings.en.js, strings.ja.js; messages.js: what the server says, in this page's words
//   elements          dom.js; page.css, answer.css, source.css; early.js: colours and language before the first paint

import { askWith, getJson, takeToken } from "./api.js";
import { ask } from "./asking.js";
import { Composer, variants } from "./composer.js";
import { lost } from "./connection.js";
import { ConversationList } from "./conversation-list.js";
import { ConversationView, laneName } from "./conversation-view.js";
import { askToken, openHelp, openSettings } from "./dialogs.js";
import { DocumentsView } from "./documents-view.js";
import { button, fill, h, icon, s } from "./dom.js";
import { listenForFiles } from "./dropping.js";
import { HistoryView } from "./history-view.js";
import { chooseLanguage, t } from "./i18n.js";
import { keeper } from "./keeping.js";
import { listen, neighbour } from "./keys.js";
import { makeLibrary, openLibraries } from "./libraries-dialog.js";
import { explained } from "./messages.js";
import { saveMenu } from "./saving.js";
import { SourceView } from "./source-view.js";
import { announce, currentLibrary, hear, prefer, state } from "./state.js";
import { newConversation, newLane, newTurn, titleOf } from "./turns.js";

const VIEWS = ["ask", "documents", "history"];
const NARROW = matchMedia("(max-width: 60rem)"); // as in page.css: below, the source is a sheet over the page
const INDEXING_MS = 1000;

const top = document.getElementById("top"), main = document.getElementById("main"), pane = document.getElementById("source");
let byKeyboard = false, following = false;

const source = new SourceView(pane, closeSource);
const conversation = new ConversationView({
  open: openSource, again: askAgain, alone: askAlone, suggest: askNew, edited: askEdited, made: libraryMade,
  failed: () => (documents.kind = "failed", location.hash = "documents"), choose: () => (location.hash = "documents", requestAnimationFrame(() => document.getElementById("files")?.click())),
  take: (files) => takeFiles(files),
});
const composer = new Composer({ ask: askNew, stop, settings: openSettings, fresh: startAnew, save: () => saveMenu(() => state.conversation, (lane, turn) => laneName(lane.variant, turn.lanes)) });
const documents = new DocumentsView({ open: openSource, changed: refreshLibraries });
const history_ = new HistoryView({ open: openConversation, renamed, kept: keep });
const side = new ConversationList({ open: openConversation, renamed, kind: "side", counted: (n) => document.body.classList.toggle("with-conversations", n > 0) });
const sidebar = h("aside", { class: "side-list", id: "side" }, side.element);
const askView = h("section", { class: "view ask" }, sidebar, h("div", { class: "talk" }, conversation.element, composer.element));

// --- drawing -------------------------------------------------------------------------------------------------------

function view() {
  const name = location.hash.slice(1);
  return VIEWS.includes(name) ? name : "ask";
}

function drawTop() {
  const places = [...state.libraries.map((one) => ({ value: one.name, name: one.title || one.name })), ...(state.about.models.length ? [{ value: "", name: t("withoutDocuments") }] : [])];
  const library = h("select", { id: "library", "aria-label": t("library"), onchange: (event) => chooseLibrary(event.currentTarget.value) },
    places.map(({ value, name }) => h("option", { value, selected: value === state.library }, name)));
  const now = view();
  const tab = (name, drawing) => h("a", { href: `#${name}`, "aria-current": name === now ? "page" : null }, icon(drawing), h("span", {}, t(name === "ask" ? "ask" : name)));
  const dark = document.documentElement.dataset.theme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  const other = document.documentElement.lang === "ja" ? ["en", "EN", "English"] : ["ja", "日本語", "日本語"];
  fill(top,
    h("a", { class: "brand", href: "#ask", "aria-label": "Bunko" }, s("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, s("path", { d: "M2 2h3v12H2zM6.5 4h3v10h-3zM11 6h3v8h-3z" })), h("span", { lang: "en" }, "Bunko")),
    places.length ? library : null,
    state.about.libraries !== "fixed" ? button({ class: "quiet", icon: "folder", label: t("libraries"), onclick: () => openLibraries({ made: libraryMade, removed: libraryRemoved }) }) : null,
    h("nav", { "aria-label": t("views") }, tab("ask", "ask"), tab("documents", "documents"), tab("history", "history")),
    h("div", { class: "tools" },
      now === "ask" ? button({ class: "quiet side-toggle", icon: "side", label: t("conversations"), "aria-pressed": String(state.preferences.side), onclick: () => prefer({ side: !state.preferences.side }) }) : null,
      h("button", { type: "button", class: "quiet words", lang: other[0], "aria-label": other[2], onclick: () => prefer({ language: other[0] }) }, other[1]),
      h("button", { type: "button", class: "quiet", "aria-label": t(dark ? "toLight" : "toDark"), title: t(dark ? "toLight" : "toDark"), onclick: () => prefer({ theme: dark ? "light" : "dark" }) }, s("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: dark ? "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4" : "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z" }))),
      button({ class: "quiet", icon: "help", label: t("help"), onclick: openHelp })));
}

function drawView() {
  const name = view();
  const element = { ask: askView, documents: documents.element, history: history_.element }[name];
  if (main.firstChild !== element) fill(main, element);
  if (name === "ask") {
    composer.draw();
    drawSide();
  }
  if (name === "documents") documents.draw();
  if (name === "history") history_.draw();
  document.title = [name === "ask" ? titleOf(state.conversation ?? { turns: [] }) : t(name), "Bunko"].filter(Boolean).join(" – ");
}

function drawSide() {
  sidebar.setAttribute("aria-label", t("conversations"));
  document.body.classList.toggle("side-hidden", !state.preferences.side);
  side.load();
}

function drawAll() {
  chooseLanguage(state.preferences.language);
  document.getElementById("skip").textContent = t("skip");
  drawTop();
  conversation.draw();
  composer.draw();
  drawView();
  if (source.isOpen) {
    source.draw();
    source.load();
  }
}

// --- asking --------------------------------------------------------------------------------------------------------

async function askNew(question) {
  if (view() !== "ask") location.hash = "ask";
  state.conversation ??= newConversation(state.library);
  state.conversation.id ||= newConversation("").id; // it was deleted from the history, and is gone on with
  const turn = newTurn(question, variants(), state.library ? [...state.only] : []);
  state.conversation.turns.push(turn);
  conversation.push(turn);
  await follow(turn, false);
}

async function askAgain(turn, anew) {
  if (state.running) return;
  turn.lanes = turn.lanes.map((lane) => newLane(lane.variant));
  conversation.replace(turn);
  composer.field.focus();
  await follow(turn, anew);
}

/** Ask a changed question: what came after the one before is left out, as it belongs to that. */
async function askEdited(turn, question) {
  const { conversation: asked } = state;
  if (asked.title === titleOf({ turns: asked.turns })) asked.title = ""; // it was its first question
  asked.turns.splice(asked.turns.indexOf(turn));
  source.close();
  conversation.draw();
  await askNew(question);
}

/** Ask a question again as if nothing had been said before it. */
async function askAlone(turn) {
  turn.alone = true;
  await askAgain(turn, false);
}

async function follow(turn, anew) {
  const { turns } = state.conversation;
  const asked = state.conversation;
  state.running = new AbortController();
  composer.draw();
  announce(t("asking"));
  await ask(turn, {
    before: turn.alone ? [] : turns.slice(0, turns.indexOf(turn)), preferences: state.preferences, signal: state.running.signal, anew,
    changed: (lane, event) => conversation.update(lane, event),
  });
  state.running = null;
  composer.draw();
  if (turn.lanes.some((lane) => ["Offline", "Cut"].includes(lane.error?.type))) lost();
  document.title = `${titleOf(asked)} – Bunko`;
  if (asked === state.conversation) await keep().catch((error) => announce(explained({ type: "Storage", ...error }).title));
  if (view() === "ask") side.load();
}

function stop() {
  state.running?.abort();
}

async function keep() {
  if (state.conversation?.turns.length && state.conversation.id) await keeper(state.preferences.keeping).put(state.conversation);
}

function startAnew() {
  stop();
  state.conversation = null;
  source.close();
  conversation.draw();
  if (view() !== "ask") location.hash = "ask";
  composer.draw();
  composer.field.focus();
}

function openConversation(kept) {
  stop();
  state.conversation = kept;
  if (state.libraries.some((one) => one.name === kept.library) || kept.library === "") state.library = kept.library;
  drawTop();
  conversation.draw();
  location.hash = "ask";
}

/** The present conversation was given another name in a list. */
function renamed(id, title) {
  if (state.conversation?.id === id) state.conversation.title = title;
}

// --- sources -------------------------------------------------------------------------------------------------------

function openSource(place, by) {
  const sheet = NARROW.matches;
  if (sheet && !source.isOpen) history.pushState({ source: true }, ""); // so that "back" closes it
  const next = by && neighbour(by, 0) === by ? (step) => openNeighbour(by, step) : null;
  source.open(place, { by, focus: sheet || (byKeyboard && !following), next });
  for (const one of document.querySelectorAll("[aria-expanded='true'][data-source]")) one.removeAttribute("aria-expanded");
  announce(t("announceSource", { path: place.path, page: place.page ? t("page", { page: place.page }) : "" }));
  mark(by);
}

/** Show which citation the pane belongs to. */
function mark(by) {
  for (const one of document.querySelectorAll(".is-open")) one.classList.remove("is-open");
  by?.classList.add("is-open");
}

function openNeighbour(from, step) {
  const next = neighbour(from, step);
  if (!next) return;
  const focused = document.activeElement?.getAttribute("aria-label");
  next.scrollIntoView({ block: "nearest" });
  following = true;
  next.click();
  following = false;
  [...pane.querySelectorAll("button")].find((one) => one.getAttribute("aria-label") === focused)?.focus();
}

function closeSource() {
  if (history.state?.source) history.back();
  else source.close();
}

// --- libraries -----------------------------------------------------------------------------------------------------

function chooseLibrary(name) {
  if (name === state.library) return;
  prefer({ library: name });
  state.library = name;
  state.only.clear();
  startAnew();
  drawTop();
  drawView();
  document.getElementById("library")?.focus();
}

const isBusy = ({ state: now, progress }) => now === "indexing" || Boolean(progress);

let watching = 0;
function watchLater() {
  clearTimeout(watching);
  watching = setTimeout(refreshLibraries, INDEXING_MS);
}

async function libraryMade(library) {
  await refreshLibraries();
  drawTop();
  chooseLibrary(library.name);
  watchLater();
}

async function libraryRemoved(name) {
  await refreshLibraries();
  if (state.library === name) chooseLibrary(state.libraries[0]?.name ?? "");
  drawTop();
  conversation.draw();
  drawView();
}

/** Where there is no library yet, files that are dropped make one. */
async function takeFiles(files) {
  if (!state.library) {
    try {
      await libraryMade(await makeLibrary({ name: t("firstLibrary") }));
    } catch (error) {
      announce(explained(error).title);
      return;
    }
  }
  location.hash = "documents";
  setTimeout(() => documents.take(files), 50);
}

async function refreshLibraries() {
  try {
    const before = JSON.stringify(state.libraries);
    state.libraries = (await getJson("/api/libraries")).libraries;
    const quiet = (libraries) => JSON.stringify(libraries.map(({ progress, chunks, ...rest }) => rest));
    if (quiet(state.libraries) !== quiet(JSON.parse(before)) && !state.conversation?.turns.length) conversation.draw();
    else conversation.refresh();
    documents.refresh();
    if (state.libraries.some(isBusy)) watchLater();
  } catch (error) {
    if (error.type === "Offline") lost().then(refreshLibraries);
  }
}

// --- begin ---------------------------------------------------------------------------------------------------------

async function begin() {
  try {
    const [about, { libraries }] = await Promise.all([getJson("/api/about"), getJson("/api/libraries")]);
    Object.assign(state, { about, libraries });
  } catch (error) {
    if (error.type === "Offline") {
      await lost();
      return begin();
    }
    const { title, text, hint } = explained(error);
    fill(main, h("div", { class: "failure whole" }, icon("warn"), h("div", {}, h("p", { class: "title" }, title), h("p", {}, text, " ", hint), button({ class: "quiet", icon: "again", text: t("tryAgain"), onclick: begin }))));
    return undefined;
  }
  const known = state.libraries.map((one) => one.name);
  state.library = known.includes(state.preferences.library) ? state.preferences.library : (known[0] ?? "");
  if (state.preferences.keeping === "server" && state.about.history !== "allowed") state.preferences.keeping = "browser";
  drawAll();
  if (!NARROW.matches && view() === "ask") composer.field.focus();
  if (state.libraries.some(isBusy)) watchLater();
  return undefined;
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address names the view
  main.focus();
});
takeToken();
chooseLanguage(state.preferences.language);
askWith(askToken);

document.addEventListener("keydown", () => (byKeyboard = true), true);
document.addEventListener("pointerdown", () => (byKeyboard = false), true);
window.addEventListener("hashchange", () => {
  drawTop();
  drawView();
  main.querySelector("h1")?.scrollIntoView();
});
window.addEventListener("popstate", () => {
  if (source.isOpen && !history.state?.source && NARROW.matches) source.close();
});
hear("source", (open) => {
  document.body.classList.toggle("with-source", open);
  pane.hidden = !open;
  if (!open) mark(null);
});
hear("preference:language", () => {
  drawAll();
  if (!document.querySelector("dialog[open]")) top.querySelector(".words").focus();
  else {
    document.querySelector("dialog[open]").close();
    openSettings();
    document.querySelector("dialog[open] select")?.focus();
  }
});
hear("preference:theme", () => {
  if (state.preferences.theme) document.documentElement.dataset.theme = state.preferences.theme;
  else delete document.documentElement.dataset.theme;
  const focused = document.activeElement?.closest("#top") ? [...top.querySelectorAll("button")].indexOf(document.activeElement) : -1;
  drawTop();
  if (focused >= 0) top.querySelectorAll("button")[focused].focus();
});
hear("preference:model", () => composer.draw());
hear("preference:side", () => {
  drawTop();
  drawSide();
  top.querySelector(".side-toggle")?.focus();
});

listen({
  focusQuestion: () => {
    if (view() !== "ask") location.hash = "ask";
    requestAnimationFrame(() => composer.field.focus());
  },
  escape: () => {
    if (state.running) stop();
    else if (source.isOpen) closeSource();
    else return false;
    return true;
  },
  view: (name) => (location.hash = name),
  fresh: startAnew,
  help: openHelp,
  follow: (cite) => {
    if (!source.isOpen) return;
    following = true;
    cite.click();
    following = false;
  },
});
listenForFiles({
  may: () => state.about.upload.allowed && (Boolean(state.library) || state.about.libraries !== "fixed"),
  take: takeFiles,
});
begin();
