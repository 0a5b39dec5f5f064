"""Rerank within a time budget. In: hits, a reranker and its pace on this machine. Out: the hits, best first."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bunko.ports import Reranker
from bunko.question.question import Question
from bunko.retrieval.reranking import rerank
from bunko.types import Hit


class Pace(Protocol):
    """How many passages a reranker reads in a time on this machine."""

    def passages(self, reranker: str, *, budget_s: float) -> int:
        """Return how many are read within a budget."""
        ...

    def note(self, reranker: str, *, passages: int, seconds: float) -> None:
        """Keep a speed that was measured."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reranking:
    """A reranker with the passages that it reads."""

    reranker: Reranker
    passages: int
    """How many of the first hits are read."""
    pace: Pace

    @classmethod
    def within(cls, reranker: Reranker, pace: Pace, *, budget_s: float) -> Reranking:
        """Return the reranking that takes no longer than the budget at this machine's best speed."""
        return cls(reranker=reranker, pace=pace, passages=pace.passages(reranker.spec.name, budget_s=budget_s))

    def rerank(self, question: Question, hits: Sequence[Hit]) -> list[Hit]:
        """Return the hits in the new order, and keep how long it took. Raises ModelBroken, EngineError."""
        began = time.perf_counter()
        reranked = rerank(question, hits, self.reranker, passages=self.passages)
        spec = self.reranker.spec
        read = (
            sum(spec.knows(hit.chunk.language) for hit in hits[: self.passages]) if spec.knows(question.language) else 0
        )
        self.pace.note(spec.name, passages=read, seconds=time.perf_counter() - began)
        return reranked
