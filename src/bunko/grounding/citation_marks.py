"""Remove the source numbers that a model wrote in its answer, and put the right ones back. In, out: texts.

Models write such numbers unprompted: [1], [1, 2], ［１］, 【1】, [^1], (source 2), （出典2）.
Knows nothing of sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NUMBERS = r"\d{1,2}(?:\s?(?:[,、，&–-]|and)\s?\d{1,2})*"
_WORDS = r"(?:sources?|documents?|docs?|passages?|contexts?|refs?\.?|references?|出典|資料|文書|文献|参照|情報源)"
_MARK = re.compile(
    rf" ?(?:\[\^?(?P<a>{_NUMBERS})\]|［(?P<b>{_NUMBERS})］|【(?P<c>{_NUMBERS})(?:†[^】]*)?】"
    rf"|[\[(（［]{_WORDS}\s*[:：]?\s*#?(?P<d>{_NUMBERS})[\])）］])",
    re.I,
)
# In code, a number in brackets is an index.
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.S)
_ONE = re.compile(r"\d{1,2}")
_RANGE = re.compile(r"(\d{1,2})\s?[–-]\s?(\d{1,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Source numbers that a model wrote."""

    place: int
    """Their place in the text without marks."""
    numbers: tuple[int, ...]
    text: str
    """As written, with the space before."""


def take_marks(text: str) -> tuple[str, list[Mark]]:
    """Return a text without its source numbers, and the numbers with their places.

    >>> take_marks("In France [1]. 東京［２］。")
    ('In France. 東京。', [Mark(place=9, numbers=(1,), text=' [1]'), Mark(place=13, numbers=(2,), text='［２］')])
    >>> take_marks("Call `names[1]`.")
    ('Call `names[1]`.', [])
    """
    parts: list[str] = []
    marks: list[Mark] = []
    length = last = 0
    code = [found.span() for found in _CODE.finditer(text)]
    for match in _MARK.finditer(text):
        if any(start < match.end() - 1 < end for start, end in code):
            continue
        parts.append(text[last : match.start()])
        length += match.start() - last
        last = match.end()
        said = next(group for group in match.groups() if group)
        marks.append(Mark(place=length, numbers=_numbers(said), text=match.group()))
    return "".join((*parts, text[last:])), marks


def _numbers(said: str) -> tuple[int, ...]:
    if found := _RANGE.fullmatch(said):
        return tuple(range(int(found[1]), int(found[2]) + 1))
    return tuple(int(number) for number in _ONE.findall(said))


def put_marks(text: str, marks: Iterable[Mark]) -> str:
    """Put marks back in their places, with the numbers that they have now.

    >>> put_marks("In France.", [Mark(place=9, numbers=(1,), text=" [1, 7]")])
    'In France [1].'
    """
    parts: list[str] = []
    last = 0
    for mark in marks:
        parts += (text[last : mark.place], _written(mark))
        last = mark.place
    return "".join((*parts, text[last:]))


def shifted(place: int, marks: Iterable[Mark], *, at: bool) -> int:
    """Return a place after the marks were put back; with `at`, marks at the place itself are before it."""
    return place + sum(len(_written(mark)) for mark in marks if mark.place < place or (at and mark.place == place))


def _written(mark: Mark) -> str:
    """Return a mark as the model wrote it, unless a number of it was dropped."""
    said = _MARK.fullmatch(mark.text)
    if said and _numbers(next(group for group in said.groups() if group)) == mark.numbers:
        return mark.text
    space = " " if mark.text.startswith(" ") else ""
    return f"{space}[{', '.join(map(str, mark.numbers))}]"
