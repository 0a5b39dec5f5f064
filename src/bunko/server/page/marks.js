// Find the places in an answer that its citations carry, and those that nothing carries. Pure.

/** @typedef {import("./turns.js").Citation} Citation */
/** @typedef {{ n: number, verified: boolean, citations: Citation[] }} Mark  the citations of one source at one place */
/** @typedef {{ text: string, unsupported: boolean, marks: Mark[], closes: boolean }} Segment  `closes`: an unsupported sentence ends here */

/**
 * Cut an answer into segments, each followed by its marks. Joined, the segments are the answer.
 * @param {string} text
 * @param {Citation[]} citations
 * @param {string[]} unsupported
 * @returns {{ segments: Segment[], loose: Mark[] }} `loose`: marks whose sentence does not stand in the answer
 */
export function segmentsOf(text, citations, unsupported) {
  const places = new Map();
  const find = (sentence) => {
    const wanted = sentence.trim();
    if (!places.has(wanted)) {
      const start = wanted ? text.indexOf(wanted) : -1;
      places.set(wanted, start < 0 ? null : { start, end: start + wanted.length });
    }
    return places.get(wanted);
  };
  const doubtful = unsupported.map(find).filter(Boolean);
  const cited = new Map();
  const loose = [];
  for (const citation of citations) {
    const place = find(citation.sentence ?? "");
    if (place) cited.set(place.end, [...(cited.get(place.end) ?? []), citation]);
    else loose.push(citation);
  }
  const edges = [...doubtful.flatMap(({ start, end }) => [start, end]), ...cited.keys()];
  const cuts = [...new Set([0, ...edges, text.length])].sort((a, b) => a - b);
  const segments = [];
  for (let n = 0; n + 1 < cuts.length; n += 1) {
    const [start, end] = [cuts[n], cuts[n + 1]];
    segments.push({
      text: text.slice(start, end),
      unsupported: doubtful.some((place) => place.start <= start && place.end >= end),
      closes: doubtful.some((place) => place.end === end),
      marks: bySource(cited.get(end) ?? []),
    });
  }
  return { segments, loose: bySource(loose) };
}

/** Gather the citations of each source; it is verified if one of them is. */
function bySource(citations) {
  const sources = new Map();
  for (const citation of citations) sources.set(citation.n, [...(sources.get(citation.n) ?? []), citation]);
  return [...sources].sort(([a], [b]) => a - b).map(([n, all]) => ({ n, verified: all.some((one) => one.verified), citations: all }));
}
