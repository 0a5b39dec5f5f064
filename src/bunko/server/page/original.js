// Save the file that holds a document, as it is. In: a library and a document's path. Out: a download.
// The browser never opens it: the server sends it as an attachment of no type.

import { address, getBlob } from "./api.js";
import { button } from "./dom.js";
import { saveBlob } from "./export.js";
import { t } from "./i18n.js";

/**
 * A button that saves the original. @param {{ library: string, path: string, file?: string }} document `file`: where the
 * document is one of several in a file, that file's path @param {(error: any) => void} failed
 */
export function saveButton({ library, path, file = path.split("#")[0] }, failed) {
  return button({ class: "quiet save-original", icon: "save", label: t("saveOriginal", { path: file }), onclick: async () => {
    try {
      const { blob } = await getBlob(address(["api", "libraries", library, "file"], { path }));
      saveBlob(file.slice(file.lastIndexOf("/") + 1), blob);
    } catch (error) {
      failed(error);
    }
  } });
}
