"""Retrieve the passages that are relevant to a question. In: question, store, embedder. Out: list[Hit].

A dense search (vectors) and a lexical one (BM25, reranked by word order) are fused by score; the first few passages
are then reranked by their best sentence. An embedder that does not know the question's language would only add noise
and is left out. Knows nothing of prompts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from bunko.language.across_scripts import names_in_other_script
from bunko.language.japanese_words import kana_words, to_hiragana, to_katakana
from bunko.language.names import names, other_spellings
from bunko.language.quantities import MONTHS, eras, quantities
from bunko.language.quantity import Quantity
from bunko.language.reading_variants import reading_variants
from bunko.language.words import normalise, spellings
from bunko.ports import Embedder, Keyed, Searchable
from bunko.question.question import Question
from bunko.retrieval.late_passages import fuse_by_key, with_similar
from bunko.retrieval.ranking import RERANKED, by_entry, by_order, by_sentence, fuse
from bunko.settings import RetrievalSettings
from bunko.types import Hit

if TYPE_CHECKING:
    from bunko.ports import EmbedderSpec, Vectors


_KATAKANA_WORD = re.compile(r"[\u30a1-\u30fa\u30fc]{3,}")
# Maximum number of lexical hits without a vector that are embedded during the search.
_EMBED_ON_THE_SPOT = 16


def retrieve(
    question: Question,
    store: Searchable,
    embedder: Embedder,
    *,
    vector: Vectors | None,
    settings: RetrievalSettings,
) -> list[Hit]:
    """Return at most `settings.top_k` hits, best first; equal scores are ordered by path and position.

    `vector` is the question's, shape (dimension,), from `embedder`; None turns dense search off, as does an embedder
    that does not know the question's language. Scores are comparable within this list only.
    """
    lexical: list[Hit] = []
    use_dense = vector is not None and settings.mode != "lexical" and embedder.spec.knows(question.language)
    with ThreadPoolExecutor(1) as beside:  # the two searches take about the same time
        if use_dense and vector is not None:
            found = beside.submit(_nearest, store, embedder.spec, vector, limit=settings.candidates)
        if settings.mode != "dense" or not use_dense:
            lexical = store.search_lexical(with_spellings(question.text), limit=settings.candidates)
        # Not beside Python, which would keep the search from its interpreter lock for milliseconds at each step.
        dense, nearest = found.result() if use_dense else ([], {})
    lexical = by_order(question, lexical)
    if use_dense and vector is not None:
        lexical = _with_similarities(lexical, store, embedder, vector, known=nearest)
    if isinstance(store, Keyed) and nearest:
        # Where words have found nothing, `by_entry` looks at all passages.
        wanted = max(settings.top_k, RERANKED) if lexical else settings.candidates
        fused = fuse_by_key(nearest, lexical, store, wanted=wanted)
    else:
        fused = fuse(with_similar(dense, lexical) if use_dense else [], lexical)
    return by_entry(question, by_sentence(question, fused))[: settings.top_k]


def _nearest(
    store: Searchable | Keyed, spec: EmbedderSpec, vector: Vectors, *, limit: int
) -> tuple[list[Hit], dict[str, float]]:
    """Return the nearest passages, or their keys with the similarities where the store finds these first."""
    if isinstance(store, Keyed):
        return [], store.nearest(spec, vector, limit=limit)
    return store.search_dense(spec, vector, limit=limit), {}


def with_spellings(question: str) -> str:
    """Add other spellings of a question's words, identifiers, numbers and dates to it.

    >>> with_spellings("サーバの再起動"), with_spellings("みかん"), with_spellings("第二条")
    ('サーバの再起動 サーバー', 'みかん ミカン 蜜柑', '第二条 第2条 2')
    >>> with_spellings("Did Tolstoy walk?").split()[3:5]
    ['tolstoyy', 'tolstoyi']
    """
    folded = normalise(question)
    found = [word[:-1] if word.endswith("ー") else word + "ー" for word in _KATAKANA_WORD.findall(folded)]
    found += [to_hiragana(word) for word in _KATAKANA_WORD.findall(folded) if "ー" not in word]  # メガネ, not サーバー
    found += map(to_katakana, kana_words(folded))
    found += reading_variants(folded)
    found += spellings(question).split()
    found += [written for item in quantities(question) for written in _dates(item)]
    found += names_in_other_script(question)
    found += [other for name in names(question) for word in name.words for other in other_spellings(word)]
    return " ".join(dict.fromkeys([question, *found]))


def _dates(item: Quantity) -> list[str]:
    """Return the ways in which documents write a day."""
    if item.year is None or item.month is None or item.day is None:
        return []
    month, day = MONTHS[item.month - 1], f"{item.month}月{item.day}日"
    japanese = [f"{item.year}年{day}", *(f"{era}{year}年{day}" for era, year in eras(item.year))]
    return [f"{item.year:04}-{item.month:02}-{item.day:02}", f"{item.day} {month} {item.year}", *japanese]


def _with_similarities(
    hits: list[Hit], store: Searchable, embedder: Embedder, vector: Vectors, *, known: Mapping[str, float]
) -> list[Hit]:
    """Set the cosine similarity of each lexical hit; the best ones without a vector are embedded now.

    `known` has similarities by key, which are not looked up.
    """
    keys = [hit.chunk.key for hit in hits if hit.chunk.key not in known]
    known = {**known, **store.similarities(embedder.spec, keys, vector)}
    unknown = [hit.chunk for hit in hits if hit.chunk.key not in known and embedder.spec.knows(hit.chunk.language)]
    unknown = unknown[:_EMBED_ON_THE_SPOT]
    if unknown:
        vectors = embedder.embed_passages([chunk.in_context for chunk in unknown])
        known |= {chunk.key: float(row @ vector) for chunk, row in zip(unknown, vectors, strict=True)}
    return [replace(hit, dense=known.get(hit.chunk.key)) for hit in hits]
