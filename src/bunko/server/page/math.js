// Mathematics in Markdown: $…$, $$…$$, \(…\) and \[…\]. In: TeX of a model. Out: MathML as nodes, made by KaTeX.
// MathML needs no fonts and no styles of KaTeX's, so that the page's policy stays as strict as it is.

import { h } from "./dom.js";

const { katex } = globalThis;
const OPTIONS = { output: "mathml", throwOnError: true, trust: false, strict: "ignore", maxSize: 20, maxExpand: 500 };
const LONGEST = 5000; // characters of one formula
const made = new Map(); // while an answer streams, its formulas are drawn again and again
const MOST = 200;

/** Return a formula as a node; where TeX is wrong, as it was written. */
export function mathNode(tex, display) {
  const key = `${display} ${tex}`;
  if (!made.has(key)) {
    if (made.size >= MOST) made.clear();
    made.set(key, rendered(tex, display));
  }
  return made.get(key).cloneNode(true);
}

function rendered(tex, display) {
  const name = display ? "math display" : "math";
  try {
    if (tex.length > LONGEST) throw new Error("too long");
    const tree = katex.__renderToDomTree(tex, { ...OPTIONS, displayMode: display });
    tame(tree);
    return h("span", { class: name, ...(display ? { tabindex: "0" } : {}) }, tree.toNode());
  } catch {
    return h("code", { class: name }, tex);
  }
}

/** Take away what the page's policy forbids: styles in attributes. And the source, which a screen reader would say. */
function tame(node) {
  if (node.attributes) for (const name of ["style", "href", "src"]) delete node.attributes[name];
  if (node.children) {
    node.children = node.children.filter((child) => child.type !== "annotation");
    node.children.forEach(tame);
  }
}

/** Teach markdown-it the four forms. */
export function mathRules(markdown) {
  markdown.inline.ruler.before("escape", "math_inline", inline);
  markdown.block.ruler.before("fence", "math_block", block, { alt: ["paragraph", "reference", "blockquote", "list"] });
}

const PAIRS = [["$$", "$$", true], ["\\[", "\\]", true], ["\\(", "\\)", false], ["$", "$", false]];

function inline(state, silent) {
  const { src, pos } = state;
  for (const [open, close, display] of PAIRS) {
    if (!src.startsWith(open, pos)) continue;
    const end = src.indexOf(close, pos + open.length);
    const tex = end < 0 ? "" : src.slice(pos + open.length, end);
    if (!tex.trim() || (open === "$" && !isFormula(tex, src[end + 1] ?? ""))) continue;
    if (!silent) Object.assign(state.push("math", "", 0), { content: tex, info: display ? "display" : "" });
    state.pos = end + close.length;
    return true;
  }
  return false;
}

/** Between single dollars may be money: "$5 or $10". */
function isFormula(tex, next) {
  if (/^\s|\s$|\n\s*\n/.test(tex) || /\d/.test(next)) return false;
  return /[\\^_={}+<>|]/.test(tex) || /^\p{L}{1,2}'*$/u.test(tex) || /^\p{L}\([^()]*\)$/u.test(tex) || /^-?[\d.,]+%?$/.test(tex);
}

function block(state, first, last, silent) {
  const line = (n) => state.src.slice(state.bMarks[n] + state.tShift[n], state.eMarks[n]);
  const begin = line(first).trim();
  const pair = PAIRS.find(([open, , display]) => display && begin.startsWith(open));
  if (!pair || state.sCount[first] - state.blkIndent >= 4) return false;
  const [open, close] = pair;
  for (let n = first, text = ""; n < last; n += 1) {
    const part = n === first ? begin.slice(open.length) : line(n);
    const end = part.indexOf(close);
    if (end < 0) {
      text += `${part}\n`;
      continue;
    }
    if (part.slice(end + close.length).trim() || !(text + part.slice(0, end)).trim()) return false;
    if (silent) return true;
    Object.assign(state.push("math", "", 0), { content: (text + part.slice(0, end)).trim(), info: "display", block: true, map: [first, n + 1] });
    state.line = n + 1;
    return true;
  }
  return false;
}
