"""Rerank with a reader. In: a reader. Out: Reranker. Reads only how likely a passage answers, not with which words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bunko.ports import Passage, Reader, RerankerSpec

# Of the search's own order beside the relevance; docs/decisions/029-trust-and-reranking.md has the figures.
WEIGHT_OF_SEARCH = 8.0
_LEAST = 1e-9


class ReaderReranker:
    """A reader's relevance as log odds."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.spec = RerankerSpec(
            name=reader.spec.name, languages=reader.spec.languages, weight_of_search=WEIGHT_OF_SEARCH
        )

    def begin(self) -> None:
        """Begin to load the reader's model."""
        self._reader.begin()

    def judge(self, question: str, passages: Sequence[str]) -> list[float]:
        """Return the log odds that each passage answers. Raises ModelBroken, EngineError."""
        read = self._reader.read(question, [Passage(text=text, within=((0, len(text)),)) for text in passages])
        return [_log_odds(reading.relevance) for reading in read]

    def close(self) -> None:
        """Do nothing: the reader is its owner's."""


def _log_odds(probability: float) -> float:
    kept = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(kept / (1 - kept))
