"""How a reader is trained: the numbers that may be changed. Needs no torch."""

from dataclasses import dataclass


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
