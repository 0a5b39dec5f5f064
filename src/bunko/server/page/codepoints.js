// Count as the server does: offsets are Unicode code points, JavaScript's are UTF-16 units. "𠮷" is one of the former
// and two of the latter. Pure.

/**
 * Return where in a string its n-th code point begins, in UTF-16 units; the string's end if it has fewer.
 * @param {string} text
 * @param {number} n
 * @param {{ units: number, points: number }} [from] a place known before, not after the one wanted
 */
export function unitsAt(text, n, from = { units: 0, points: 0 }) {
  let { units, points } = from;
  while (points < n && units < text.length) {
    units += text.codePointAt(units) > 0xffff ? 2 : 1;
    points += 1;
  }
  return units;
}

/** Return the number of code points of a string. */
export function lengthOf(text) {
  let points = 0;
  for (let units = 0; units < text.length; points += 1) units += text.codePointAt(units) > 0xffff ? 2 : 1;
  return points;
}

/**
 * Cut a window of a document where its marks begin and end.
 * @param {string} text the window
 * @param {number} start where it begins in the document, in code points
 * @param {{ start: number, end: number, kind: string }[]} ranges in code points of the document; they may overlap
 * @returns {{ text: string, start: number, kinds: string[] }[]} pieces in order, which joined are the window
 */
export function pieces(text, start, ranges) {
  const end = start + lengthOf(text);
  const near = ranges.filter((range) => range.start < end && range.end > start && range.start < range.end);
  const edges = near.flatMap((range) => [Math.max(range.start, start), Math.min(range.end, end)]);
  const cuts = [...new Set([start, ...edges, end])].sort((a, b) => a - b);
  const found = [];
  let at = { units: 0, points: 0 };
  for (let n = 0; n + 1 < cuts.length; n += 1) {
    const units = unitsAt(text, cuts[n + 1] - start, at);
    const kinds = near.filter((range) => range.start <= cuts[n] && range.end >= cuts[n + 1]).map((range) => range.kind);
    found.push({ text: text.slice(at.units, units), start: cuts[n], kinds });
    at = { units, points: cuts[n + 1] - start };
  }
  return found;
}
