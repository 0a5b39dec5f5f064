"""Find the passages that bear on a question. In: question, store, embedder. Out: list[Hit]. Knows nothing of prompts.

Two searches, by meaning (dense vectors) and by words (BM25), are fused by rank. The weights follow the language:
an embedder that does not know the question's language would only add noise, and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bunko.ports import Embedder, Searchable
from bunko.settings import RetrievalSettings
from bunko.text import detect_language
from bunko.types import Chunk, Hit

if TYPE_CHECKING:
    from bunko.ports import Vectors

RRF_K = 60  # Cormack, Clarke & Büttcher 2009, "Reciprocal Rank Fusion outperforms Condorcet"
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
    if use_dense and vector is not None:
        dense = store.search_dense(embedder.spec, vector, limit=settings.candidates)
    if settings.mode != "dense" or not use_dense:
        lexical = store.search_lexical(question, limit=settings.candidates)
    if use_dense and vector is not None:
        lexical = _with_similarities(lexical, store, embedder, vector)
        dense = _merge_dense(dense, lexical, settings.candidates)
    return fuse(dense, lexical)[: settings.top_k]


def fuse(dense: Sequence[Hit], lexical: Sequence[Hit]) -> list[Hit]:
    """Fuse two rankings by the sum of their reciprocal ranks.

    The result depends on the ranks alone; a list that is empty leaves the other one's order as it is.
    """
    scores: dict[tuple[str, int], float] = {}
    best: dict[tuple[str, int], Hit] = {}
    for ranking in (dense, lexical):
        for rank, hit in enumerate(ranking):
            place = _place(hit.chunk)
            scores[place] = scores.get(place, 0.0) + 1.0 / (RRF_K + rank + 1)
            best[place] = _join(best[place], hit) if place in best else hit
    fused = [replace(best[place], score=score) for place, score in scores.items()]
    return sorted(fused, key=lambda hit: (-hit.score, hit.chunk.path, hit.chunk.start))


def _place(chunk: Chunk) -> tuple[str, int]:
    return chunk.path, chunk.start


def _join(one: Hit, other: Hit) -> Hit:
    return replace(
        one,
        dense=one.dense if one.dense is not None else other.dense,
        lexical=one.lexical if one.lexical is not None else other.lexical,
    )


def _with_similarities(hits: list[Hit], store: Searchable, embedder: Embedder, vector: Vectors) -> list[Hit]:
    """Tell each lexical hit its cosine similarity; the best ones that have no vector yet are embedded now."""
    known = store.similarities(embedder.spec, [hit.chunk.key for hit in hits], vector)
    unknown = [hit.chunk for hit in hits if hit.chunk.key not in known][:_EMBED_ON_THE_SPOT]
    if unknown:
        vectors = embedder.embed_passages([chunk.in_context for chunk in unknown])
        known |= {chunk.key: float(row @ vector) for chunk, row in zip(unknown, vectors, strict=True)}
    return [replace(hit, dense=known.get(hit.chunk.key)) for hit in hits]


def _merge_dense(dense: list[Hit], lexical: list[Hit], limit: int) -> list[Hit]:
    """Rank by similarity everything whose similarity is known, however it was found."""
    merged = {_place(hit.chunk): hit for hit in lexical if hit.dense is not None}
    merged |= {_place(hit.chunk): hit for hit in dense}
    ranked = sorted(merged.values(), key=lambda hit: (-(hit.dense or 0.0), hit.chunk.path, hit.chunk.start))
    return [replace(hit, lexical=None) for hit in ranked[:limit]]
