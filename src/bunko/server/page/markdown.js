// Draw Markdown. In: a text of a model or a document, and what is to stand after its sentences. Out: nodes.
//
// markdown-it reads the text into tokens, and the nodes are made of tokens (dom.js): no text is ever read as HTML.
// KaTeX makes MathML, as nodes, too. DOMPurify then looks through the nodes: it is the second lock on the same door.
// Text makes no link and loads no picture: addresses are shown.

import { add, h } from "./dom.js";
import { t } from "./i18n.js";
import { SIGNS, cutAtSigns } from "./marks.js";
import { mathNode, mathRules } from "./math.js";

const { markdownit, DOMPurify } = globalThis;

const rich = reader("default");
// Words of documents that are the answer keep all their signs; only lists and tables are drawn.
const plain = reader("zero").enable(["list", "table", "newline"]);

function reader(preset) {
  const made = markdownit(preset, { html: false, linkify: false, typographer: false, breaks: true });
  if (preset === "default") made.disable(["reference", "autolink"]).use(mathRules);
  made.inline.State.prototype.scanDelims = scanDelims;
  return made;
}

const WIDE = /[\u2e80-\u303f\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\u{1f300}-\u{1faff}\u{20000}-\u{323af}]/u;

/** As CommonMark has it, but a Japanese neighbour counts as a space does: 「**「はい」**と」 is bold, too. */
function scanDelims(start, canSplitWord) {
  const { src, posMax } = this;
  const sign = src[start];
  let end = start;
  while (end < posMax && src[end] === sign) end += 1;
  const before = kindOf(start > 0 ? [...src.slice(Math.max(0, start - 2), start)].at(-1) : " ");
  const after = kindOf(end < posMax ? String.fromCodePoint(src.codePointAt(end)) : " ");
  const left = !after.space && (!after.punctuation || before.space || before.punctuation || before.wide);
  const right = !before.space && (!before.punctuation || after.space || after.punctuation || after.wide);
  return { can_open: left && (canSplitWord || !right || before.punctuation), can_close: right && (canSplitWord || !left || after.punctuation), length: end - start };
}

const kindOf = (sign) => ({ space: /\s/.test(sign), punctuation: /[\p{P}\p{S}]/u.test(sign) || SIGNS.test(sign), wide: WIDE.test(sign) });

/** Return the blocks of a text, and where each begins and ends. @returns {{ type: string, start: number, end: number }[]} */
export function blocksOf(text, quoted = false) {
  const lines = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines.push(at + 1);
  const place = (line) => lines[line] ?? text.length;
  return groups(tokensOf(text, quoted)).map(([{ type, map }]) => ({ type, start: place(map[0]), end: place(map[1]) }));
}

export const tokensOf = (text, quoted = false) => (quoted ? plain : rich).parse(text, {});

/** Return the tokens of each block. */
export function groups(tokens) {
  const found = [];
  let depth = 0;
  for (const token of tokens) {
    if (depth === 0) found.push([]);
    found.at(-1).push(token);
    depth += token.nesting;
  }
  return found;
}

/**
 * Draw a text: an element for each block.
 * @param {string} text with signs of marks.js where sentences begin and end
 * @param {{ quoted?: boolean, marksOf?: (n: number) => Node[], isDoubtful?: (n: number) => boolean, strip?: (text: string) => string }} how
 *   `marksOf` returns what stands after a sentence; `strip` takes out the model's own numbers
 * @returns {HTMLElement[]}
 */
export function drawn(text, { quoted = false, marksOf = () => [], isDoubtful = () => false, strip = (words) => words } = {}) {
  const drawing = new Drawing({ isDoubtful, strip });
  return groups(tokensOf(text, quoted)).map((tokens) => {
    const holder = h("div", { class: "block" });
    drawing.block(tokens, holder);
    purify(holder);
    for (const place of holder.querySelectorAll("[data-mark]")) place.replaceWith(...marksOf(Number(place.dataset.mark)));
    return holder;
  });
}

const LEAVES = { strong: "strong", em: "em", s: "s" };
const BLOCKS = { bullet_list: "ul", ordered_list: "ol", list_item: "li", blockquote: "blockquote", thead: "thead", tbody: "tbody", tr: "tr", th: "th", td: "td" };

class Drawing {
  constructor({ isDoubtful, strip }) {
    Object.assign(this, { isDoubtful, strip, doubt: false, level: 2, pending: new Set() });
  }

  block(tokens, root) {
    const stack = [root];
    for (const token of tokens) {
      const [, name, way] = /^(.*?)(?:_(open|close))?$/.exec(token.type);
      if (way === "close") stack.pop();
      else if (way === "open") {
        const element = this.opened(name, token);
        add(stack.at(-1), element.holder ?? element.node ?? element);
        stack.push(element.node ?? element);
      } else if (token.type === "inline") this.inline(token.children, stack.at(-1));
      else add(stack.at(-1), this.leaf(token));
    }
    this.settle(root.lastElementChild ?? root);
  }

