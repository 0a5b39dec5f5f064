// Show a conversation: its turns, each with one answer or several side by side. In: a Conversation. Out: an element.

import { AnswerView } from "./answer-view.js";
import { add, button, fill, h, languageOf } from "./dom.js";
import { t } from "./i18n.js";
import { state } from "./state.js";
import { turnTools } from "./turn-tools.js";
import { refresh, welcome } from "./welcome.js";

export class ConversationView {
  /** @param {{ open: (source: any, by: HTMLElement) => void, again: (turn: any, anew: boolean) => void, alone: (turn: any) => void, suggest: (question: string) => void,
   *   edited: (turn: any, question: string) => void, failed: () => void, made: (library: any) => void, choose: () => void, take: (files: File[]) => void }} how */
  constructor(how) {
    this.how = how;
    this.list = h("div", { class: "turns" });
    this.element = h("div", { class: "conversation", id: "conversation", role: "region", tabindex: "0" }, this.list);
    /** @type {Map<any, AnswerView>} by lane */
    this.answers = new Map();
    /** @type {Map<any, () => void>} by the first lane of a turn: draws what was searched for */
    this.standalones = new Map();
  }

  /** Draw all of it. */
  draw() {
    this.element.setAttribute("aria-label", t("conversation"));
    this.answers.clear();
    this.standalones.clear();
    const turns = state.conversation?.turns ?? [];
    fill(this.list, turns.length ? [this.heading(), turns.map((turn) => this.turn(turn))] : welcome({ ask: this.how.suggest, failed: this.how.failed, made: this.how.made, choose: this.how.choose, take: this.how.take }));
  }

  /** Draw again how the library is, where nothing was asked yet. */
  refresh() {
    const element = this.list.querySelector(".welcome");
    if (element) refresh(element, this.how);
  }

  /** Add a turn at the end, and bring it into view. */
  push(turn) {
    if (state.conversation.turns.length === 1) fill(this.list, this.heading());
    const element = this.turn(turn);
    add(this.list, element);
    this.toTop(element);
  }

  /** Draw a turn anew, in its place. */
  replace(turn) {
    const element = this.turn(turn);
    document.getElementById(`turn-${turn.id}`)?.replaceWith(element);
    this.toTop(element);
  }

  heading() {
    return h("h1", { class: "only-read" }, t("conversation"));
  }

  toTop(element) {
    this.list.style.setProperty("--room", `${this.element.clientHeight}px`);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.element.scrollTo({ top: element.offsetTop - this.element.offsetTop - 8, behavior: still ? "auto" : "smooth" });
  }

  update(lane, event) {
    this.answers.get(lane)?.update(event);
    if (event === "retrieved" || event === "finished") this.standalones.get(lane)?.();
  }

  turn(turn) {
    const several = turn.lanes.length > 1;
    const lanes = turn.lanes.map((lane) => {
      const view = new AnswerView(lane, {
        heading: several ? laneName(lane.variant, turn.lanes) : "",
        open: (source, by) => this.how.open({ ...source, library: lane.variant.library, asked: turn.question }, by),
        again: () => this.how.again(turn, false), anew: () => this.how.again(turn, true),
      });
      this.answers.set(lane, view);
      return view.element;
    });
    const standalone = h("div");
    this.standalones.set(turn.lanes[0], () => fill(standalone, this.standalone(turn)));
    fill(standalone, this.standalone(turn));
    const heading = h("h2", { class: "question", lang: languageOf(turn.question) }, turn.question);
    return h("article", { class: "turn", id: `turn-${turn.id}` },
      h("div", { class: "asked" }, heading, turnTools(turn, heading, { again: (one) => this.how.again(one, true), edited: this.how.edited })),
      turn.only?.length ? h("p", { class: "standalone" }, t("onlyThese", { n: turn.only.length, path: turn.only[0] })) : null,
      standalone,
      h("div", { class: several ? "lanes several" : "lanes" }, lanes));
  }

  /** What a follow-up was understood as, and a way out where it was misunderstood. */
  standalone(turn) {
    const { standalone, state: now } = turn.lanes[0];
    if (!standalone || standalone === turn.question) return null;
    return h("p", { class: "standalone" }, t("searchedFor"), " ", h("q", { lang: languageOf(standalone) }, standalone), " ",
      now === "done" ? button({ class: "link", text: t("askAlone"), onclick: () => this.how.alone(turn) }) : null);
  }
}

/** Return what tells a lane from its neighbours. */
export function laneName(variant, lanes) {
  const models = new Set(lanes.map((lane) => lane.variant.model)), libraries = new Set(lanes.map((lane) => lane.variant.library));
  const library = state.libraries.find((one) => one.name === variant.library)?.title ?? variant.library;
  const model = variant.model || state.about.default_model;
  const where = variant.library ? (state.libraries.length > 1 ? library : t("withDocuments")) : t("withoutDocuments");
  return [libraries.size > 1 || models.size === 1 ? where : null, models.size > 1 ? model : null].filter(Boolean).join(" · ");
}
