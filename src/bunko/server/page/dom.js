// Make elements. Text always becomes text nodes: nothing here, or anywhere on the page, reads a string as HTML.
// Knows nothing of questions, answers or the server.

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */

/**
 * Make an element: attributes by name, `on…` functions as listeners, the rest as children.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  return dress(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s(tag, attributes = {}, ...children) {
  return dress(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function dress(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  return add(element, children);
}

/** Append children, however deep in lists; what is missing is left out. */
export function add(element, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** Replace all children. */
export function fill(element, ...children) {
  element.replaceChildren();
  return add(element, children);
}

const PATHS = {
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M7 7h10v10H7z",
  close: "M6 6l12 12M18 6L6 18",
  ask: "M4 5h16v11H9l-5 4z",
  documents: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  history: "M4 12a8 8 0 1 0 2.5-5.8M4 4v4h4M12 8v4l3 2",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M13 5v4M7 15v4",
  help: "M9 9a3 3 0 1 1 4.5 2.6c-.9.5-1.5 1.2-1.5 2.4M12 17.5v.1",
  warn: "M12 4l9 16H3zM12 10v4M12 17v.1",
  note: "M12 8v.1M11 12h1v5h1M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  copy: "M9 9h10v11H9zM5 15V4h10",
  save: "M12 4v11M7 11l5 5 5-5M5 20h14",
  add: "M12 5v14M5 12h14",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  up: "M6 14l6-6 6 6",
  down: "M6 10l6 6 6-6",
  left: "M14 6l-6 6 6 6",
  right: "M10 6l6 6-6 6",
  zoom: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5L21 21M10.5 8v5M8 10.5h5",
  pin: "M9 4h6l-1 6 3 3H7l3-3zM12 13v7",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  folder: "M4 6h6l2 2h8v10H4z",
  key: "M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8M11 13L20 4M16 8l3 3",
  side: "M4 5h16v14H4zM10 5v14",
  again: "M19 12a7 7 0 1 1-2-5M19 4v4h-4",
  upload: "M12 20V9M7 13l5-5 5 5M5 4h14",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5L21 21",
};

/** Return a line drawing of a known name; it says nothing to a screen reader. */
export function icon(name) {
  return s("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: PATHS[name] }));
}

/** A button; with `icon` and no `text` its label is what a screen reader says and what a pointer shows. */
export function button({ text, label, icon: name, ...attributes }, ...children) {
  const named = text ? {} : { "aria-label": label, title: label };
  return h("button", { type: "button", ...named, ...attributes }, name ? icon(name) : null, text ? h("span", {}, text) : null, children);
}

const JAPANESE = /[\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]/;

/** Return the language that a text is to be set and spoken in. */
export function languageOf(text) {
  return JAPANESE.test(text ?? "") ? "ja" : "en";
}

let counter = 0;
/** Return an id that no element has yet. */
export function freshId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}
