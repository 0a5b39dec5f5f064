"""Read the forms of questions about the whole folder from the TOML files. In: a language. Out: patterns with tasks.

Knows nothing of questions.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from bunko.language.data_files import Pattern, joined, read_data, read_parts, read_patterns
from bunko.language.detection import JAPANESE_LANGUAGE_NAMES, LANGUAGE_NAMES
from bunko.overview.kinds import read_kinds
from bunko.overview.types import Most

FormLanguage: TypeAlias = Literal["english", "japanese"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """The forms of one language."""

    hint: re.Pattern[str]
    """Matches a part of every question that has one of the forms."""
    patterns: tuple[Pattern, ...]
    """In the order in which they are tried. The name is the task. They are compiled when they are used: compiling all
    takes longer than everything else here, and few questions need it."""
    parts: Mapping[str, str]
    """Regular expressions that several patterns use, by name."""
    most: Mapping[str, Most]
    """Which file each superlative asks for: "biggest" asks for the largest."""


@cache
def read_forms(language: FormLanguage) -> Forms:
    """Return the forms of `english.toml` or `japanese.toml`."""
    path = Path(__file__).with_name(f"{language}.toml")
    data = read_data(path)
    most = {word: asked for asked, words in data["most"].items() for word in words}
    given = (_english_parts() if language == "english" else _japanese_parts()) | {"superlatives": _any_of(most)}
    return Forms(
        hint=re.compile(joined(data["hint"]), re.I),
        patterns=read_patterns(path, parts=given),
        parts=read_parts(path, parts=given),
        most=most,
    )


def _english_parts() -> dict[str, str]:
    kinds = read_kinds()
    return {
        "sure": _any_of([kind.english for kind in kinds]),
        "maybe": _any_of([kind.english_maybe for kind in kinds if kind.english_maybe]),
        "languages": _any_of(LANGUAGE_NAMES.values()),
    }


def _japanese_parts() -> dict[str, str]:
    return {
        "kinds": _any_of([kind.japanese for kind in read_kinds()]),
        "languages": _any_of(JAPANESE_LANGUAGE_NAMES.values()),
    }


def _any_of(patterns: Collection[str]) -> str:
    return "|".join(patterns)
