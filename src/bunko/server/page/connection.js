// Tell when the server can't be reached, and when it is back. In: that a request failed. Out: a banner.

import { fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { announce } from "./state.js";

const PAUSE_MS = 2000;
let waiting = null;

/** Show that the connection is lost, and ask for the server until it answers. @returns {Promise<void>} when it is back */
export function lost() {
  waiting ??= wait().finally(() => (waiting = null));
  return waiting;
}

async function wait() {
  const banner = document.getElementById("banner");
  fill(banner, h("p", {}, icon("warn"), t("connectionLost")));
  banner.hidden = false;
  announce(t("connectionLost"));
  while (!(await answers())) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  banner.hidden = true;
  fill(banner);
  announce(t("connectionBack"));
}

async function answers() {
  try {
    return (await fetch("/health", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}
