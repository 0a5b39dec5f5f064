"""Find the passages for a question: search, then rerank. In: a question, an index, an embedder. Out: hits, a vector."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bunko.answering.reranking import Reranking
from bunko.ports import Embedder, Searchable
from bunko.question.question import Question
from bunko.retrieval.search import retrieve
from bunko.settings import Settings
from bunko.stopwatch import Stopwatch
from bunko.types import Hit

if TYPE_CHECKING:
    from bunko.ports import Vectors


def find(
    question: Question,
    store: Searchable,
    embedder: Embedder,
    *,
    settings: Settings,
    watch: Stopwatch,
    reranking: Reranking | None = None,
) -> tuple[list[Hit], Vectors | None]:
    """Return the hits for a question, best first, and its vector, shape (dimension,), if one was made."""
    vector: Vectors | None = None
    if settings.retrieval.mode != "lexical" and embedder.spec.knows(question.language):
        with watch.stage("embed"):
            vector = embedder.embed_query(question.text)
    top_k = settings.retrieval.top_k
    wanted = replace(settings.retrieval, top_k=max(top_k, reranking.passages)) if reranking else settings.retrieval
    with watch.stage("retrieve"):
        hits = retrieve(question, store, embedder, vector=vector, settings=wanted)
    if reranking:
        with watch.stage("rerank"):
            hits = reranking.rerank(question, hits)
    return hits[:top_k], vector
