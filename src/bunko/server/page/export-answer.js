// Write an answer as Markdown that any reader shows alike: lists, tables, code and mathematics stay, and everything that
// could make a link, load a picture or be read as HTML is escaped. In: a lane. Out: Markdown. Pure.

import { blocksOf, groups, tokensOf } from "./markdown.js";
import { arranged, bySource, cleaned, cutAtSigns, sentencesOf, withoutOwnNumbers } from "./marks.js";

/** @typedef {{ escaped: (text: string) => string, note: (mark: import("./marks.js").Mark) => string, noSource: string }} Words */

/** @param {import("./turns.js").Lane} lane @param {Words} words @returns {string} */
export function answerMarkdown(lane, words) {
  const { result } = lane;
  const text = cleaned(lane.text.trim()), judged = Boolean(lane.variant.library) && !result.refused;
  const { sentences, loose } = sentencesOf(text, result.citations ?? [], judged ? result.unsupported ?? [] : []);
  const { text: signed, whole, loose: more } = arranged(text, sentences, blocksOf(text));
  const notesOf = (list) => bySource(list.flatMap((mark) => mark.citations)).map(words.note).join("");
  const closing = (n) => {
    const { marks, unsupported } = sentences[n];
    return marks.length ? notesOf(marks) : unsupported ? ` *(${words.noSource})*` : "";
  };
  const writer = new Writer({ escaped: words.escaped, closing, strip: lane.variant.library ? withoutOwnNumbers : (said) => said });
  const parts = groups(tokensOf(signed)).map((tokens, n) => {
    const all = whole.get(n) ?? [];
    const good = notesOf(all.filter((one) => !one.unsupported).flatMap((one) => one.marks));
    const after = good + (all.some((one) => one.unsupported) ? ` *(${words.noSource})*` : "");
    return [writer.block(tokens), after.trim()].filter(Boolean).join("\n\n");
  });
  return parts.filter(Boolean).join("\n\n") + notesOf([...loose, ...more]);
}

class Writer {
  constructor(how) {
    Object.assign(this, how);
  }

  /** Return the Markdown of tokens that are whole blocks. */
  block(tokens) {
    return groups(tokens).map((group) => this.one(group)).filter(Boolean).join("\n\n");
  }

  one(group) {
    const [first] = group, inner = group.slice(1, -1);
    switch (first.type) {
      case "inline": return this.inline(first.children);
      case "paragraph_open": return this.block(inner);
      case "heading_open": return `${"#".repeat(Math.min(6, Number(first.tag.slice(1)) + 2))} ${this.block(inner)}`;
      case "blockquote_open": return indented(this.block(inner), "> ", "> ");
      case "bullet_list_open": return groups(inner).map((item) => indented(this.item(item), "- ", "  ")).join("\n");
      case "ordered_list_open": return groups(inner).map((item, n) => indented(this.item(item), `${Number(first.attrGet("start") ?? 1) + n}. `, "   ")).join("\n");
      case "table_open": return this.table(inner);
      case "fence": case "code_block": return fenced(first.content.replace(/\n$/, ""), /^[\w+#.-]{1,20}/.exec(first.info.trim())?.[0] ?? "");
      case "math": return `$$\n${harmless(bare(first.content))}\n$$`;
      case "hr": return "---";
      default: return this.escaped(bare(first.content));
    }
  }

  item(tokens) {
    return groups(tokens.slice(1, -1)).map((group) => this.one(group)).join("\n");
  }

  table(tokens) {
    const rows = [];
    for (const token of tokens) {
      if (token.type === "tr_open") rows.push([]);
      if (token.type === "inline") rows.at(-1).push(this.inline(token.children).replace(/\n/g, " "));
    }
    const line = (cells) => `| ${cells.join(" | ")} |`;
    return [line(rows[0]), line(rows[0].map(() => "---")), ...rows.slice(1).map(line)].join("\n");
  }

  inline(tokens) {
    const signs = { strong_open: "**", strong_close: "**", em_open: "*", em_close: "*", s_open: "~~", s_close: "~~", softbreak: "\n", hardbreak: "  \n" };
    return tokens.map((token) => {
      if (token.type in signs) return signs[token.type];
      if (token.type === "code_inline") return coded(bare(token.content)) + this.closes(token.content);
      if (token.type === "math") return `$${harmless(bare(token.content))}$${this.closes(token.content)}`;
      if (token.type === "link_open") return "";
      if (token.type === "link_close") return "";
      return this.words(this.strip(token.content));
    }).join("");
  }

  words(text) {
    return cutAtSigns(text).map((part) => (part.text !== undefined ? this.escaped(part.text) : part.close !== undefined ? this.closing(part.close) : "")).join("");
  }

  closes(text) {
    return cutAtSigns(text).map((part) => (part.close !== undefined ? this.closing(part.close) : "")).join("");
  }
}

const bare = (text) => cutAtSigns(text).map((part) => part.text ?? "").join("");
const indented = (text, first, rest) => text.split("\n").map((line, n) => (n ? (line ? rest + line : line) : first + line)).join("\n");

/** TeX, of which a reader without mathematics makes no link, picture or HTML. */
const harmless = (tex) => tex.replace(/\$/g, "").replace(/!\[/g, "! [").replace(/\]\s*\(/g, "]\\,(").replace(/</g, "\\lt ").replace(/\n\s*\n/g, "\n").replace(/\b(https?|www)(?=[:.])/gi, "$1 ");

function longest(text) {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

function coded(text) {
  const marks = "`".repeat(longest(text) + 1);
  return `${marks}${/^`|`$/.test(text) ? ` ${text} ` : text}${marks}`;
}

function fenced(text, language) {
  const marks = "`".repeat(Math.max(3, longest(text) + 1));
  return `${marks}${language}\n${text}\n${marks}`;
}
