"""Rank hits. In: a question, hits. Out: the hits, best first. Knows nothing of storage or models."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias, TypeVar

from bunko.language.entries import labels
from bunko.language.sentences import sentences
from bunko.language.words import source_words, words
from bunko.question.question import Question
from bunko.retrieval.rarity import rarity
from bunko.types import Chunk, Hit, unwrap

Place: TypeAlias = tuple[str, int]
T = TypeVar("T")
# BM25 ignores word order. Adjacent words, and words near each other in any order, are the other two features of
# Metzler & Croft 2005, "A Markov Random Field Model for Term Dependencies", who give the second half the weight of the
# first. A reach of 2 to 8 words did about as well on three collections (benchmarks/LOG.md).
_WEIGHT_OF_ORDER = 0.2
_WEIGHT_OF_NEARNESS = 0.1
_REACH = 4
# The best passages differ little, so that their sentences can decide. A higher weight helps collections of questions
# and harms one of long descriptions; looking into 3 or 10 passages makes no difference.
_WEIGHT_OF_SENTENCE = 0.1
RERANKED = 5


def by_order(question: Question, hits: Sequence[Hit]) -> list[Hit]:
    """Rerank passages by whether words of the question are adjacent, as in the question, or near each other.

    Rare pairs count most. The new scores are between 0 and 1; `lexical` stays BM25.
    """
    asked = question.words
    best = max((hit.score for hit in hits), default=0.0)
    if len(asked) < 2 or best <= 0:
        return list(hits)
    among = frozenset(asked)
    texts = [_places(_words_of(hit.chunk), among) for hit in hits]
    side_by_side = _shares(frozenset(pairwise(asked)), [_neighbours(text) for text in texts])
    near = _shares(_near(_places(asked, among)), [_near(text) for text in texts])
    scored = [
        replace(
            hit,
            score=(1 - _WEIGHT_OF_ORDER - _WEIGHT_OF_NEARNESS) * hit.score / best
            + _WEIGHT_OF_ORDER * in_order
            + _WEIGHT_OF_NEARNESS * together,
        )
        for hit, in_order, together in zip(hits, side_by_side, near, strict=True)
    ]
    return sorted(scored, key=best_first)


def by_sentence(question: Question, hits: Sequence[Hit]) -> list[Hit]:
    """Rerank the first few passages by how many of the question's words one sentence contains, rare words most.

    The file's name and the headings above a sentence count for it. The other passages keep their places.
    """
    asked = question.distinct_words
    found = [source_words(hit.chunk.in_context) for hit in hits if hit.lexical is not None]
    weights = _rarity([asked & text for text in found])
    total = sum(weights.values())
    if not total:
        return list(hits)
    scored = []
    for hit in hits[:RERANKED]:
        shared = [asked & found for found in _words_of_sentences(hit.chunk)]
        share = max((_weight(one, weights) for one in shared), default=0.0) / total
        scored.append(replace(hit, score=(hit.score + _WEIGHT_OF_SENTENCE * share) / (1 + _WEIGHT_OF_SENTENCE)))
    rest = [replace(hit, score=hit.score / (1 + _WEIGHT_OF_SENTENCE)) for hit in hits[RERANKED:]]
    return sorted([*scored, *rest], key=best_first)


def by_entry(question: Question, hits: Sequence[Hit]) -> list[Hit]:
    """Put passages first that have the very entry that is asked for: "Area: 5" under "Hest", for the area of Hest.

    All that stands before the entry's colon is asked for; the file's name and the headings say the rest.
    """
    asked = question.distinct_words
    best = max((hit.score for hit in hits), default=0.0)
    lifted = [replace(hit, score=best) if _has_entry(asked, hit.chunk) else hit for hit in hits]
    return sorted(lifted, key=lambda hit: -hit.score)  # of those lifted, the order stays


def _has_entry(asked: frozenset[str], chunk: Chunk) -> bool:
    fitting = [words for label in labels(chunk.text) if (words := source_words(label)) and words <= asked]
    if not fitting:
        return False
    around = source_words(" ".join([chunk.file_words, chunk.heading, *(under.label for under in chunk.sections)]))
    return any(asked <= words | around for words in fitting)


def _words_of_sentences(chunk: Chunk) -> Iterator[frozenset[str]]:
    """Yield the words of each sentence, with those of the file's name and of the headings above it."""
    for start, end in sentences(chunk.text):
        above = f"{chunk.file_words} {chunk.heading_at(chunk.start + start)}"
        yield source_words(above) | source_words(unwrap(chunk.text[start:end]))


