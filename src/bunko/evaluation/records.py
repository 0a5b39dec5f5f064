"""The shapes of an evaluation and a comparison, as they are written to JSON and read by the reports.

In: nothing. Out: typed dicts. An evaluation is a comparison with one variant. Knows nothing of how figures are made.
Names and meanings are a contract, as those of `bunko.contract` are. Times are milliseconds; a share is 0 to 1.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from bunko.contract.serialise import Json

Unit = Literal["share", "ms", "words", "tokens", "number"]


class Metric(TypedDict):
    """A figure of the summary: what it is called, and which way is better."""

    name: str
    """Its key in `Variant.summary` and `Result.scores`."""
    label: str
    better: Literal["higher", "lower"]
    unit: Unit


class Estimate(TypedDict):
    """A figure with its 95% bootstrap interval. All three are None where no question has it."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    """Questions that it was computed from."""


class Interval(TypedDict):
    """A difference or a ratio with its 95% interval; None where there is nothing to compare."""

    value: float | None
    low: float | None
    high: float | None


class StageTime(TypedDict):
    """What a stage takes, over all questions that were answered."""

    median: float
    p95: float


class Variant(TypedDict):
    """One way of answering: a model, an embedder and settings."""

    name: str
    model: str
    embedder: str
    rag: bool
    """False: the model was asked without documents."""
    settings: dict[str, str]
    """The settings that make this variant, by dotted name; empty for the library's own."""
    summary: dict[str, Estimate]
    """By the name of the metric, in the order of `Comparison.metrics`; what can't be told is left out."""
    timings_ms: dict[str, StageTime]
    """By stage, in the order in which they ran, then "total"."""
    times_ms: list[float]
    """The total for each question that was answered, in order."""


class Pair(TypedDict):
    """Two variants on the same questions. A win is a question that `a` has right and `b` has not."""

    a: str
    b: str
    wins: int
    losses: int
    ties: int
    p: float | None
    """McNemar's exact test, two-sided; None where no question can be right or wrong."""
    f1_difference: Interval
    """F1 of `a` less that of `b`."""
    time_ratio: Interval
    """How many times as long `a` takes as `b` (of the geometric means)."""


class Result(TypedDict):
    """What one variant made of one question."""

    variant: str
    answer: str
    reasoning: str
    refused: bool
    right: bool | None
    """None where it can't be told: there is no gold answer, and the question isn't known to have none."""
    scores: dict[str, float | None]
    """By the name of the metric."""
    evidence: list[Json]
    """As `ask --json` has them: path, page, start, end, quote, score."""
    citations: list[Json]
    """As `ask --json` has them: n, path, page, start, end, quote, sentence, verified."""
    unsupported: list[str]
    timings_ms: dict[str, float]
    usage: dict[str, int]
    """prompt_tokens, completion_tokens, cached_tokens."""
    error: str | None
    """Why there is no answer; then the rest is empty."""
    translation: str | None
    """The answer in the question's language where it was made in another."""


class Row(TypedDict):
    """A question with the answers of all variants, in the order of `Comparison.variants`."""

    id: str
    question: str
    answers: list[str]
    unanswerable: bool
    language: str
    """ISO 639-1, of the question."""
    differs: bool
    """Whether one variant is right where another is not, or refuses where another answers."""
    results: list[Result]


class Machine(TypedDict):
    """Where it ran."""

    cores: int
    memory_gb: float


class Comparison(TypedDict):
    """The whole of it: what `bunko compare --json` prints, and `bunko eval --json` with one variant and no pairs."""

    title: str
    folder: str
    created: str
    """ISO 8601, with the offset."""
    machine: Machine
    metrics: list[Metric]
    variants: list[Variant]
    pairs: list[Pair]
    questions: list[Row]
    """Those on which variants differ come first; otherwise in the order of the question file."""
    notes: list[str]
    """What the reader should know of how the figures came about, in plain sentences."""


Answered = dict[str, Any]
"""One line of `bunko batch`: `id` and what `ask --json` prints, or `id`, `question`, `error` and `hint`."""
