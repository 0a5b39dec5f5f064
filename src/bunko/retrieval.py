"""Find the passages that bear on a question. In: question, store, embedder. Out: list[Hit]. Knows nothing of prompts.

Two searches, by meaning (dense vectors) and by words (BM25, and whether words stand together as in the question),
are fused by score. An embedder that does not know the question's language would only add noise, and is left out.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from bunko.ports import Embedder, Searchable
from bunko.settings import RetrievalSettings
from bunko.text import detect_language, normalise, words
from bunko.types import Hit

if TYPE_CHECKING:
    from bunko.ports import Vectors

Place: TypeAlias = tuple[str, int]

# BM25 is blind to order. A part for neighbouring words is the gist of Metzler & Croft 2005, "A Markov Random Field
# Model for Term Dependencies", who give it .15; .1 to .3 did as well on three collections (benchmarks/LOG.md).
_WEIGHT_OF_ORDER = 0.2
_KATAKANA_WORD = re.compile(r"[\u30a1-\u30fa\u30fc]{3,}")
# Chunks found by words whose vectors are still to be made are embedded on the spot, the best of them.
_EMBED_ON_THE_SPOT = 16


def retrieve(
    question: str,
    store: Searchable,
    embedder: Embedder,
    *,
    vector: Vectors | None,
    settings: RetrievalSettings,
) -> list[Hit]:
    """Return at most `settings.top_k` hits, best first; equal scores are ordered by path and place.

    `vector` is the question's, from `embedder`; None leaves the dense side out, as does an embedder that does not
    know the language of the question. Scores are those of the fusion, comparable within this list only.
    """
    dense: list[Hit] = []
    lexical: list[Hit] = []
    use_dense = vector is not None and settings.mode != "lexical" and embedder.spec.knows(detect_language(question))
    with ThreadPoolExecutor(1) as beside:  # the two searches take about as long as each other
        if use_dense and vector is not None:
            found = beside.submit(store.search_dense, embedder.spec, vector, limit=settings.candidates)
        if settings.mode != "dense" or not use_dense:
            lexical = store.search_lexical(with_spellings(question), limit=settings.candidates)
            lexical = by_order(question, lexical)
        if use_dense:
            dense = found.result()
    if use_dense and vector is not None:
        lexical = _with_similarities(lexical, store, embedder, vector)
        dense = _with_similar(dense, lexical)
    return fuse(dense, lexical)[: settings.top_k]


def with_spellings(question: str) -> str:
    """Add the other spelling of words in katakana that may end in a long vowel's mark or not.

    >>> with_spellings("サーバの再起動")
    'サーバの再起動 サーバー'
    """
    found = dict.fromkeys(_KATAKANA_WORD.findall(normalise(question)))
    return " ".join([question, *(word[:-1] if word.endswith("ー") else word + "ー" for word in found)])


def by_order(question: str, hits: Sequence[Hit]) -> list[Hit]:
    """Raise the passages that have words of the question side by side as they stand there, rare pairs most.

    The new scores are between 0 and 1; `lexical` stays BM25.
    """
    asked = _pairs(question)
    best = max((hit.score for hit in hits), default=0.0)
    if not asked or best <= 0:
        return list(hits)
    found = [asked & _pairs(hit.chunk.in_context) for hit in hits]
    spread = Counter(pair for pairs in found for pair in pairs)
    weights = {pair: math.log((len(hits) + 2) / (count + 0.5)) for pair, count in spread.items()}
    total = sum(weights.values()) or 1.0
    scored = [
        replace(
            hit,
            score=(1 - _WEIGHT_OF_ORDER) * hit.score / best
            + _WEIGHT_OF_ORDER * sum(weights[pair] for pair in sorted(pairs)) / total,
        )
        for hit, pairs in zip(hits, found, strict=True)
    ]
    return sorted(scored, key=_best_first)


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    return frozenset(pairwise(words(text)))


def fuse(dense: Sequence[Hit], lexical: Sequence[Hit]) -> list[Hit]:
    """Fuse two rankings by the mean of their scores, each scaled to reach from 0 to 1.

    Word scores begin at 0, where no word is found. Similarities have no such end, and begin at the lowest one here:
    Bruch, Gai & Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval". A hit that one list lacks has 0
    there; a list that is empty leaves the other one's order as it is.
    """
    meaning = _scaled({_place(hit): hit.score for hit in dense}, lowest=min((hit.score for hit in dense), default=0.0))
    wording = _scaled({_place(hit): hit.score for hit in lexical}, lowest=0.0)
    best: dict[Place, Hit] = {}
    for hit in (*dense, *lexical):
        place = _place(hit)
        best[place] = _join(best[place], hit) if place in best else hit
    fused = [replace(hit, score=(meaning.get(place, 0.0) + wording.get(place, 0.0)) / 2) for place, hit in best.items()]
    return sorted(fused, key=_best_first)


def _scaled(scores: Mapping[Place, float], *, lowest: float) -> dict[Place, float]:
    width = max(scores.values(), default=0.0) - lowest
    return {place: (score - lowest) / width if width > 0 else 1.0 for place, score in scores.items()}


def _best_first(hit: Hit) -> tuple[float, str, int]:
    return -hit.score, hit.chunk.path, hit.chunk.start


def _place(hit: Hit) -> Place:
    return hit.chunk.path, hit.chunk.start


def _join(one: Hit, other: Hit) -> Hit:
    return replace(
        one,
        dense=one.dense if one.dense is not None else other.dense,
        lexical=one.lexical if one.lexical is not None else other.lexical,
    )


def _with_similarities(hits: list[Hit], store: Searchable, embedder: Embedder, vector: Vectors) -> list[Hit]:
    """Tell each lexical hit its cosine similarity; the best ones that have no vector yet are embedded now."""
    known = store.similarities(embedder.spec, [hit.chunk.key for hit in hits], vector)
    unknown = [hit.chunk for hit in hits if hit.chunk.key not in known and embedder.spec.knows(hit.chunk.language)]
    unknown = unknown[:_EMBED_ON_THE_SPOT]
    if unknown:
        vectors = embedder.embed_passages([chunk.in_context for chunk in unknown])
        known |= {chunk.key: float(row @ vector) for chunk, row in zip(unknown, vectors, strict=True)}
    return [replace(hit, dense=known.get(hit.chunk.key)) for hit in hits]


def _with_similar(dense: Sequence[Hit], lexical: Sequence[Hit]) -> list[Hit]:
    """Add those whose similarity is known though they were found by words only."""
    merged = {_place(hit): replace(hit, score=hit.dense, lexical=None) for hit in lexical if hit.dense is not None}
    merged |= {_place(hit): hit for hit in dense}
    return sorted(merged.values(), key=_best_first)
