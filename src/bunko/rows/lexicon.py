"""Read the words of questions over rows from the TOML files. In: nothing. Out: phrases with their roles.

Both languages are one lexicon, since a Japanese question names English columns and the reverse.
Knows nothing of tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from bunko.language.data_files import read_data
from bunko.language.inflection import base_form
from bunko.language.words import stem
from bunko.rows.values import fold

_PIECE = re.compile(r"[a-z\u00c0-\u024f]+(?:['’][a-z]+)?|\d+|[^\s\w]|[^\W\d_]|_")
_LATIN = re.compile(r"[a-z\u00c0-\u024f]")
LONGEST_PHRASE = 48  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """What phrases do in a question."""

    roles: Mapping[str, Mapping[str, str]]
    """By the key of a phrase: its roles, each with a detail. A phrase may have several: "from" compares and fills."""
    synonyms: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    """Words in columns' names, with the words by which questions ask for such a column; both as keys."""
    asked: Mapping[str, tuple[str, ...]]
    """The names, best first and as keys, of columns that answer "who", or have a price."""


def key_of(text: str) -> str:
    """Return a phrase without inflections, letter case and spaces that don't matter.

    >>> key_of("Hired Stations"), key_of("order_id"), key_of("在庫 数")
    ('hire station', 'order id', '在庫数')
    """
    return _key_of(fold(text).replace("_", " "))


@lru_cache(maxsize=20_000)
def _key_of(folded: str) -> str:
    found = ""
    latin = False
    for piece in _PIECE.findall(folded):
        is_latin = bool(_LATIN.match(piece)) or piece.isdigit()
        found += (" " if found and latin and is_latin else "") + (_base(piece) if is_latin else piece)
        latin = is_latin
    return found


def _base(word: str) -> str:
    return base_form(stem(word))


@cache
def read_lexicon() -> Lexicon:
    """Return the words of `english.toml` and `japanese.toml`."""
    roles: dict[str, dict[str, str]] = {}
    synonyms: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    asked: dict[str, tuple[str, ...]] = {}
    for language in ("english", "japanese"):
        data = read_data(Path(__file__).with_name(f"{language}.toml"))
        for phrase, role, detail in _phrases(data):
            roles.setdefault(key_of(phrase), {}).setdefault(role, detail)
        synonyms += [
            (tuple(map(key_of, table["columns"])), tuple(map(key_of, table["words"]))) for table in data["synonym"]
        ]
        for name, columns in data["ask"].items():
            asked[name] = (*asked.get(name, ()), *map(key_of, columns))
    return Lexicon(roles=roles, synonyms=tuple(synonyms), asked=asked)


def _phrases(data: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield phrase, role and detail."""
    for name, phrases in data["ops"].items():
        yield from ((phrase, "op", name) for phrase in phrases)
    for place, phrases in data["group"].items():
        yield from ((phrase, f"group {place}", "") for phrase in phrases)
    for place, signs in data["compare"].items():
        for sign, phrases in signs.items():
            yield from ((phrase, f"compare {place}", sign) for phrase in phrases)
    yield from ((phrase, "range", "") for phrase in data["join"]["range"])
    for name, phrases in data["words"].items():
        yield from ((phrase, name, "") for phrase in phrases)
    yield from ((phrase, "filler", "") for phrase in data["filler"]["words"].split())
    yield from ((phrase, "money", "") for phrase in data["filler"]["money"])
