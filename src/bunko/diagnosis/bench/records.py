"""Records of a measurement. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bunko.engine.tuned import Tuned

How: TypeAlias = Literal["measured", "estimated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A quantity that was measured several times, without the warm-up."""

    median: float
    least: float
    most: float
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeRow:
    """Speed with a prompt of one size."""

    prompt_tokens: int
    answer_tokens: int
    prompt: Figure
    """Tokens read per second."""
    writing: Figure
    """Tokens written per second after such a prompt."""
    first_token_s: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRow:
    """Speed with a number of threads."""

    threads: int
    in_use: bool
    prompt: Figure
    """Tokens per second."""
    writing: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """What another setting would change."""

    setting: str
    """As in "generation.threads = 4"."""
    how: How
    command: str
    """The flag or command that applies it; empty if there is none."""
    prompt_gain: float | None = None
    """Speed of reading, divided by the speed with the setting in use: 1.2 is a fifth faster. None if not known."""
    writing_gain: float | None = None
    prompt_is_clear: bool = False
    """Whether every one of three repeats or more with one setting was faster than every one with the other."""
    writing_is_clear: bool = False
    memory_change: int | None = None
    """Bytes; None if not known."""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What `bunko models recommend` estimates for this model, for the same prompt."""

    prompt: float
    """Tokens per second."""
    writing: float
    prompt_ratio: float
    """Measured, divided by estimated."""
    writing_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSpeed:
    """Speed of the embedding model."""

    name: str
    passages: Figure
    """Passages per second."""
    passage_tokens: int
    """Tokens of one passage, by the embedder's own tokenizer."""
    load_s: float
    question_ms: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How busy the machine was, before anything was measured."""

    average: float
    """Programs that wanted a processor during the last minute: the system's load average."""
    busy_share: float
    """Share of the processors in use by other programs, 0 to 1."""
    is_busy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSpeed:
    """A model in our own engine."""

    placement: str
    threads: int
    context_tokens: int
    load_s: float
    warm_up_s: float
    """The first request, which is in no other figure."""
    memory: int
    """Bytes of the engine's process at its peak; 0 if unknown."""
    sizes: tuple[SizeRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One setting that was measured in turns with the best so far."""

    setting: str
    gain: float | None = None
    """Time before, divided by time with it; the median of three pairs of runs. None if it was not measured."""
    is_kept: bool = False
    is_quoting: bool = False
    """Whether an answer that quotes its source was measured, beside the defaults; else a question of usual size."""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """The result of `bunko bench --tune`."""

    tuned: Tuned
    tried: tuple[Tried, ...]
    seconds: float
    guesses: bool = True
    """Whether words may be guessed ahead with these settings: not where a phrase is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The result of `bunko bench`."""

    model: str
    file: str
    """Name of the model file; empty for a server."""
    size: int
    """Bytes of the file; 0 for a server."""
    parameters: int
    quantisation: str
    processor: str
    cores: int
    load: Load
    placement: str
    """Where the model runs: "processor, 2 threads", "CUDA0: 25 of 29 layers", or the server's address."""
    context_tokens: int
    load_s: float | None
    """None for a server."""
    warm_up_s: float
    memory: int | None
    sizes: tuple[SizeRow, ...]
    threads: tuple[ThreadRow, ...] = ()
    embedding: EmbeddingSpeed | None = None
    estimate: Estimate | None = None
    alternatives: tuple[Alternative, ...] = ()
    tuned: Tuned | None = None
    """What `bunko bench --tune` found, which is in use; None if it was not run."""
    speculates: bool = False
    """Whether words are guessed ahead."""
    seconds: float = 0.0
    """How long all of this took."""
    notes: tuple[str, ...] = field(default_factory=tuple)