def _words_of(chunk: Chunk) -> tuple[str, ...]:
    return _words_in(chunk.in_context)


@lru_cache(maxsize=256)  # a question's passages are looked at twice
def _words_in(text: str) -> tuple[str, ...]:
    return tuple(words(text))


def _places(text: Sequence[str], among: frozenset[str]) -> list[tuple[int, str]]:
    return [(n, word) for n, word in enumerate(text) if word in among]


def _neighbours(places: Sequence[tuple[int, str]]) -> frozenset[tuple[str, str]]:
    return frozenset((one, other) for (n, one), (m, other) in pairwise(places) if m - n == 1)


def _near(places: Sequence[tuple[int, str]]) -> frozenset[frozenset[str]]:
    """Return the pairs of different words that are at most `_REACH` words apart."""
    return frozenset(
        frozenset((one, other))
        for first, (n, one) in enumerate(places)
        for m, other in places[first + 1 : first + 1 + _REACH]
        if m - n <= _REACH and one != other
    )


def _shares(asked: frozenset[T], texts: Sequence[frozenset[T]]) -> list[float]:
    """Return for each text the weighted share of `asked` that it contains: 0 to 1."""
    found = [asked & text for text in texts]
    weights = _rarity(found)
    total = sum(weights.values()) or 1.0
    return [_weight(one, weights) / total for one in found]


def _rarity(found: Sequence[frozenset[T]]) -> dict[T, float]:
    """Return a weight for each thing that a text contains."""
    spread = Counter(thing for things in found for thing in things)
    return {thing: rarity(count, total=len(found)) for thing, count in spread.items()}


def _weight(found: frozenset[T], weights: Mapping[T, float]) -> float:
    return math.fsum(weights.get(thing, 0.0) for thing in found)  # exact, so the order of the set does not matter


def fuse(dense: Sequence[Hit], lexical: Sequence[Hit], *, beside: Collection[float] = ()) -> list[Hit]:
    """Fuse two rankings by the mean of their scores, each scaled to the range 0 to 1.

    The lowest word score is 0: no word found. Similarities have no such floor, and are scaled from the lowest one here:
    Bruch, Gai & Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval". A hit that is missing from a list
    scores 0 there; an empty list leaves the order of the other unchanged. `beside` are similarities of dense hits that
    were left out, and count for the scale.
    """
    similarities = [*(hit.score for hit in dense), *beside]
    meaning = scaled({place_of(hit): hit.score for hit in dense}, among=similarities)
    wording = scaled({place_of(hit): hit.score for hit in lexical}, among=[0.0, *(hit.score for hit in lexical)])
    best: dict[Place, Hit] = {}
    for hit in (*dense, *lexical):
        place = place_of(hit)
        best[place] = _join(best[place], hit) if place in best else hit
    fused = [replace(hit, score=(meaning.get(place, 0.0) + wording.get(place, 0.0)) / 2) for place, hit in best.items()]
    return sorted(fused, key=best_first)


def scaled(scores: Mapping[T, float], *, among: Collection[float]) -> dict[T, float]:
    """Scale scores so that the lowest of `among` is 0 and the highest 1; all are 1 where these are equal."""
    lowest, highest = min(among, default=0.0), max(among, default=0.0)
    width = highest - lowest
    return {one: (score - lowest) / width if width > 0 else 1.0 for one, score in scores.items()}


def best_first(hit: Hit) -> tuple[float, str, int]:
    """Return the sort key of a hit: by score, then path and place."""
    return -hit.score, hit.chunk.path, hit.chunk.start


def place_of(hit: Hit) -> Place:
    """Return what identifies a hit: its path and start."""
    return hit.chunk.path, hit.chunk.start


def _join(one: Hit, other: Hit) -> Hit:
    return replace(
        one,
        dense=one.dense if one.dense is not None else other.dense,
        lexical=one.lexical if one.lexical is not None else other.lexical,
    )
