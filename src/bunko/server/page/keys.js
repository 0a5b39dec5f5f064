// The keyboard: single keys outside of fields, Escape everywhere, arrows from citation to citation.

import { state } from "./state.js";

/**
 * @param {{ focusQuestion: () => void, escape: () => boolean, view: (name: string) => void, fresh: () => void, help: () => void,
 *   follow: (cite: HTMLElement) => void }} how `escape` tells whether there was something to leave
 */
export function listen(how) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return; // a dialog has its own
    if (event.key === "Escape") {
      if (how.escape()) event.preventDefault();
    } else if (isCite(event.target) && step(event.key)) {
      event.preventDefault();
      move(event.target, step(event.key), how.follow);
    } else if (state.preferences.keys && !isField(event.target)) {
      const act = { "/": how.focusQuestion, n: how.fresh, d: () => how.view("documents"), h: () => how.view("history"), a: () => how.view("ask"), "?": how.help }[event.key];
      if (act) {
        event.preventDefault();
        act();
      }
    }
  });
}

const step = (key) => ({ ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 })[key] ?? 0;
const isCite = (target) => target instanceof HTMLElement && target.matches("button.cite, button.place");
const isField = (target) => target instanceof HTMLElement && (target.isContentEditable || target.matches("input:not([type=radio], [type=checkbox]), textarea, select"));

/** Return the next citation, or source, of the conversation in reading order; undefined at the end. */
export function neighbour(from, by) {
  const kind = from.matches(".cite") ? "button.cite" : "button.place";
  const all = [...document.querySelectorAll(`.conversation ${kind}`)];
  return all[all.indexOf(from) + by];
}

function move(from, by, follow) {
  const next = neighbour(from, by);
  if (!next) return;
  next.focus();
  follow(next);
}
