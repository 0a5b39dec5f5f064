"""The shapes of a check. Values only; `dataclasses.asdict` of a Report is what `models check --json` prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from bunko.models.gguf.forms import FormRow

Kind: TypeAlias = Literal["chat", "reasoning", "base", "embedding", "reranker", "adapter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that will go wrong, or that the user should know."""

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
    """Whether it ends with what an answer begins with, so that the model knows whose turn it is."""
    own_system_text: str = ""
    """What it puts in by itself where there is no system message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizerReport:
    """How a tokenizer does."""

    model: str
    """llama.cpp's name of the kind: "gpt2" (byte pairs), "llama" (SentencePiece), "bert" (word pieces), …"""
    pre: str
    vocabulary: int
    tokens_a_word_english: float
    tokens_a_character_japanese: float
    japanese: Literal["good", "fair", "poor"]
    round_trip: bool
    """Whether both texts come back as they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRow:
    """What a model takes with a context of this many tokens, in bytes."""

    context_tokens: int
    weights: int
    cache: int
    total: int
    fits: Literal["yes", "tight", "no"]
    """"tight": only where other programs make room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Tokens a second."""

    prompt: float
    writing: float
    load_s: float
    memory: int
    """Bytes of the engine's process at its largest; 0 if unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that was found out."""

    name: str
    """The file's."""
    title: str
    """What the file calls itself; often odd."""
    path: str
    kind: Kind
    signs: tuple[str, ...]
    """What the kind was told by."""
    architecture: str
    engine_knows: bool
    parameters: int
    size: int
    quantisation: str
    bits_a_weight: float
    forms: tuple[FormRow, ...]
    quick_share: float
    """Of the multiplied weights, what this processor multiplies many tokens at once with."""
    context_tokens: int
    licence: str
    template: TemplateReport | None
    tokenizer: TokenizerReport | None
    memory: tuple[MemoryRow, ...]
    gpu_layers: str
    """As in "CUDA0: 25 of 29 layers"; empty without a GPU that the engine sees."""
    findings: tuple[Finding, ...]
    speed: Speed | None = None
