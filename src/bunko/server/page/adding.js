// Send files to the library's folder, one after the other, and follow the sync that reads them. In: files.
// Out: an element that shows what becomes of each. What may be sent is the server's to say.

import { address, events, upload } from "./api.js";
import { add, button, fill, h, icon } from "./dom.js";
import { size, t } from "./i18n.js";
import { explained, told, toldHint } from "./messages.js";
import { announce, state } from "./state.js";
import { wordsOf } from "./syncing.js";

export class Adding {
  /** @param {{ changed: () => void }} how */
  constructor(how) {
    this.how = how;
    this.rows = h("ul", { class: "sending" });
    this.sync = h("div", { class: "sync" });
    /** @type {Promise<void>} */
    this.work = Promise.resolve();
  }

  /** @returns {Node[]} */
  draw() {
    const { upload: allowed } = state.about;
    const input = h("input", { type: "file", id: "files", class: "only-read", multiple: true, tabindex: "-1", "aria-label": t("chooseFiles"), accept: (allowed.suffixes ?? []).join(","), onchange: () => {
      this.take([...input.files]);
      input.value = "";
    } });
    const again = button({ class: "quiet", icon: "again", text: t("syncNow"), onclick: () => this.plan(() => this.follow()) });
    const zone = allowed.allowed
      ? h("div", { class: "drop" }, input, h("p", {}, icon("upload"), t("dropHere"), " ", button({ class: "primary", text: t("chooseFiles"), onclick: () => input.click() })), h("p", { class: "hint" }, t("uploadLimit", { size: size(allowed.max_bytes ?? 0) })))
      : h("p", { class: "hint" }, t("uploadOff"));
    return [zone, h("p", { class: "sync-now" }, again), this.sync, this.rows];
  }

  /** @param {File[]} files */
  take(files) {
    if (!state.about.upload.allowed) {
      announce(t("uploadOff"));
      return;
    }
    const rows = files.map((file) => this.row(file));
    this.plan(async () => {
      let sent = 0;
      for (const row of rows) sent += (await this.send(row, false)) ? 1 : 0;
      if (sent) await this.follow();
    });
  }

  plan(work) {
    this.work = this.work.then(work, work);
  }

  row(file) {
    const bar = h("progress", { max: "1", value: "0", "aria-label": t("sendingFile", { name: file.name }) });
    const told = h("span", { class: "told" }, t("willSend"));
    const element = h("li", {}, h("bdi", { class: "path" }, file.name), bar, told);
    add(this.rows, element);
    return { file, bar, told, element };
  }

  async send(row, replace) {
    const { file, bar, told: words, element } = row;
    element.classList.remove("failed");
    bar.hidden = false;
    fill(words, t("sending"));
    try {
      await upload(address(["api", "libraries", state.library, "files"], { path: file.name, replace: replace ? "true" : "" }), file, (share) => (bar.value = share));
    } catch (error) {
      bar.hidden = true;
      element.classList.add("failed");
      if (error.status === 409 && !replace) {
        fill(words, icon("warn"), t("exists"), " ", button({ class: "link", text: t("replace"), onclick: () => this.plan(async () => (await this.send(row, true)) && this.follow()) }));
      } else {
        const { title, text } = explained(error);
        fill(words, icon("warn"), text || title);
      }
      announce(`${file.name}: ${words.textContent}`);
      return false;
    }
    bar.hidden = true;
    fill(words, icon("check"), t("sent"));
    return true;
  }

  /** Have the server read what is new, and show how far it is. */
  async follow() {
    const bar = h("progress", { "aria-label": t("syncing") });
    const words = h("span", { class: "told" }, t("syncing"));
    fill(this.sync, h("p", {}, bar, words));
    announce(t("syncing"));
    try {
      let report = null;
      for await (const { event, data } of events(address(["api", "libraries", state.library, "sync"]), {})) {
        if (event === "progress") {
          words.textContent = wordsOf(state.library, data);
          if (data.total) Object.assign(bar, { max: data.total, value: data.done });
        } else if (event === "finished") report = data;
        else if (event === "error") throw Object.assign(new Error(), data.error ?? data);
      }
      this.report(report);
    } catch (error) {
      const { title, text, hint } = explained(error);
      fill(this.sync, h("div", { class: "failure" }, icon("warn"), h("div", {}, h("p", { class: "title" }, title), h("p", {}, [text || error.message, hint].join(" ").trim()), button({ class: "quiet", icon: "again", text: t("tryAgain"), onclick: () => this.plan(() => this.follow()) }))));
      announce(title);
    }
    this.how.changed();
  }

  report(report) {
    if (!report) return;
    const { added = 0, updated = 0, removed = 0, failed = [] } = report;
    const parts = [["added", added], ["updated", updated], ["removed", removed]].filter(([, n]) => n).map(([name, n]) => t(`sync_${name}`, { n }));
    const words = parts.length ? parts.join(t("comma")) : t("sync_same");
    fill(this.sync, h("p", { class: "done" }, icon("check"), t("synced"), " ", words),
      failed.length ? h("ul", { class: "failures" }, failed.map((item) => {
        const { text, lang } = told(item.error), hint = toldHint(item.hint ?? "");
        return h("li", {}, h("bdi", {}, item.path), t("colon"), h("span", { lang }, text), " ", h("span", { class: "hint", lang: hint.lang }, hint.text));
      })) : null);
    announce(`${t("synced")} ${words}`);
  }
}
