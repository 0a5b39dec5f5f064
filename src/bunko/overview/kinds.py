"""The kinds of documents that people name, and the extensions of their files. Knows nothing of questions.

The names and extensions are in `kinds.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bunko.language.data_files import read_data


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of documents."""

    name: str
    """What an answer calls it."""
    endings: tuple[str, ...]
    """The extensions of its files."""
    english: str
    """A regular expression: names that always mean a file."""
    japanese: str
    english_maybe: str = ""
    """Names that may mean something else: "How many emails were sent?"."""
    matches: tuple[str, ...] = ()
    """Examples: names of this kind."""
    passes: tuple[str, ...] = ()
    """Words that name no kind."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """All regular expressions."""
        return tuple(filter(None, (self.english, self.english_maybe, self.japanese)))


@cache
def read_kinds() -> tuple[Kind, ...]:
    """Return the kinds in `kinds.toml`, in order."""
    return tuple(_kind(table) for table in read_data(Path(__file__).with_suffix(".toml"))["kind"])


def _kind(table: Mapping[str, Any]) -> Kind:
    lists = {name: tuple(table.get(name, ())) for name in ("endings", "matches", "passes")}
    return Kind(**{**table, **lists})


def kind_of(noun: str) -> str:
    """Return the kind that a noun names; empty where it names any document.

    >>> kind_of("PDF files"), kind_of("ワード文書"), kind_of("documents")
    ('PDF', 'Word', '')
    """
    for kind in read_kinds():
        if any(re.fullmatch(pattern, noun, re.I) for pattern in kind.patterns):
            return kind.name
    return ""


def ending_of(path: str) -> str:
    """Return the ending of a document's own name, or of the file that holds it; empty if neither has one.

    >>> ending_of("a/b.PDF"), ending_of("all.zip#in/b.txt"), ending_of("mails.mbox#17"), ending_of("README")
    ('pdf', 'txt', 'mbox', '')
    """
    for name in reversed(path.split("#")):
        stem, dot, ending = name.rpartition("/")[2].rpartition(".")
        if stem and dot and ending.isalnum() and not ending.isdigit():
            return ending.lower()
    return ""


def is_of(path: str, kind: str) -> bool:
    """Return whether a document is of a kind."""
    return not kind or any(one.name == kind and ending_of(path) in one.endings for one in read_kinds())
