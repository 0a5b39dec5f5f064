"""Fuse words and meaning before the passages of meaning are read. In: keys with similarities, hits of words. Out: hits.

Of the nearest passages few survive the fusion, and reading a passage takes longer than finding its key. What a passage
scores by meaning alone is known from its key. Knows nothing of storage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bunko.ports import Keyed
from bunko.retrieval.ranking import best_first, fuse, place_of, scaled
from bunko.types import Hit


def fuse_by_key(nearest: Mapping[str, float], lexical: Sequence[Hit], store: Keyed, *, wanted: int) -> list[Hit]:
    """Return the fused hits, best first: all of words, and those of meaning that may be among the first `wanted`.

    `nearest` has the similarities of the nearest passages by their keys; `lexical` are hits with similarities. The
    first `wanted` hits and their scores are those of `fuse` with all passages.
    """
    similarities = [*nearest.values(), *(hit.dense for hit in lexical if hit.dense is not None)]
    # `fuse` takes the mean of words and meaning.
    alone = {key: score / 2 for key, score in scaled(nearest, among=similarities).items()}
    by_words = fuse(with_similar([], lexical), lexical, beside=nearest.values())
    among_words = {hit.chunk.key for hit in lexical}
    scores = [*(hit.score for hit in by_words), *(score for key, score in alone.items() if key not in among_words)]
    scores.sort(reverse=True)
    least = scores[wanted - 1] if len(scores) >= wanted else 0.0
    # A passage that was found by words may have others with its text.
    keys = [key for key, score in alone.items() if score >= least]
    dense = [
        Hit(chunk=chunk, score=nearest[chunk.key], dense=nearest[chunk.key])
        for chunk in (store.passages(keys) if keys else [])
    ]
    return fuse(with_similar(dense, lexical), lexical, beside=nearest.values())


def with_similar(dense: Sequence[Hit], lexical: Sequence[Hit]) -> list[Hit]:
    """Add the lexical hits whose similarity is known to the dense ones."""
    merged = {place_of(hit): replace(hit, score=hit.dense, lexical=None) for hit in lexical if hit.dense is not None}
    merged |= {place_of(hit): hit for hit in dense}
    return sorted(merged.values(), key=best_first)
