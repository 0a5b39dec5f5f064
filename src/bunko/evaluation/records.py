"""The records of an evaluation and a comparison, as they are written to JSON and read by the reports.

In: nothing. Out: typed dicts. An evaluation is a comparison with one variant. Knows nothing of computing them.
Names and meanings are a contract, like those of `bunko.contract`. Times are in milliseconds; a share is 0 to 1.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from bunko.contract.serialise import Json

Unit = Literal["share", "ms", "words", "tokens", "number"]
AnswerFrom = Literal["documents", "model"]
"""What an answer is based on: the library's documents, or the model alone, without documents."""


class Metric(TypedDict):
    """A figure of the summary: its name, its label, and whether higher or lower is better."""

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
    """The number of questions that it was computed from."""


class Interval(TypedDict):
    """A difference or a ratio with its 95% interval; None where there is nothing to compare."""

    value: float | None
    low: float | None
    high: float | None


class StageTime(TypedDict):
    """The time of a stage, over all answered questions."""

    median: float
    p95: float


class Variant(TypedDict):
    """One configuration: a model, an embedder and settings."""

    name: str
    model: str
    embedder: str
    rag: bool
    """False: the model was asked without documents."""
    settings: dict[str, str]
    """The settings that define this variant, by dotted name; empty for the library's own."""
    summary: dict[str, Estimate]
    """By the name of the metric, in the order of `Comparison.metrics`; those that do not apply are left out."""
    timings_ms: dict[str, StageTime]
    """By stage, in the order of the pipeline, then "total"."""
    times_ms: list[float]
    """The total of each answered question, in order."""


class Pair(TypedDict):
    """Two variants on the same questions. A win is a question that `a` answered correctly and `b` did not."""

    a: str
    b: str
    wins: int
    losses: int
    ties: int
    p: float | None
    """McNemar's exact test, two-sided; None if no question can be right or wrong."""
    f1_difference: Interval
    """F1 of `a` minus F1 of `b`."""
    time_ratio: Interval
    """Time of `a` / time of `b`, as a ratio of geometric means."""
    differences: dict[str, Interval]
    """`a` minus `b`, by the name of the metric: of nugget and vital recall, where questions have nuggets."""


class NuggetResult(TypedDict):
    """Where a nugget was found."""

    fact: str
    vital: bool
    in_context: bool | None
    """Whether it was in what the model read; None if the model was asked without documents."""
    in_answer: bool


class Result(TypedDict):
    """The result of one variant on one question."""

    variant: str
    answer: str
    reasoning: str
    refused: bool
    right: bool | None
    """None if it is not known: the question has no gold answer and is not marked as unanswerable."""
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
    """Why there is no answer; the other fields are then empty."""
    translation: str | None
    """The answer in another language, if one was asked for."""
    nuggets: list[NuggetResult]
    """Each nugget of the question, in the order of the question file."""


class Row(TypedDict):
    """A question with the answers of all variants, in the order of `Comparison.variants`."""

    id: str
    question: str
    answers: list[str]
    unanswerable: bool
    language: str
    """ISO 639-1, of the question."""
    differs: bool
    """Whether one variant is right where another is not, refuses where another answers, or states other nuggets."""
    results: list[Result]


class Machine(TypedDict):
    """The machine of the run."""

    cores: int
    memory_gb: float


class Comparison(TypedDict):
    """The whole comparison: what `bunko compare --json` prints; `bunko eval --json` has one variant and no pairs."""

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
    """What the reader should know about how the figures were measured, in whole sentences."""


Answered = dict[str, Any]
"""One line of `bunko batch`: `id` and what `ask --json` prints, or `id`, `question`, `error` and `hint`."""
