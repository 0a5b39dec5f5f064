// Words of the interface in English and Japanese. In: a key and what to fill in. Out: a string.

import en from "./strings.en.js";
import ja from "./strings.ja.js";

const STRINGS = { en, ja };
export const LANGUAGES = ["en", "ja"];
let current = "en";

/** Return the language of the interface. */
export function language() {
  return current;
}

/** Choose the language: the one given if we have it, else the browser's. */
export function chooseLanguage(wanted) {
  const asked = wanted || (navigator.languages ?? [navigator.language]).find((code) => /^(en|ja)\b/i.test(code ?? ""));
  current = /^ja/i.test(asked ?? "") ? "ja" : "en";
  document.documentElement.lang = current;
}

/**
 * Return words. `{name}` is filled in; a key with `_one` is taken for n = 1 where the language has one.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  return inLanguage(current, key, values);
}

/** The same in a language that is not the interface's. */
export function inLanguage(which, key, values = {}) {
  const words = STRINGS[which];
  const text = (values.n === 1 && words[`${key}_one`]) || words[key] || en[key] || key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : (value ?? whole);
  });
}

/** Tell whether there are words for a key. */
export function has(key) {
  return key in en;
}

const locale = () => (current === "ja" ? "ja-JP" : "en-GB");

/** @param {number} value */
export function number(value, digits = 0) {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
}

/** Return a time as people say it: 12 ms, 1.4 s. */
export function duration(ms) {
  if (ms < 10) return t("ms", { n: number(ms, 1) });
  return ms < 1000 ? t("ms", { n: number(Math.round(ms)) }) : t("seconds", { n: number(ms / 1000, 1) });
}

/** Return a time to go, roughly: 40 seconds, 3 minutes, 2 hours. */
export function minutes(ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 90) return t("aboutSeconds", { n: seconds < 20 ? seconds : Math.round(seconds / 10) * 10 });
  return seconds < 5400 ? t("aboutMinutes", { n: Math.round(seconds / 60) }) : t("aboutHours", { n: Math.round(seconds / 3600) });
}

/** @param {number} milliseconds since the epoch */
export function date(milliseconds) {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(milliseconds);
}

/** @param {number} count of bytes */
export function size(count) {
  if (count < 1000) return t("bytes", { n: count });
  return count < 1_000_000 ? t("kilobytes", { n: number(count / 1000) }) : t("megabytes", { n: new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 }).format(count / 1e6) });
}
