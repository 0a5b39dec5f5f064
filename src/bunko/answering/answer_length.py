"""Decide how long an answer may be. In: settings, a model. Out: tokens. Knows nothing of prompts."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from bunko.models.ability import ability_of
from bunko.ports import GeneratorSpec
from bunko.settings import Settings

# Tokens. About 100, 250 and 600 words of English after the source numbers.
_CAPABLE: dict[Literal["short", "normal", "long"], int] = {"short": 256, "normal": 512, "long": 1024}
_SMALLER = 256


def most_tokens(settings: Settings, spec: GeneratorSpec) -> int:
    """Return the most tokens of an answer: as set, or by its length and the model's ability.

    >>> most_tokens(Settings(), GeneratorSpec(name="a")), most_tokens(Settings(), GeneratorSpec(name="b", parameters=9))
    (512, 256)
    """
    if settings.generation.max_tokens:
        return settings.generation.max_tokens
    ability = ability_of(spec, setting=settings.generation.ability)
    return _CAPABLE[settings.answers.length] if ability == "capable" else _SMALLER


def with_length(settings: Settings, spec: GeneratorSpec) -> Settings:
    """Return the settings with `generation.max_tokens` as a number that holds for a model."""
    return replace(settings, generation=replace(settings.generation, max_tokens=most_tokens(settings, spec)))
