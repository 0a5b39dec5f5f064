"""Say how much a language model can do. In: its number of parameters. Out: an Ability. Knows nothing of files."""

from __future__ import annotations

from typing import Literal, TypeAlias

from bunko.ports import GeneratorSpec
from bunko.settings import GenerationSettings

Ability: TypeAlias = Literal["tiny", "small", "capable"]
"""What a model can use: "tiny" and "small" a few quotes, of which it repeats a phrase; "capable" pages of context, from
which it writes an answer of its own."""

# Parameters. Models up to half a billion were right more often, and briefer, with a phrase from the sources than in
# their own words; one of 135 million follows examples in plain text only (benchmarks/LOG.md).
TINY = 300_000_000
SMALL = 2_000_000_000
EXTRACTIVE_UP_TO = 1_000_000_000
"""The most parameters of a model that is asked for a phrase of the sources, unless the settings say otherwise."""


def ability_of(spec: GeneratorSpec, settings: GenerationSettings) -> Ability:
    """Return a model's ability: as set, or by its size. A model of unknown size, as on most servers, is capable.

    >>> ability_of(GeneratorSpec(name="a", parameters=135_000_000), GenerationSettings())
    'tiny'
    """
    if not spec.writes:
        return "tiny"
    if settings.ability != "auto":
        return settings.ability
    if not spec.parameters:
        return "capable"
    return "tiny" if spec.parameters < TINY else "small" if spec.parameters < SMALL else "capable"
