"""Estimate how likely the documents answer a question. In: signals. Out: a probability, a strictness.

A logistic model of a few signals for each language, with its weights in `trust.json`, which `benchmarks/trust/fit.py`
makes. The same file says at which probability each strictness refuses, and how often marked words of a given confidence
are right. Knows nothing of texts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

# Log odds beyond these say nothing more: the reader is never that sure with reason.
_MOST_ODDS = 6.2
# Beyond these, more likeness to the question or a higher score of a quote is no more support.
_MOST_LIKENESS, _MOST_QUOTE = 2.5, 3.0
_LEAST_CONFIDENCE = 0.001
_FILE = "trust.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What speaks for an answer."""

    language: str
    """Of the question, ISO 639-1."""
    reader: str = ""
    """The name of the reader that read the quotes' passages."""
    relevance: float = 0.0
    """The highest probability that it gives to one of these passages, 0 to 1."""
    likeness: float = 0.0
    """The best passage's cosine similarity, relative to what unrelated texts rarely reach."""
    quote: float = 0.0
    """The score of the best quote."""
    lacks: bool = False
    """Whether no passage has a number or a name of the question."""

    def values(self) -> Mapping[str, float]:
        """Return the numbers that the weights are for."""
        return {
            "relevance": log_odds(self.relevance),
            "likeness": min(self.likeness, _MOST_LIKENESS),
            "quote": min(self.quote, _MOST_QUOTE),
            "lacks": float(self.lacks),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """How likely the documents answer."""

    probability: float
    strength: float
    """The strictness above which the question is refused, from 0; above 1 it never is."""


def trust_of(signals: Signals) -> Trust | None:
    """Return how likely the documents answer; None for a reader without weights in this language."""
    model = _data()["refusal"].get(f"{signals.language} {signals.reader}")
    if model is None:
        return None
    values = signals.values()
    odds = model["bias"] + sum(weight * values[name] for name, weight in model["weights"].items())
    steps = [(float(step), float(at)) for step, at in model["refused_below"].items()]
    return Trust(probability=probability_of(odds), strength=_strength(odds, sorted(steps)))


def confidence_of(confidence: float, reader: str) -> float:
    """Return how often words of a reader's confidence are right, 0 to 1; as it is for a reader without figures."""
    model = _data()["words"].get(reader)
    if model is None:
        return confidence
    return probability_of(model["bias"] + model["weight"] * math.log(max(confidence, _LEAST_CONFIDENCE)))


def least_confidence_of(reader: str, *, otherwise: float) -> float:
    """Return the probability of being right below which words are not marked: quotes alone do as well there."""
    return float(_data()["words"].get(reader, {}).get("least", otherwise))


def log_odds(probability: float) -> float:
    """Return the natural logarithm of the odds, within bounds.

    >>> log_odds(0.5), log_odds(0.0), log_odds(1.0)
    (0.0, -6.2, 6.2)
    """
    if not 0 < probability < 1:
        return _MOST_ODDS if probability >= 1 else -_MOST_ODDS
    return max(-_MOST_ODDS, min(_MOST_ODDS, math.log(probability / (1 - probability))))


def probability_of(odds: float) -> float:
    """Return the probability of log odds.

    >>> probability_of(0.0)
    0.5
    """
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, odds))))


def _strength(odds: float, steps: list[tuple[float, float]]) -> float:
    """Return the strictness that refuses below these log odds: between two steps, and beyond them, in a line."""
    lines = list(pairwise([(0.0, steps[0][1] - _MOST_ODDS), *steps]))
    (s0, z0), (s1, z1) = next((line for line in lines if odds <= line[1][1]), lines[-1])
    return max(0.0, s0 + (s1 - s0) * (odds - z0) / (z1 - z0))


@cache
def _data() -> Any:
    return json.loads((files("bunko.answering") / _FILE).read_text(encoding="utf-8"))
