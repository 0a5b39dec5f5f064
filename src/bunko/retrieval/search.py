"""Find the passages that bear on a question. In: question, store, embedder. Out: list[Hit]. Knows nothing of prompts.

Two searches, by meaning (dense vectors) and by words (BM25, and whether words stand together as in the question),
are fused by score; of the first few, the one goes ahead that has the question's words in one sentence. An embedder that
does not know the question's language would only add noise, and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from bunko.language.detection import detect_language
from bunko.language.words import normalise
from bunko.ports import Embedder, Searchable
from bunko.retrieval.ranking import best_first, by_order, by_sentence, fuse, place_of
from bunko.settings import RetrievalSettings
from bunko.types import Hit

if TYPE_CHECKING:
    from bunko.ports import Vectors


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
    return by_sentence(question, fuse(dense, lexical))[: settings.top_k]


def with_spellings(question: str) -> str:
    """Add the other spelling of words in katakana that may end in a long vowel's mark or not.

    >>> with_spellings("サーバの再起動")
    'サーバの再起動 サーバー'
    """
    found = dict.fromkeys(_KATAKANA_WORD.findall(normalise(question)))
    return " ".join([question, *(word[:-1] if word.endswith("ー") else word + "ー" for word in found)])


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
    merged = {place_of(hit): replace(hit, score=hit.dense, lexical=None) for hit in lexical if hit.dense is not None}
    merged |= {place_of(hit): hit for hit in dense}
    return sorted(merged.values(), key=best_first)
