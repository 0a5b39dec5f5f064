"""Search a second time with what the first search found. In: a question, hits. Out: further hits.

"Who leads the company that built the mill?": one passage names the company, another one its leader, and no word of the
question leads to the second. So the names that stand near the question's words in the first passages are searched for,
together with the words of the question that those passages lack. One round, by words alone: vectors found no more, and
took three times as long (benchmarks/LOG.md). Knows nothing of models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from bunko.language.names import Name, has_part, names
from bunko.language.sentences import sentences
from bunko.language.words import source_words, words
from bunko.ports import Searchable
from bunko.question.question import Question, parse_question
from bunko.retrieval.ranking import by_order, by_sentence, fuse, place_of
from bunko.retrieval.search import with_spellings
from bunko.types import Hit

# Passages whose names are searched for, names, hits for each name, and candidates of each search. Half or twice as many
# found about the same.
_PASSAGES = 6
_NAMES = 6
_HITS = 4
_CANDIDATES = 20
_PIECE = re.compile(r"[\u3400-\u9fff々]+|[\u3041-\u309f]+|[\u30a0-\u30ff]+|(?:(?![\u3041-\u9fff])[\w'’-])+")
_SHORTEST = 3
"""Letters of a name; a shorter one is an initial, or in every passage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """A name in a passage, which leads from the question to another passage."""

    name: Name
    lacking: frozenset[str]
    """The words of the question that the passage does not have."""
    score: float


def second_search(question: Question, hits: Sequence[Hit], store: Searchable) -> list[Hit]:
    """Return passages about the names in the best hits, those of the best name first; none that is among the hits.

    None where the hits have all words of the question.
    """
    found = [_search(question, bridge, store) for bridge in bridges(question, hits)]
    seen = {place_of(hit) for hit in hits[:_PASSAGES]}
    further = []
    for hit in (hit for row in zip_longest(*found) for hit in row if hit is not None):
        if place_of(hit) not in seen:
            seen.add(place_of(hit))
            further.append(hit)
    return further


def bridges(question: Question, hits: Sequence[Hit]) -> list[Bridge]:
    """Return the names in the first passages that the question does not have, best first.

    A name counts by the share of the question's words in its sentence, and by the rank of its passage.
    """
    best: dict[tuple[str, ...], Bridge] = {}
    for rank, hit in enumerate(hits[:_PASSAGES]):
        lacking = question.distinct_words - source_words(hit.chunk.in_context)
        if not lacking:
            continue
        for name, share in _names_in(question, hit):
            bridge = Bridge(name=name, lacking=lacking, score=share / (1 + rank / _PASSAGES))
            if name.words not in best or best[name.words].score < bridge.score:
                best[name.words] = bridge
    return sorted(best.values(), key=lambda bridge: (-bridge.score, bridge.name.words))[:_NAMES]


def _names_in(question: Question, hit: Hit) -> Iterator[tuple[Name, float]]:
    """Yield the names in a passage, each with the share of the question's words in its sentence and heading."""
    chunk, asked = hit.chunk, question.distinct_words
    for start, end in sentences(chunk.text):
        sentence, heading = chunk.text[start:end], chunk.heading_at(chunk.start + start)
        share = len(asked & (source_words(sentence) | source_words(heading))) / len(asked)
        for name in names(sentence) if share else ():
            known = has_part(name, question.text) or has_part(name, heading)
            if not known and len("".join(name.words)) >= _SHORTEST:
                yield name, share


def _search(question: Question, bridge: Bridge, store: Searchable) -> list[Hit]:
    """Return passages that have the name, ranked by the name and the words that the first passage lacks."""
    lacking = [piece for piece in _PIECE.findall(question.text) if bridge.lacking.intersection(words(piece))]
    asked = parse_question(" ".join([bridge.name.text, *lacking]))
    found = store.search_lexical(with_spellings(asked.text), limit=_CANDIDATES)
    ranked = by_sentence(asked, fuse([], by_order(asked, found)))
    return [hit for hit in ranked if has_part(bridge.name, hit.chunk.in_context)][:_HITS]
