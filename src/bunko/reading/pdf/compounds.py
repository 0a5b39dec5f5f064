"""Tell whether a hyphen at a line's end belongs to a word. In: what is before and after it. Out: bool. Pure."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_LEAST_FIRST = 3  # letters of any first part
_LEAST_ENDING = 5  # letters of an adverb or a participle: not "fly", "king"
_LEAST_SECOND = 4
_SMALL_WORDS = frozenset("a and at by de for in la of off on or out the to up".split())


@dataclass(frozen=True, slots=True)
class _Lists:
    first: frozenset[str]
    first_endings: tuple[str, ...]
    second: frozenset[str]
    no_second: frozenset[str]


@cache
def _lists() -> _Lists:
    source = files("bunko.reading.pdf").joinpath("compounds.toml").read_text(encoding="utf-8")
    words = {name: value.split() for name, value in tomllib.loads(source).items()}
    return _Lists(
        frozenset(words["first"]),
        tuple(words["first_endings"]),
        frozenset(words["second"]),
        frozenset(words["no_second"]),
    )


def is_compound(first: str, second: str, *, before: str = "") -> bool:
    """Return whether two parts of a word at a line's end belong to an English compound with a hyphen.

    `before` is the part before the first, where that has a hyphen too.

    >>> is_compound("self", "contained"), is_compound("con", "firmed"), is_compound("the", "art", before="of")
    (True, False, True)
    """
    first, second, lists = first.casefold(), second.casefold(), _lists()
    if before and first in _SMALL_WORDS:
        return True
    if len(first) >= _LEAST_FIRST and second in lists.second:
        return True
    if len(second) < _LEAST_SECOND or second in lists.no_second:
        return False
    return first in lists.first or (len(first) >= _LEAST_ENDING and first.endswith(lists.first_endings))
