"""Rerank the first hits with a model that reads question and passage. In: hits. Out: the hits, best first.

The passages beyond those that are read keep their places. Knows nothing of time and of how the model runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from bunko.ports import Reranker
from bunko.question.question import Question
from bunko.retrieval.ranking import best_first
from bunko.types import Hit

_LEAST_SHARE = 0.05
"""Of a passage's score, relative to the best one: the last of a search has 0, which has no logarithm."""


def rerank(question: Question, hits: Sequence[Hit], reranker: Reranker, *, passages: int) -> list[Hit]:
    """Return the hits with the first `passages` of them in the order of the reranker and of the search together.

    Their scores are changed: they fall from the best score of the search, in the new order. Passages in a language that
    the reranker does not know keep their places. Raises ModelBroken, EngineError.
    """
    places = [n for n, hit in enumerate(hits[:passages]) if reranker.spec.knows(hit.chunk.language)]
    if len(places) < 2 or not reranker.spec.knows(question.language):
        return list(hits)
    judged = reranker.judge(question.text, [hits[n].chunk.in_context for n in places])
    best = max(hit.score for hit in hits)
    weight = reranker.spec.weight_of_search
    scored = {
        n: _log_probability(odds) + weight * math.log(max(hits[n].score / best if best > 0 else 1.0, _LEAST_SHARE))
        for n, odds in zip(places, judged, strict=True)
    }
    order = sorted(places, key=lambda n: (-scored[n], best_first(hits[n])))
    changed = list(hits)
    for place, n in zip(places, order, strict=True):
        changed[place] = replace(hits[n], score=hits[place].score)
    return changed


def _log_probability(log_odds: float) -> float:
    """Return the natural logarithm of the probability: that of odds that are very low falls with them.

    >>> round(_log_probability(0.0), 3), round(_log_probability(-50.0), 3)
    (-0.693, -50.0)
    """
    return -math.log1p(math.exp(-log_odds)) if log_odds > -30 else log_odds
