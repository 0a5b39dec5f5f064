// Save a conversation, or share it where the browser can: as Markdown, or as one HTML file. In: a Conversation. Out: files.

import { button, h, icon } from "./dom.js";
import { fileName, markdown, save } from "./export.js";
import { html } from "./export-html.js";
import { t } from "./i18n.js";
import { titleOf } from "./turns.js";

/** A button that opens the choice. @param {() => import("./turns.js").Conversation} conversation @param {(lane: any, turn: any) => string} nameOf */
export function saveMenu(conversation, nameOf) {
  const forms = { md: ["text/markdown", () => markdown(conversation(), nameOf)], html: ["text/html", () => html(conversation(), nameOf)] };
  const made = (ending) => new File([forms[ending][1]()], fileName(titleOf(conversation()), ending), { type: forms[ending][0] });
  const down = (ending) => (save(fileName(titleOf(conversation()), ending), forms[ending][1](), forms[ending][0]), close());
  const share = async () => {
    close();
    await navigator.share({ files: [made("html")], title: titleOf(conversation()) }).catch(() => {}); // nothing was chosen
  };
  const canShare = navigator.canShare?.({ files: [new File(["x"], "x.html", { type: "text/html" })] });
  const menu = h("details", { class: "menu", onkeydown: (event) => event.key === "Escape" && menu.open && (event.preventDefault(), event.stopPropagation(), close(), menu.querySelector("summary").focus()), onfocusout: (event) => menu.contains(event.relatedTarget) || close() },
    h("summary", { class: "quiet small", title: t("saveConversation") }, icon("save"), h("span", {}, t("saveConversation"))),
    h("div", { class: "items" },
      button({ class: "quiet", text: t("exportMarkdown"), onclick: () => down("md") }),
      button({ class: "quiet", text: t("exportHtml"), onclick: () => down("html") }),
      canShare ? button({ class: "quiet", text: t("share"), onclick: share }) : null));
  const close = () => (menu.open = false);
  return menu;
}
