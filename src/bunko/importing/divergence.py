"""Measure how far a quantised model is from its original. In: next-token probabilities of both. Out: figures. Pure.

At each position of a text, the probabilities of each model's likeliest next tokens are known, and the remainder for all
other tokens. The Kullback-Leibler divergence is computed over the tokens that both list, with all others merged into
one. Merging makes the figure a lower bound of the full divergence, close to it while the remainder (`left_over`) is
small.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bunko.importing.trial import Next

_TINY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """The divergence over `places` positions of a text."""

    places: int
    mean: float
    """Kullback-Leibler divergence from the reference, in nats; 0 if both are the same."""
    worst: float
    """Its 99th percentile."""
    same_first: float
    """The share of positions where both have the same likeliest token."""
    left_over: float
    """The reference's mean probability of all unlisted tokens: 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Perplexity:
    """A model's perplexity on a text; lower is better."""

    value: float
    outside: int
    """Positions whose token is not listed; it is counted as the least likely listed one."""


def divergence(reference: Sequence[Next], other: Sequence[Next]) -> Divergence:
    """Compare two models' next tokens at the same positions of a text."""
    single = [one_divergence(mine, theirs) for mine, theirs in zip(reference, other, strict=True)]
    kept = sorted(single)
    return Divergence(
        places=len(single),
        mean=statistics.fmean(single),
        worst=kept[min(len(kept) - 1, int(0.99 * len(kept)))],
        same_first=statistics.fmean(a.tokens[0] == b.tokens[0] for a, b in zip(reference, other, strict=True)),
        left_over=statistics.fmean(max(0.0, 1 - math.fsum(map(math.exp, each.logs))) for each in reference),
    )


def one_divergence(reference: Next, other: Next) -> float:
    """Return the divergence at one position, in nats, over the tokens that both list and all others as one.

    >>> same = Next(tokens=(1, 2), logs=(math.log(0.75), math.log(0.25)))
    >>> one_divergence(same, same)
    0.0
    """
    theirs = dict(zip(other.tokens, other.logs, strict=True))
    total, rest, other_rest = 0.0, 1.0, 1.0
    for token, log in zip(reference.tokens, reference.logs, strict=True):
        if token in theirs:
            share = math.exp(log)
            total += share * (log - theirs[token])
            rest -= share
            other_rest -= math.exp(theirs[token])
    if rest > _TINY:
        total += rest * math.log(rest / max(other_rest, _TINY))
    return max(0.0, total)


def perplexity(places: Sequence[Next], true: Sequence[int]) -> Perplexity:
    """Return the perplexity on the text's actual next tokens.

    >>> half = Next(tokens=(1, 2), logs=(math.log(0.5), math.log(0.5)))
    >>> round(perplexity([half, half], [1, 2]).value, 6)
    2.0
    """
    logs, outside = [], 0
    for place, token in zip(places, true, strict=True):
        if token in place.tokens:
            logs.append(place.logs[place.tokens.index(token)])
        else:
            logs.append(place.logs[-1])
            outside += 1
    return Perplexity(value=math.exp(-statistics.fmean(logs)), outside=outside)
