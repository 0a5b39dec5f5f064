"""The records of a check. Values only; `models check --json` prints `dataclasses.asdict` of a Report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from bunko.models.gguf.forms import FormRow

Kind: TypeAlias = Literal["chat", "reasoning", "base", "embedding", "reranker", "adapter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem to expect, or a fact that the user should know."""

    state: Literal["note", "warning", "problem"]
    """"problem": the model can't be used as it is."""
    text: str
    cure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateReport:
    """How a chat template behaves."""

    there: bool
    format: str = ""
    """The family's name, as in "ChatML"; empty if unknown."""
    renders: bool = False
    system_role: bool = True
    several_turns: bool = False
    opens_answer: bool = False
    """Whether it appends the start of an answer, so that the model knows whose turn it is."""
    own_system_text: str = ""
    """The system prompt that it inserts if there is no system message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizerReport:
    """How a tokenizer behaves."""

    model: str
    """llama.cpp's name of the kind: "gpt2" (byte pairs), "llama" (SentencePiece), "bert" (word pieces), …"""
    pre: str
    vocabulary: int
    tokens_a_word_english: float
    tokens_a_character_japanese: float
    japanese: Literal["good", "fair", "poor"]
    round_trip: bool
    """Whether the tokens of both texts convert back to the same text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRow:
    """The memory that a model needs with a context of this many tokens, in bytes."""

    context_tokens: int
    weights: int
    cache: int
    total: int
    fits: Literal["yes", "tight", "no"]
    """"tight": only if other programs free some memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Speed in tokens per second, and memory."""

    prompt: float
    writing: float
    load_s: float
    memory: int
    """Bytes of the engine's process at its largest; 0 if unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The results of all checks."""

    name: str
    """The file's."""
    title: str
    """The name in the file's header; often odd."""
    path: str
    kind: Kind
    signs: tuple[str, ...]
    """The facts from which `kind` was derived."""
    architecture: str
    engine_knows: bool
    parameters: int
    size: int
    quantisation: str
    bits_a_weight: float
    forms: tuple[FormRow, ...]
    quick_share: float
    """Share of the multiplied weights that this CPU multiplies with many tokens at once."""
    context_tokens: int
    licence: str
    template: TemplateReport | None
    tokenizer: TokenizerReport | None
    memory: tuple[MemoryRow, ...]
    gpu_layers: str
    """As in "CUDA0: 25 of 29 layers"; empty without a GPU that the engine sees."""
    findings: tuple[Finding, ...]
    speed: Speed | None = None
