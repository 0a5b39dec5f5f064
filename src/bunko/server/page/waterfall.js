// Draw where the time went. In: `timings_ms`, stages in the order in which they ran, and "total". Out: a table whose
// rows carry bars, so that it is read as well as seen.

import { h } from "./dom.js";
import { duration, has, number, t } from "./i18n.js";

const SLIVER = 0.01; // of the whole: what takes less still shows

/** Return the stages with where each begins; what no stage accounts for comes last. Pure. */
export function stagesOf(timings) {
  const { total = 0, ...rest } = timings;
  const stages = [];
  let at = 0;
  for (const [name, ms] of Object.entries(rest)) {
    stages.push({ name, ms, from: at });
    at += ms;
  }
  if (total - at >= 1 && total - at > SLIVER * total) stages.push({ name: "other", ms: total - at, from: at });
  return { stages, whole: Math.max(total, at), total: total || at };
}

/** @param {Record<string, number>} timings */
export function waterfall(timings) {
  const { stages, whole, total } = stagesOf(timings);
  const rows = stages.map(({ name, ms, from }) => {
    const bar = h("span", { class: `bar stage-${name.replace(/[^a-z]/g, "")}` });
    bar.style.setProperty("--from", String(whole ? from / whole : 0));
    bar.style.setProperty("--share", String(whole ? Math.max(ms / whole, SLIVER / 2) : 0));
    return h("tr", {},
      h("th", { scope: "row" }, stageName(name)),
      h("td", { class: "bars", "aria-hidden": "true" }, bar),
      h("td", { class: "figure" }, duration(ms)),
      h("td", { class: "figure share" }, whole ? `${number((100 * ms) / whole)}%` : ""));
  });
  return h("table", { class: "waterfall" },
    h("caption", { class: "only-read" }, t("timesCaption")),
    h("thead", { class: "only-read" }, h("tr", {}, h("th", { scope: "col" }, t("stage")), h("td"), h("th", { scope: "col" }, t("time")), h("th", { scope: "col" }, t("share")))),
    h("tbody", {}, rows),
    h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, t("stage_total")), h("td"), h("td", { class: "figure" }, duration(total)), h("td"))));
}

function stageName(name) {
  return has(`stage_${name}`) ? t(`stage_${name}`) : name;
}
