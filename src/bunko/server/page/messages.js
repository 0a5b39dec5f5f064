// Say what the server says in the words of this page. The server's notes and errors are English, and some name flags
// of the command line; here they are recognised and told again in the interface's language. What is not recognised
// is shown without what only those understand who started the server; all of it can be unfolded.

import { has, language, t } from "./i18n.js";
import { languageOf } from "./dom.js";

/** Patterns of whole notes, and of errors of files; each has words of its name in both languages. */
const KNOWN = [
  ["noteNotHeld", /^The passages found have little to do with the question\. .*$/],
  ["noteNotAnswered", /^The passages found are on the subject, but probably have no answer\. .*$/],
  ["noteNoWord", /^(?<list>.+) has no word of the question\. .*$/],
  ["noteNoMention", /^No passage found mentions (?<list>.+)\. [^.]*\.?$/],
  ["noteUnsure", /^The model was not sure of its answer\. .*$/],
  ["noteNotThereRefused", /^The model's answer \((?<said>.+)\) is not in the documents\.(?: .*)?$/],
  ["noteUnheard", /^Your instructions did not reach the model: .*$/],
  ["noteByQuotes", /^Each document is summarised by its most central sentences, verbatim\.$/],
  ["noteSql", /^(?<model>.+) wrote the SQL\. .*$/],
  ["noteNoDuckdb", /^The rows of (?<files>.+) can answer this exactly, but DuckDB is not installed\. .*$/],
  ["noteNoDuckdb", /^(?<files>.+) の行から正確に計算できますが、.*$/],
  ["noteManyRows", /^(?<files>.+) has (?<n>[\d,]+) rows; up to (?<most>[\d,]+) can be computed over\.$/],
  ["notePrompts", /^The prompts in (?<path>.+) came with the folder and are not used\. .*$/],
  ["noteOllama", /^Ollama's (?<model>.+) has (?<what>.+), which Bunko does not load from there\.$/],
  ["noteNoDirectAnswer", /^The model reasoned but gave no answer; (?!closest quote).*$/],
  ["noteOnlyReasoned", /^The model reasoned but gave no answer; closest quote: .*$/],
  ["noteNoAnswer", /^The model gave no answer; closest quote: .*$/],
  ["noteNothing", /^The model gave no answer\.(?: .*)?$/],
  ["noteNotThere", /^The model's answer \((?<said>.+)\) is not in the documents; closest quote: .*$/],
  ["noteRepeats", /^The model's answer \((?<said>.+)\) only repeats the question; closest quote: .*$/],
  ["noteDeclined", /^The model refused to answer: “(?<said>.*)”$/],
  ["noteFiltered", /^The server stopped the answer: its content filter does not allow it\.$/],
  ["noteTool", /^The model called a tool \((?<tool>.*)\) instead of answering; .*$/],
  ["noteNoSystem", /^The server refused a system message \((?<said>.*)\); .*$/],
  ["noteTurns", /^The server refused two turns of one role \((?<said>.*)\)\.$/],
  ["noteFields", /^The server refused (?<fields>[\w, ]+) \((?<said>.*)\); it was asked .*$/],
  ["noteNoTemplate", /^(?<model>.+) has no chat template: it is a base model, .*$/],
  ["noteOtherTemplate", /^(?<model>.+) seems to have another model's chat template: .*$/],
  ["noteModelfile", /^The parameters of (?<model>.+)'s Modelfile hold where you set none: (?<list>.+)\.$/],
  ["noteModelfileUnused", /^Bunko does not use these parameters of (?<model>.+)'s Modelfile: (?<list>.+)\.$/],
  ["noteModelfileTemplate", /^The template of (?<model>.+)'s Modelfile is not used, .*$/],
  ["noteModelfileAdapter", /^The adapter of (?<model>.+)'s Modelfile is applied\.$/],
  ["noteThoughtCut", /^The model's reasoning was cut off at its limit; .*$/],
  ["noteCut", /^The answer was cut off at (?<n>\d+) tokens; .*$/],
  ["noteLoop", /^The model repeated itself and was stopped\.$/],
  ["noteTooSmall", /^(?<model>.+) is too small to judge its answer: .*$/],
  ["noteOrders", /^(?<path>.+) contains text that gives instructions to the assistant; it was left out of the prompt\.$/],
  ["noteOrdersOnly", /^(?<path>.+) contains text that gives instructions to the assistant; nothing else was found\.$/],
  ["noteQuoteOnly", /^(?<model>.+) was not made for (?<language>\w+): it was not asked\. .*$/],
  ["noteWordsOnly", /^(?<model>.+) does not know (?<language>\w+): passages were found by their words alone\.$/],
  ["noteAcross", /^The question is in (?<language>\w+), and the documents are in (?<other>\w+): (?<model>.+) can't match texts across languages, .*$/],
  ["noteQuotedIn", /^The question is in (?<language>\w+), and the answer is quoted in (?<other>\w+)\.$/],
  ["noteKept", /^(?<model>.+) is too small to rewrite an answer: whole sentences of it were kept\.$/],
  ["noteOneSentence", /^The answer is a single sentence already, and (?<model>.+) is too small to rewrite it\.$/],
  ["noteNoTable", /^(?<model>.+) is too small to make a table: the answer is a list\.$/],
  ["noteTranslated", /^The answer is (?<model>.+)'s translation\. Its sentences are not checked; the originals are beside them\.$/],
  ["noteNotTranslated", /^(?<model>.+) gave no translation into (?<language>.+): the answer is as it was\.$/],
  ["noteSourcesAgain", /^The sources of the answer before were not sent: they were found again, with its question\.$/],
  ["noteModelRefused", /^The model found no answer in the quotes\. .*$/],
  ["noteNoTranslation", /^(?<model>.+) was not made for (?<language>\w+) and (?<other>\w+): there is no translation\. .*$/],
  ["noteTranslationNeedsModel", /^There is no translation: it needs a language model\. .*$/],
  ["noteCopies", /^(?<path>.+) is quoted in place of copies: (?<list>.+)\.$/],
  ["noteOlder", /^(?<path>.+) is quoted in place of older versions: (?<list>.+)\.$/],
  ["noteNewer", /^(?<path>.+) is quoted in place of newer versions: (?<list>.+)\.$/],
  ["noteNewerThere", /^(?<path>.+) is quoted, and (?<newer>.+) is a newer version of it\.$/],
  ["noteUnread", /^(?<n>\d+) files could not be read; .*$/],
  ["failPdfBroken", /^The PDF is broken: (?<detail>.*)\.$/],
  ["failPassword", /^.*(?:password|encrypted|locked).*$/i],
  ["failKind", /^(?<kind>.+) is not a kind of file that can be read\.$/],
  ["failEmpty", /^The file holds no text\.$/],
  ["failPictures", /^.*(?:picture|scan).*(?:text|OCR).*$/i],
  ["failCrashed", /^The program that reads this kind of file crashed on it\.$/],
];

const HINTS = [
  ["hintNewPdf", /^Open it in a viewer, and print it to a new PDF\.$/],
  ["hintIgnore", /^Add it to \.bunkoignore, or convert it to PDF or text\.$/],
  ["hintMeant", /^Nothing to do if it is meant to be empty\.$/],
  ["hintSaveAgain", /^Open and save it again in its (?:own )?program\.$/],
];

/** Whether a file could not be read for want of its password. */
export const isLocked = (message) => KNOWN.find(([name]) => name === "failPassword")[1].test(message);

/** @returns {{ text: string, lang: string | null }} `lang` where it is not the interface's */
export function told(message, table = KNOWN) {
  for (const [key, pattern] of table) {
    const match = pattern.exec(message);
    if (match) return { text: t(key, { ...match.groups, language: languageName(match.groups?.language), other: languageName(match.groups?.other) }), lang: null };
  }
  return { text: forPeople(message), lang: languageOf(message) };
}

// What belongs to a command line or to a program: flags, commands, addresses of the interface, settings by their names.
const TECHNICAL = /(?:^|[\s(“"'`])--?[a-z][\w-]+|`|\bsudo\b|\bpip install\b|\bbunko [a-z]+\b|\b(?:GET|PUT|POST|DELETE) |\/openapi|\?\w+=|\b[A-Z]{2,}_[A-Z_]{2,}|\b[a-z]+\.[a-z]+_[a-z]+\b/;

/** Return a message without the sentences that only those understand who started the server. */
export function forPeople(message) {
  return message.split(/(?<=[.。!?])\s+/).filter((sentence) => !TECHNICAL.test(sentence)).join(" ");
}

/** The same for what one can do about it; in another language than the page's it is left out. */
export function toldHint(hint) {
  const { text, lang } = told(hint, HINTS);
  return lang === null || lang === language() ? { text, lang } : { text: "", lang: null };
}

function languageName(name) {
  return name && has(`language_${name}`) ? t(`language_${name}`) : (name ?? "");
}

/**
 * Say what went wrong, and what to do. `said` is what the server said, for whoever runs it; it may name flags.
 * @param {{ type: string, message?: string, hint?: string, retryAfter?: number }} error
 */
export function explained(error) {
  if (error.type === "Busy" || error.status === 429) {
    return { title: t("error_Busy"), text: "", hint: error.retryAfter ? t("comeBack", { n: Math.ceil(error.retryAfter) }) : "", lang: null, said: "" };
  }
  const known = has(`error_${error.type}`);
  const own = has(`error_${error.type}_hint`) ? t(`error_${error.type}_hint`) : "";
  const message = error.message ?? "", isOurs = language() === languageOf(message);
  const { text: recognised, lang } = told(message);
  const text = lang === null || isOurs ? recognised : "";
  const said = [message, error.hint].filter(Boolean).join(" ");
  return {
    title: known ? t(`error_${error.type}`) : t("error_Error"),
    text, lang: text ? languageOf(text) : null,
    hint: own || (language() === languageOf(error.hint ?? "") ? forPeople(error.hint ?? "") : ""),
    said: said === text ? "" : said,
  };
}
