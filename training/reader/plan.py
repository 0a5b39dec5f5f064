"""How a reader is trained: the numbers that may be changed. Needs no torch."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to train. Minutes are of all workers together; `wall_minutes` ends it in any case."""

    processor_minutes: float = 30.0
    wall_minutes: float = 600.0
    workers: int = 2
    rate: float = 1.5e-4
    batch_tokens: int = 1200
    short_crop: int = 64  # The first `short_share` of the training: most answers need few words around them.
    long_crop: int = 110
    short_share: float = 0.65
    seed: int = 1
    negatives: tuple[float, ...] = (0.65, 0.35)
    """How often a question brings none, one, two ... passages along that don't answer."""
    pair_weight: float = 0.0
    """Weight of the loss that wants each passage that answers above each question's that nothing answers."""
    shares: Literal["first", "second"] = "first"
    """Which shares of the sources are drawn (`examples.SHARES`)."""


FIRST = Plan()
# From the weights of the first: longer crops, more negatives, more questions that are hard to refuse.
SECOND = Plan(rate=1e-4, short_crop=110, negatives=(0.55, 0.25, 0.2), pair_weight=0.5, shares="second")
