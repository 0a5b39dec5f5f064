"""Choose spans and sentences from a reader's logits and the program's ranking. Pure; knows nothing of models."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_SPAN_TOKENS = 25
# Chosen on the held-out articles with the first prototype: benchmarks/LOG.md keeps later choices.
RANK_WEIGHT = 4.0
QUOTE_BONUS = (4.0, 2.4, 1.6)

Floats = NDArray[np.float64]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a reader says of one passage. All are natural logarithms of probabilities, so 0 is the best."""

    relevance: float
    span: Span
    """Characters of the passage."""
    span_score: float
    starts: Floats
    ends: Floats
    offsets: tuple[Span, ...]

    def sentence_score(self, sentence: Span) -> float:
        """Return how likely the answer starts or ends within these characters."""
        inside = [i for i, (start, end) in enumerate(self.offsets) if end > sentence[0] and start < sentence[1]]
        mass = float(np.exp(self.starts[inside]).sum() + np.exp(self.ends[inside]).sum()) / 2
        return float(np.log(max(mass, 1e-4)))


def read(start: Floats, end: Floats, relevance: float, offsets: Sequence[Span]) -> Reading:
    """Return the reading of a passage from the logits of its own tokens and their character offsets."""
    starts, ends = log_softmax(start), log_softmax(end)
    first, last, score = best_span(starts, ends)
    return Reading(
        relevance=-float(np.logaddexp(0.0, -relevance)),
        span=(offsets[first][0], offsets[last][1]),
        span_score=score,
        starts=starts,
        ends=ends,
        offsets=tuple(offsets),
    )


def best_span(starts: Floats, ends: Floats) -> tuple[int, int, float]:
    """Return the first and last token of the best span of at most `MAX_SPAN_TOKENS`, and its score.

    >>> best_span(np.log([0.1, 0.8, 0.1]), np.log([0.5, 0.1, 0.4]))[:2]
    (1, 2)
    """
    pairs = starts[:, None] + ends[None, :]
    allowed = np.tril(np.triu(np.ones(pairs.shape, dtype=bool)), MAX_SPAN_TOKENS - 1)
    pairs = np.where(allowed, pairs, -np.inf)
    first, last = divmod(int(pairs.argmax()), pairs.shape[1])
    return first, last, float(pairs[first, last])


def log_softmax(logits: Floats) -> Floats:
    """Return the logarithm of the softmax."""
    shifted = logits - logits.max()
    result: Floats = shifted - np.log(np.exp(shifted).sum())
    return result


def rank_score(reading: Reading, *, share: float, weight: float) -> float:
    """Return a passage's score; `share`: its retrieval score over the best one's, 0 to 1."""
    return reading.relevance + weight * float(np.log(max(share, 1e-3)))


def quote_bonus(sentence: str, quotes: Sequence[str], *, used: bool) -> float:
    """Return the bonus of a sentence that the program quotes, by the quote's place."""
    if not used or sentence not in quotes[: len(QUOTE_BONUS)]:
        return 0.0
    return QUOTE_BONUS[quotes.index(sentence)]


def auc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Return how often a positive scores above a negative; ties count half. NaN where one side is empty.

    >>> auc([2.0, 3.0], [1.0, 2.0])
    0.875
    """
    if not positives or not negatives:
        return float("nan")
    wins = sum((yes > no) + 0.5 * (yes == no) for yes in positives for no in negatives)
    return wins / (len(positives) * len(negatives))


def refusal_f1(answerable: Sequence[float], unanswerable: Sequence[float]) -> float:
    """Return the F1 of refusing at the threshold that refuses one in ten answerable questions."""
    threshold = sorted(answerable)[len(answerable) // 10]
    right = sum(score < threshold for score in unanswerable)
    wrong = sum(score < threshold for score in answerable)
    return 2 * right / max(1, right + wrong + len(unanswerable))