  /** @returns {HTMLElement | { holder: HTMLElement, node: HTMLElement }} */
  opened(name, token) {
    if (name === "heading") return this.heading(Number(token.tag.slice(1)));
    if (name === "paragraph") return h(token.hidden ? "span" : "p");
    if (name === "table") {
      const node = h("table");
      return { holder: h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("answerTable") }, node), node };
    }
    const align = /text-align:(\w+)/.exec(token.attrGet?.("style") ?? "")?.[1];
    return h(BLOCKS[name] ?? "div", { class: align && ["th", "td"].includes(name) ? `to-${align}` : null, start: name === "ordered_list" ? token.attrGet("start") : null, scope: name === "th" ? "col" : null });
  }

  /** Headings of an answer are below its question, and leave out no level. */
  heading(level) {
    this.level = Math.max(3, Math.min(6, level + 2, this.level + 1));
    return h(`h${this.level}`);
  }

  leaf(token) {
    if (token.type === "fence" || token.type === "code_block") {
      const language = /^[\w+#.-]{1,20}/.exec(token.info.trim())?.[0] ?? null;
      return h("pre", { tabindex: "0", role: "region", "aria-label": t("code"), "data-language": language }, h("code", {}, token.content.replace(/\n$/, "")));
    }
    if (token.type === "hr") return h("hr");
    if (token.type === "math") return mathNode(bare(token.content), true);
    return this.words(token.content);
  }

  inline(tokens, root) {
    const stack = [root];
    for (const token of tokens) {
      const [, name, way] = /^(.*?)(?:_(open|close))?$/.exec(token.type);
      const top = stack.at(-1);
      if (name in LEAVES) {
        if (way === "close") stack.pop();
        else stack.push(add(top, h(LEAVES[name])).lastChild);
      } else if (name === "link") {
        if (way === "close") add(top, this.address(this.href, top));
        else this.href = bare(token.attrGet("href") ?? "");
      } else if (token.type === "softbreak" || token.type === "hardbreak") add(top, h("br"));
      else if (token.type === "code_inline") add(top, h("code", {}, bare(token.content)), this.signs(token.content));
      else if (token.type === "math") add(top, mathNode(bare(token.content), token.info === "display"), this.signs(token.content));
      else if (token.type === "image") add(top, this.words(token.content), this.address(bare(token.attrGet("src") ?? "")));
      else add(top, this.words(this.strip(token.content)));
    }
  }

  /** Where a link would lead, unless its words say so. */
  address(href, before = null) {
    let shown = href;
    try {
      shown = decodeURI(href);
    } catch {
      // It is shown as it is.
    }
    return !shown || before?.textContent.endsWith(shown) ? null : h("span", { class: "address" }, ` (${shown})`);
  }

  /** Words with the places of marks; those of a sentence without support are underlined. */
  words(text) {
    return cutAtSigns(text).map((part) => (part.text === undefined ? this.sign(part) : this.doubt ? h("span", { class: "unsupported" }, part.text) : part.text));
  }

  signs(text) {
    return cutAtSigns(text).filter((part) => part.text === undefined).map((part) => this.sign(part));
  }

  sign({ open, close }) {
    if (open !== undefined) {
      this.doubt = this.isDoubtful(open);
      this.pending.add(open);
      return null;
    }
    this.doubt = false;
    this.pending.delete(close);
    return h("span", { "data-mark": String(close) });
  }

  /** The end of a sentence may have been lost in an address: its marks then stand at the end of the block. */
  settle(element) {
    for (const n of this.pending) add(element, h("span", { "data-mark": String(n) }));
    this.pending.clear();
    this.doubt = false;
  }
}

const bare = (text) => cutAtSigns(text).map((part) => part.text ?? "").join("");

const MATHML = "math semantics mrow mi mo mn ms mtext mspace msup msub msubsup mfrac msqrt mroot mstyle mpadded mphantom menclose mtable mtr mtd mlabeledtr mover munder munderover mmultiscripts mprescripts merror".split(" ");
const ALLOWED = {
  IN_PLACE: true,
  ALLOWED_TAGS: ["div", "p", "span", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "pre", "code", "strong", "em", "s", "br", "hr", "#text", ...MATHML],
  ALLOWED_ATTR: ["class", "start", "scope", "tabindex", "role", "display", "mathvariant", "mathcolor", "mathbackground", "mathsize", "stretchy", "fence", "separator", "accent", "accentunder", "lspace", "rspace", "minsize", "maxsize", "movablelimits", "symmetric", "largeop", "linethickness", "scriptlevel", "displaystyle", "width", "height", "depth", "voffset", "columnalign", "rowalign", "rowspacing", "columnspacing", "columnlines", "rowlines", "frame", "notation", "xmlns"],
  ALLOW_ARIA_ATTR: true,
  ALLOW_DATA_ATTR: true,
};

/** Look through nodes once more: nothing but what Markdown and mathematics are made of. */
function purify(holder) {
  DOMPurify.sanitize(holder, ALLOWED);
}

/** Return nodes as HTML that nothing can be hidden in: what a saved conversation is made of. @returns {string} */
export function purified(element) {
  return DOMPurify.sanitize(element, { ...ALLOWED, IN_PLACE: false, ALLOWED_TAGS: [...ALLOWED.ALLOWED_TAGS, "h1", "h2", "small"], ALLOWED_ATTR: [...ALLOWED.ALLOWED_ATTR, "lang"] });
}
