"""Find the place of a form's values in the text of a page: beside or below the words that name them.

In: the boxes of characters and fields. Out: what to insert where. Knows nothing of PDFium.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bunko.reading.pdf.annotations import Box, Field

_TOUCH = 2.0  # points by which boxes may overlap
_NEAR = 250.0  # points between a field and its label
_RULES = "_＿…‥"  # lines to write on
_CLOSE = 60.0  # the same, where there are also words above the field
_BELOW = 12.0  # points between a label and the field below it


@dataclass(frozen=True, slots=True)
class _Sign:
    place: int
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where values belong."""

    inserts: Mapping[int, str]
    """By the position in the page's text before which they are set."""
    others: Sequence[Field]
    """Fields without words beside them."""


def place_fields(raw: str, box_of: Callable[[int], Box], fields: Sequence[Field]) -> Placed:
    """Return where the values of a page's fields belong in its text.

    `box_of` gives the box of the character at a position of `raw`. A value follows the words on its left, or else those
    above; a tick stands before the words on its right if they are nearer.
    """
    lines, offset = [], 0
    for text in raw.split("\n"):
        signs = [_Sign(offset + n, box_of(offset + n)) for n, sign in enumerate(text) if _is_drawn(sign)]
        if signs:
            lines.append(signs)
        offset += len(text) + 1
    inserts: dict[int, str] = {}
    others = []
    for field in sorted(fields, key=lambda field: field.box[0]):
        place = _place(lines, field)
        if place is None:
            others.append(field)
        else:
            inserts[place] = f"{inserts[place]} {field.value}" if place in inserts else field.value
    return Placed(inserts=inserts, others=others)


def insert(text: str, inserts: Mapping[int, str], *, offset: int) -> str:
    """Return a line with the values that belong in it; `offset` is its position in the page's text.

    >>> insert("Name: Age: ", {6: "Ada", 10: "36"}, offset=0)
    'Name: Ada Age: 36 '
    """
    for place in sorted((place for place in inserts if offset <= place <= offset + len(text)), reverse=True):
        before, after = text[: place - offset], text[place - offset :]
        glue = "" if not before or before[-1].isspace() else " "
        text = before + glue + inserts[place] + ("" if not after or after[0].isspace() else " ") + after
    return text


def _is_drawn(sign: str) -> bool:
    return not sign.isspace() and sign.isprintable() and sign not in _RULES


def _place(lines: Sequence[Sequence[_Sign]], field: Field) -> int | None:
    left, right = _beside(lines, field.box)
    if field.is_tick and right and (not left or right[0] < left[0]) and right[0] < _NEAR:
        return right[1]
    above = _above(lines, field.box)
    if left and left[0] < (_NEAR if above is None or field.is_tick else _CLOSE):
        return left[1]
    return above


_Found: TypeAlias = tuple[float, int]
"""A distance in points, and a position."""


def _beside(lines: Sequence[Sequence[_Sign]], box: Box) -> tuple[_Found | None, _Found | None]:
    """Return the nearest character on the left of a box, and on the right, in the rows that it touches."""
    lefts: list[_Found] = []
    rights: list[_Found] = []
    for signs in lines:
        for sign in signs:
            left, bottom, right, top = sign.box
            if min(top, box[3]) - max(bottom, box[1]) < 0.5 * min(top - bottom, box[3] - box[1]):
                continue
            if right <= box[0] + _TOUCH:
                lefts.append((box[0] - right, sign.place + 1))
            elif left >= box[2] - _TOUCH:
                rights.append((left - box[2], sign.place))
    return min(lefts, default=None), min(rights, default=None)


def _above(lines: Sequence[Sequence[_Sign]], box: Box) -> int | None:
    """Return the end of the words right above a box."""
    found: list[_Found] = []
    for signs in lines:
        for sign in signs:
            gap = sign.box[1] - box[3]
            if -_TOUCH <= gap <= _BELOW and sign.box[2] > box[0] and sign.box[0] < box[2]:
                found.append((gap, sign.place + 1))
    nearest = min(found)[0] if found else 0.0
    return max((place for gap, place in found if gap <= nearest + 2 * _TOUCH), default=None)
