"""Decide how many tokens of sources a capable model reads. In: how wide a question is, a reading speed. Out: tokens.

A model reads before it writes, so what it reads is what the user waits for. The size is in the model's own tokens.
"""

from __future__ import annotations

import math

# Tokens for a model whose speed is not known, and the most for one that reads fast. More held few facts more
# (benchmarks/LOG.md); a fact is in one passage, or in two where one leads to the other.
_USUAL = 3000
_MOST = 4000
_USUAL_FOR_FACT = 1500
_MOST_FOR_FACT = 3000
# Nobody waits as long for a fact as for an essay.
_SHARE_FOR_FACT = 0.5
_LEAST = 400
"""A slow model gets as much for a question that several passages answer; for a fact it gets sentences instead."""


def context_size(*, is_wide: bool, tokens_per_s: float, patience_s: float) -> int:
    """Return how many tokens of sources a model reads; 0: a few sentences are all that it has time for.

    `is_wide` says that several passages answer, and not one fact. `tokens_per_s` is the speed at which the model reads,
    0 if unknown, infinite for a server. The model has `patience_s` seconds to read, half of that for a fact.

    >>> context_size(is_wide=True, tokens_per_s=0, patience_s=60)
    3000
    >>> [context_size(is_wide=False, tokens_per_s=speed, patience_s=60) for speed in (4, 20, 40, math.inf)]
    [0, 600, 1200, 3000]
    """
    usual, most = (_USUAL, _MOST) if is_wide else (_USUAL_FOR_FACT, _MOST_FOR_FACT)
    if not tokens_per_s:
        return usual
    if not patience_s or math.isinf(tokens_per_s):
        return most
    in_time = int(tokens_per_s * patience_s * (1 if is_wide else _SHARE_FOR_FACT))
    if in_time < _LEAST:
        return _LEAST if is_wide else 0
    return min(most, in_time)
