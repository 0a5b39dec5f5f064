"""Retrieve the passages that are relevant to a question. In: question, store, embedder. Out: list[Hit].

A dense search (vectors) and a lexical one (BM25, reranked by word order) are fused by score; the first few passages
are then reranked by their best sentence. An embedder that does not know the question's language would only add noise
and is left out. Knows nothing of prompts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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
from bunko.ports import Embedder, Searchable
from bunko.question.question import Question
from bunko.retrieval.ranking import best_first, by_entry, by_order, by_sentence, fuse, place_of
from bunko.settings import RetrievalSettings
from bunko.types import Hit

if TYPE_CHECKING:
    from bunko.ports import Vectors


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
    dense: list[Hit] = []
    lexical: list[Hit] = []
    use_dense = vector is not None and settings.mode != "lexical" and embedder.spec.knows(question.language)
    with ThreadPoolExecutor(1) as beside:  # the two searches take about the same time
        if use_dense and vector is not None:
            found = beside.submit(store.search_dense, embedder.spec, vector, limit=settings.candidates)
        if settings.mode != "dense" or not use_dense:
            lexical = store.search_lexical(with_spellings(question.text), limit=settings.candidates)
            lexical = by_order(question, lexical)
        if use_dense:
            dense = found.result()
    if use_dense and vector is not None:
        lexical = _with_similarities(lexical, store, embedder, vector)
        dense = _with_similar(dense, lexical)
    return by_entry(question, by_sentence(question, fuse(dense, lexical)))[: settings.top_k]


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


def _with_similarities(hits: list[Hit], store: Searchable, embedder: Embedder, vector: Vectors) -> list[Hit]:
    """Set the cosine similarity of each lexical hit; the best ones without a vector are embedded now."""
    known = store.similarities(embedder.spec, [hit.chunk.key for hit in hits], vector)
    unknown = [hit.chunk for hit in hits if hit.chunk.key not in known and embedder.spec.knows(hit.chunk.language)]
    unknown = unknown[:_EMBED_ON_THE_SPOT]
    if unknown:
        vectors = embedder.embed_passages([chunk.in_context for chunk in unknown])
        known |= {chunk.key: float(row @ vector) for chunk, row in zip(unknown, vectors, strict=True)}
    return [replace(hit, dense=known.get(hit.chunk.key)) for hit in hits]


def _with_similar(dense: Sequence[Hit], lexical: Sequence[Hit]) -> list[Hit]:
    """Add the lexical hits whose similarity is known to the dense ones."""
    merged = {place_of(hit): replace(hit, score=hit.dense, lexical=None) for hit in lexical if hit.dense is not None}
    merged |= {place_of(hit): hit for hit in dense}
    return sorted(merged.values(), key=best_first)
