"""Decide how long an answer may be, and what room that leaves. In: settings, a model. Out: tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from bunko.models.ability import ability_of
from bunko.ports import GeneratorSpec
from bunko.settings import Settings, apply_overrides

# Tokens. About 100, 250 and 600 words of English after the source numbers.
_CAPABLE: dict[Literal["short", "normal", "long"], int] = {"short": 256, "normal": 512, "long": 1024}
_SMALLER = 256
# Tokens that are always kept for the prompt, since clients often request the maximum of answer tokens.
_LEAST_PROMPT = 1024


def most_tokens(settings: Settings, spec: GeneratorSpec) -> int:
    """Return the most tokens of an answer: as set, or by its length and the model's ability.

    >>> most_tokens(Settings(), GeneratorSpec(name="a")), most_tokens(Settings(), GeneratorSpec(name="b", parameters=9))
    (512, 256)
    """
    if settings.generation.max_tokens:
        return settings.generation.max_tokens
    return _CAPABLE[settings.answers.length] if ability_of(spec, settings.generation) == "capable" else _SMALLER


def with_length(settings: Settings, spec: GeneratorSpec) -> Settings:
    """Return the settings with `generation.max_tokens` as a number that holds for a model."""
    return replace(settings, generation=replace(settings.generation, max_tokens=most_tokens(settings, spec)))


def with_room(settings: Settings, *, context: int) -> tuple[Settings, int]:
    """Return the settings with `max_tokens` lowered so that a prompt fits, and the prompt's room in tokens.

    >>> with_room(apply_overrides(Settings(), {"generation.max_tokens": 4096}), context=4096)[1]
    1024
    """
    most = max(context - _LEAST_PROMPT, context // 2)
    if settings.generation.max_tokens > most:
        settings = apply_overrides(settings, {"generation.max_tokens": most})
    return settings, context - settings.generation.max_tokens
