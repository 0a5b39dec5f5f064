"""Gather the context of a question that several passages answer. In: hits, named documents. Out: Evidence.

Whole passages, best first, until a budget of tokens is used up. The parts of a question take turns, so that each gets
its share; a document that the question names has most of the room, and all of it is read if it fits. Passages were
better than windows of sentences for the same tokens (benchmarks/LOG.md). Knows nothing of models.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, zip_longest

from bunko.injection.detection import gives_orders
from bunko.language.sentences import sentences
from bunko.language.words import estimate_tokens, source_words
from bunko.question.question import Question
from bunko.retrieval.evidence import score_sentences
from bunko.retrieval.quotable import is_structure
from bunko.types import Chunk, Evidence, Hit

_NEAR_DUPLICATE = 0.85
_NAMED = 0.7
"""Share of the room for the documents that the question names; a document that is to be summarised has all of it."""


@dataclass(slots=True)
class _Chosen:
    """The passages that have been chosen, with their scores."""

    room: int
    """Tokens that are left, by estimate."""
    passages: dict[tuple[str, int], tuple[Chunk, float]] = field(default_factory=dict)
    _words: list[frozenset[str]] = field(default_factory=list)

    def add(self, chunk: Chunk, score: float, *, room: float = math.inf) -> int:
        """Add a passage if there is room and it says something new; return the tokens it takes."""
        cost = estimate_tokens(chunk.text)
        if (chunk.path, chunk.start) in self.passages or cost > min(self.room, room):
            return 0
        own = source_words(chunk.text)
        if any(len(own & other) > _NEAR_DUPLICATE * max(1, min(len(own), len(other))) for other in self._words):
            return 0
        self.passages[chunk.path, chunk.start] = (chunk, score)
        self._words.append(own)
        self.room -= cost
        return cost


def gather(
    question: Question,
    searches: Sequence[Sequence[Hit]],
    *,
    named: Sequence[Sequence[Chunk]] = (),
    quotes: Sequence[Evidence] = (),
    max_tokens: int,
) -> list[Evidence]:
    """Return the context for a question, best document first, in reading order within each.

    `searches` holds the hits for the question, then for each of its parts. `named` holds the passages of each document
    that the question names. `quotes` come first, and their passages are cut around them. The passages have at most
    `max_tokens` tokens together, by estimate.
    """
    chosen = _Chosen(room=max_tokens - sum(estimate_tokens(item.quote) for item in quotes))
    room = chosen.room if question.kind == "summary" else int(_NAMED * chosen.room)
    for chunks in named:
        _add_document(question, chunks, chosen, room=room // len(named))
    for place, hit in enumerate(_in_turns(searches)):
        chosen.add(hit.chunk, 1 / (1 + place))
    return [*quotes, *_evidence(chosen, quotes)]


def _add_document(question: Question, chunks: Sequence[Chunk], chosen: _Chosen, *, room: int) -> None:
    """Add all passages of a document if they fit, else its best ones."""
    best = {chunk.start: 0.0 for chunk in chunks}
    if sum(estimate_tokens(chunk.text) for chunk in chunks) > room:
        hits = [Hit(chunk=chunk, score=1.0) for chunk in chunks]
        for chunk, _, _, score in score_sentences(question, hits):
            best[chunk.start] = max(best[chunk.start], score)
    for chunk in sorted(chunks, key=lambda item: (-best[item.start], item.start)):
        room -= chosen.add(chunk, 2.0, room=room)


def _in_turns(searches: Sequence[Sequence[Hit]]) -> Iterator[Hit]:
    seen: set[tuple[str, int]] = set()
    for row in zip_longest(*searches):
        for hit in row:
            if hit is not None and (place := (hit.chunk.path, hit.chunk.start)) not in seen:
                seen.add(place)
                yield hit


def _evidence(chosen: _Chosen, quotes: Sequence[Evidence]) -> Iterator[Evidence]:
    """Yield the passages, best document first.

    They are cut where the headings change, where sentences address the model, and where the quotes are.
    """
    best: dict[str, float] = {}
    for chunk, score in chosen.passages.values():
        best[chunk.path] = max(best.get(chunk.path, 0.0), score)
    ordered = sorted(chosen.passages.values(), key=lambda item: (-best[item[0].path], item[0].path, item[0].start))
    for chunk, score in ordered:
        for (heading, is_order, is_quoted), run in groupby(_sentences(chunk, quotes), key=lambda item: item[2:]):
            spans = list(run)
            start, end = spans[0][0], spans[-1][1]
            if is_quoted or (quotes and is_structure(chunk.text[start:end])):
                continue
            yield Evidence(
                path=chunk.path,
                start=chunk.start + start,
                end=chunk.start + end,
                quote=chunk.text[start:end],
                score=score,
                page=chunk.page,
                heading=heading,
                gives_orders=is_order,
            )


def _sentences(chunk: Chunk, quotes: Sequence[Evidence]) -> Iterator[tuple[int, int, str, bool, int]]:
    """Yield each sentence: start, end, headings, whether it addresses a language model, the number of quotes in it."""
    own = [(item.start, item.end) for item in quotes if item.path == chunk.path]
    for start, end in sentences(chunk.text):
        first, last = chunk.start + start, chunk.start + end
        quoted = sum(start < last and first < end for start, end in own)
        yield start, end, chunk.heading_at(first), gives_orders(chunk.text[start:end]), quoted
