// How far a sync is, and how long it will take. In: what the server says of its progress. Out: words, and an element.

import { fill, h } from "./dom.js";
import { has, minutes, t } from "./i18n.js";

const FIRST_MS = 1500; // before that, a guess would jump
const begun = new Map(); // library and stage -> where it was first seen, and when

/** Return the milliseconds that a stage will still take, as it went so far; null where that is not known. Pure but for the clock. */
export function left(key, { stage, done, total }, now = performance.now()) {
  const name = `${key}/${stage}/${total}`;
  const first = begun.get(name);
  if (!first || done < first.done) {
    begun.clear(); // one stage at a time
    begun.set(name, { done, at: now });
    return null;
  }
  const took = now - first.at, made = done - first.done;
  return took < FIRST_MS || made <= 0 || done >= total ? null : (took / made) * (total - done);
}

export function stageName(stage) {
  return has(`syncStage_${stage}`) ? t(`syncStage_${stage}`) : String(stage);
}

/** Return words such as "Embedding: 30 of 200, about 2 minutes to go". */
export function wordsOf(key, progress) {
  const rest = progress.total ? left(key, progress) : null;
  const words = progress.total ? t("syncProgress", { stage: stageName(progress.stage), done: progress.done, total: progress.total }) : stageName(progress.stage);
  return rest === null ? words : `${words}${t("comma")}${t("toGo", { time: minutes(rest) })}`;
}

/** Draw a library's progress into an element that stays; it is empty where nothing goes on. */
export function drawProgress(element, library) {
  const { progress, name, state } = library ?? {};
  element.hidden = !progress && state !== "indexing";
  if (element.hidden) {
    fill(element);
    return;
  }
  const known = progress?.total > 0;
  if (!element.bar) fill(element, (element.bar = h("progress", { "aria-label": t("syncing") })), (element.words = h("span", { class: "told" })));
  if (known) Object.assign(element.bar, { max: progress.total, value: progress.done });
  else element.bar.removeAttribute("value");
  element.words.textContent = progress ? wordsOf(name, progress) : t("syncing");
}
