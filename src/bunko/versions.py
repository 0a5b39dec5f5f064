"""Say which documents are copies or versions of each other, and which one is newer. In: what is known of two documents.

Only what is kept of them is compared: a digest, a sketch of the text (`bunko.language.resemblance`), dates, paths.
Knows no storage and no questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import combinations
from typing import TypeVar

from bunko.facts import facts_from
from bunko.language.resemblance import resemblances

ALIKE = 0.35
"""Resemblance from which two documents are versions of each other: benchmarks/LOG.md has the figures."""
_NUMBER = re.compile(r"\d+")
_COPY = re.compile(r" ?\(\d{1,2}\)$| - copy(?: ?\(\d+\))?$| ?(?:のコピー|- コピー)(?: ?\(\d+\))?$|^copy of ", re.I)
_TICK_S = 2.0
"""Time stamps that are nearer than this are of one copying."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketched:
    """What is kept of a document to find its copies and versions."""

    path: str
    digest: str
    """Equal for equal texts."""
    sketch: bytes
    """Of its text; empty for a short one."""
    facts: str
    """What it says of itself, as JSON."""
    modified_s: float
    """When its file was last written, in seconds since 1970."""

    @property
    def date(self) -> str:
        """When it was last changed or written, as it says itself; empty if it does not."""
        return facts_from(self.facts).date if self.facts else ""


def alike_among(documents: Sequence[Sketched]) -> list[tuple[Sketched, Sketched]]:
    """Return the pairs of documents that are copies or versions of each other."""
    shares = resemblances([one.sketch for one in documents])
    return [
        (one, other)
        for (n, one), (m, other) in combinations(enumerate(documents), 2)
        if one.digest == other.digest or shares[n, m] >= ALIKE
    ]


def newest_first(documents: Iterable[Sketched]) -> list[Sketched]:
    """Return documents in the order of their age, the newest first.

    What they say themselves decides; then the numbers in names that are equal otherwise, such as v2 and v10, or 2023
    and 2024; then when the files were written; then whether a name says that it is a copy; then the path.
    """
    return sorted(documents, key=cmp_to_key(_by_age))


def _by_age(one: Sketched, other: Sketched) -> int:
    by_facts = _compared(*_alike_long(one.date, other.date)) if one.date and other.date else 0
    if by_facts:
        return by_facts
    names, numbers = zip(*(_name_and_numbers(each.path) for each in (one, other)), strict=True)
    if names[0] == names[1] and len(numbers[0]) == len(numbers[1]) and (by_name := _compared(*numbers)):
        return by_name
    if abs(one.modified_s - other.modified_s) > _TICK_S:
        return _compared(one.modified_s, other.modified_s)
    copies = [bool(_COPY.search(_stem(each.path))) for each in (one, other)]
    return (copies[0] - copies[1]) or -_compared(one.path, other.path)


_Ordered = TypeVar("_Ordered", str, float, tuple[int, ...])


def _compared(one: _Ordered, other: _Ordered) -> int:
    """Return -1 where the first is greater, and so newer; 0 where they are equal."""
    return int(one < other) - int(one > other)


def _alike_long(one: str, other: str) -> tuple[str, str]:
    """Return two dates, cut to the precision that both have: a day and a moment of that day are equal."""
    length = min(len(one), len(other))
    return one[:length], other[:length]


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _name_and_numbers(path: str) -> tuple[str, tuple[int, ...]]:
    """Return a path without its numbers and the mark of a copy, and the numbers."""
    folder, slash, name = path.rpartition("/")
    stem = _stem(name)
    plain = f"{folder}{slash}{_COPY.sub('', stem)}{name[len(stem) :]}"
    return _NUMBER.sub("0", plain), tuple(int(number) for number in _NUMBER.findall(plain))
