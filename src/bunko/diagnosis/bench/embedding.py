"""Time an embedder. In: its name in the settings. Out: passages per second."""

from __future__ import annotations

import random
import time

from bunko.diagnosis.bench.records import EmbeddingSpeed
from bunko.diagnosis.bench.timing import Budget, figure
from bunko.engines import load_embedder
from bunko.ports import Embedder
from bunko.settings import Settings

# Words of several lengths, so that the passages are cut into about as many tokens as ordinary text.
_WORDS = (
    "the of and to in a is that was for on with as by at from this have not are were which been their one all there "
    "would water council bridge report budget winter harbour station museum school garden planning members agreement "
    "committee construction responsibility temperature"
).split()
_WARM_UP = 4
_MOST_PASSAGES, _LEAST_PASSAGES = 64, 4
_RUN_S = 2.0
"""Seconds that one repeat should take."""


def time_embedder(settings: Settings, *, budget: Budget) -> EmbeddingSpeed:
    """Load the embedder that the settings name, and time it. Raises ModelError, EngineError."""
    began = time.perf_counter()
    embedder = load_embedder(settings)
    try:
        embedder.embed_query("a")
        load_s = time.perf_counter() - began
        return _timed(embedder, settings, budget=budget, load_s=load_s)
    finally:
        if hasattr(embedder, "close"):  # not every embedder needs closing
            embedder.close()


def _timed(embedder: Embedder, settings: Settings, *, budget: Budget, load_s: float) -> EmbeddingSpeed:
    passages = _passages(embedder, settings.chunking.max_tokens, count=_MOST_PASSAGES)
    warm_up_s = _seconds(embedder, passages[:_WARM_UP])
    count = int(_RUN_S * _WARM_UP / max(warm_up_s, 1e-3))
    taken = passages[: max(_LEAST_PASSAGES, min(_MOST_PASSAGES, count))]
    repeats = max(1, budget.repeats(len(taken) * warm_up_s / _WARM_UP, share=0.4))
    rates = [len(taken) / _seconds(embedder, taken) for _ in range(repeats)]
    questions = []
    for number in range(5):
        began = time.perf_counter()
        embedder.embed_query(f"Who approved the budget of year {number}?")
        questions.append(1000 * (time.perf_counter() - began))
    return EmbeddingSpeed(
        name=embedder.spec.name,
        passages=figure(rates),
        passage_tokens=embedder.count_tokens(taken[:1])[0],
        load_s=load_s,
        question_ms=figure(questions),
    )


def _passages(embedder: Embedder, tokens: int, *, count: int) -> list[str]:
    """Return passages of at most this many tokens, all different."""
    words = random.Random(0)
    length = tokens
    while embedder.count_tokens([" ".join(words.choices(_WORDS, k=length))])[0] > tokens and length > 1:
        length = length * 9 // 10
    return [" ".join(words.choices(_WORDS, k=length)) for _ in range(count)]


def _seconds(embedder: Embedder, texts: list[str]) -> float:
    began = time.perf_counter()
    embedder.embed_passages(texts)
    return max(1e-6, time.perf_counter() - began)
