// Hear of files that are dragged over the page. In: nothing. Out: `take(files)` when they are dropped, and a veil.

import { fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { announce } from "./state.js";

/** @param {{ may: () => boolean, take: (files: File[]) => void }} how */
export function listenForFiles({ may, take }) {
  const veil = h("div", { class: "veil", hidden: true });
  document.body.append(veil);
  let depth = 0; // dragenter and dragleave come for every element on the way
  const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const end = () => {
    depth = 0;
    veil.hidden = true;
  };
  window.addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    depth += 1;
    fill(veil, h("p", {}, icon("upload"), t(may() ? "dropNow" : "uploadOff")));
    veil.hidden = false;
  });
  window.addEventListener("dragleave", (event) => {
    if (!holdsFiles(event)) return;
    depth -= 1;
    if (depth <= 0) end();
  });
  window.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault(); // else the browser would open the file
    event.dataTransfer.dropEffect = may() ? "copy" : "none";
  });
  window.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    end();
    const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
    const folders = items.filter((item) => item.webkitGetAsEntry?.()?.isDirectory).length;
    const files = items.filter((item) => !item.webkitGetAsEntry?.()?.isDirectory).map((item) => item.getAsFile()).filter(Boolean);
    if (folders) announce(t("noFolders"));
    if (may() && files.length) take(files);
  });
}
