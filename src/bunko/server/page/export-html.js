// Write a conversation as one HTML file that needs nothing else: answers as they are drawn here, sources with their
// quotes below each. In: a Conversation. Out: text. DOMPurify writes the HTML, and the file's own policy runs nothing.

import { drawComplete } from "./answer-words.js";
import { h, languageOf } from "./dom.js";
import { placeOf, rowWords } from "./export.js";
import { date, language, t } from "./i18n.js";
import { purified } from "./markdown.js";
import { titleOf } from "./turns.js";

const STYLE = `:root{color-scheme:light dark}body{max-width:44rem;margin:2rem auto;padding:0 1rem;font:1rem/1.65 system-ui,"Noto Sans JP","Hiragino Sans","Yu Gothic UI",sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem}h2{margin-top:2.5rem;padding-top:1rem;border-top:1px solid #8886;font-size:1.25rem}p,ul,ol,pre,table,blockquote{margin:.6rem 0}
small,.meta,.place,.address{color:light-dark(#5d5e66,#a5a6ad);font-size:.85rem}.cite{font:600 .75rem system-ui;vertical-align:super;margin-left:.15rem;color:light-dark(#2b4c7e,#a3bfee)}
.no-source{font-size:.8rem;margin-left:.3rem;color:light-dark(#7d5200,#e6b85c)}.unsupported{text-decoration:underline wavy light-dark(#7d5200,#e6b85c) 1px}
table{border-collapse:collapse}th,td{border:1px solid #8886;padding:.3rem .6rem;text-align:left}.to-right{text-align:right}.to-center{text-align:center}
pre,code{font-family:ui-monospace,monospace;font-size:.9em}pre{overflow:auto;padding:.75rem;background:#8882}.sources{font-size:.9rem}.display{display:block;text-align:center}`;

/** @param {import("./turns.js").Conversation} conversation @param {(lane: any, turn: any) => string} nameOf */
export function html(conversation, nameOf) {
  const title = titleOf(conversation) || t("untitled");
  const body = h("div", {}, h("h1", {}, title), h("p", { class: "meta" }, [conversation.library || t("withoutDocuments"), date(conversation.updated || Date.now())].join(" · ")),
    conversation.turns.map((turn) => [h("h2", { lang: languageOf(turn.question) }, turn.question), turn.lanes.map((lane) => [turn.lanes.length > 1 ? h("h3", {}, nameOf(lane, turn)) : null, laneOf(lane)])]));
  const head = `<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">`;
  return `<!doctype html>\n<html lang="${language()}"><head>${head}<title>${plain(title)}</title><style>${STYLE}</style></head><body>\n${purified(body)}\n</body></html>\n`;
}

function laneOf(lane) {
  const { result } = lane;
  if (!result) return [h("p", {}, lane.text), h("p", { class: "meta" }, t(lane.state === "stopped" ? "stopped" : "error_Error"))];
  const answer = h("div", { class: "answer" });
  drawComplete(answer, lane, ({ n, verified }) => h("span", { class: "cite" }, verified ? `[${n}]` : `[${n}?]`));
  for (const drawing of answer.querySelectorAll("svg")) drawing.remove();
  const sources = result.refused ? [] : lane.evidence.map((quote) => h("li", {}, h("span", { class: "place" }, placeOf(quote).replace(/`/g, "")), h("blockquote", { lang: languageOf(quote.quote) }, quote.quote)));
  return [result.closest_quote ? h("h3", {}, t("noShortAnswer")) : null, answer, sources.length ? [h("h3", {}, t("sources")), h("ol", { class: "sources" }, sources)] : null, result.model ? h("p", {}, h("small", {}, result.model)) : null];
}

const plain = (text) => text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);
