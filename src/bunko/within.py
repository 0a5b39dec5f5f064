"""The arguments with which a question is asked of some documents only. In: `only="contracts/**"`, … Out: settings.

    library.ask("Who signed?", only="contracts/**", since="2024-01")

They are the settings of the section `scope`, each a text or several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict, cast

from bunko.askable import ASKABLE, SETTINGS
from bunko.errors import UsageError
from bunko.settings import Settings, apply_overrides


class Within(TypedDict, total=False):
    """Which documents are asked; what is left out is as the settings say."""

    only: str | Sequence[str]
    """Only these: paths, names, folders, or patterns such as `contracts/**`."""
    exclude: str | Sequence[str]
    """Not these."""
    since: str
    """Only those of this day, month or year and after, such as `2024-01`."""
    until: str
    """Only those of this day, month or year and before."""
    types: str | Sequence[str]
    """Only these kinds of files, such as `pdf` or `docx`."""
    tags: str | Sequence[str]
    """Only those with one of these tags."""
    authors: str | Sequence[str]
    """Only those of one of these authors."""


def overrides_of(within: Within) -> dict[str, object]:
    """Return the arguments as settings, by their dotted names. Raises UsageError for one that does not exist."""
    known = {each.field: each.setting for each in ASKABLE if each.section == "scope"}
    if unknown := set(within) - set(known):
        raise UsageError(f"There is no argument {min(unknown)!r}.", f"There are: {', '.join(known)}.")
    given = cast(Mapping[str, str | Sequence[str]], within)
    return {
        known[name]: SETTINGS[known[name]].parse(value) if SETTINGS[known[name]].is_list else value
        for name, value in given.items()
        if value is not None
    }


def with_scope(settings: Settings, within: Within) -> Settings:
    """Return settings with these arguments."""
    return apply_overrides(settings, overrides_of(within)) if within else settings
