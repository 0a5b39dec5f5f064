"""Put characters together by their places on a page. In: glyphs with boxes. Out: pieces, rows of pieces, texts.

A piece is a run of words without a gap, such as the text of a cell in one line. Pure, but for `glyphs_of`.
"""

from __future__ import annotations

import ctypes
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import pypdfium2
import pypdfium2.raw as pdfium

from bunko.reading.pdf.lines import SOFT_HYPHEN, clean, unwrapped
from bunko.reading.pdf.rulings import UPRIGHT, Matrix, moved

_GAP = 0.85  # of the height of a line: wider than the space between words, also in justified text
_SPACE = 0.22  # of the height of a line
_SAME_LINE = 0.5  # of the height of a line
_FIRST_LEFTWARD = "\u0590"  # Hebrew
_SPACES = re.compile(r"[ \t]+")


class Glyph(NamedTuple):
    """A character and its place: `place` in the page's text, and its box in points on the page set upright."""

    place: int
    sign: str
    left: float
    bottom: float
    right: float
    top: float
    x: float
    y: float
    """The middle of its box."""
    height: float


class Piece:
    """A run of glyphs in one line, and its edges in points."""

    def __init__(self, glyphs: Sequence[Glyph], raw: str) -> None:
        self.glyphs = glyphs
        self._raw = raw
        self.left = min(glyph.left for glyph in glyphs)
        self.right = max(glyph.right for glyph in glyphs)
        self.bottom = min(glyph.bottom for glyph in glyphs)
        self.top = max(glyph.top for glyph in glyphs)

    @cached_property
    def text(self) -> str:
        """The words of it."""
        return text_of(self.glyphs, self._raw)


def glyphs_of(
    text_page: pypdfium2.PdfTextPage, raw: str, turn: Matrix, *, bands: Sequence[tuple[float, float]] | None = None
) -> list[Glyph]:
    """Return the visible characters of a page in the order of its text; none if their places are not known.

    With `bands`, only the lines that begin within one are looked up, each from bottom to top in points.
    """
    numbers = numbers_of(text_page, raw)
    found: list[Glyph] = []
    start = 0
    for line in raw.split("\n") if numbers else ():
        signs = [(n, sign) for n, sign in enumerate(line, start) if not sign.isspace() or sign == "\u3000"]
        start += len(line) + 1
        if bands is not None:
            first = next(_placed(text_page, signs[:1], numbers, turn), None)
            if first is None or not any(low <= first.y <= high for low, high in bands):
                continue
        found += _placed(text_page, signs, numbers, turn)
    return found


def _placed(
    text_page: pypdfium2.PdfTextPage, signs: Iterable[tuple[int, str]], numbers: Sequence[int], turn: Matrix
) -> Iterator[Glyph]:
    is_upright = turn == UPRIGHT
    box = pdfium.FS_RECTF()
    reference, look_up = ctypes.byref(box), pdfium.FPDFText_GetLooseCharBox
    for place, sign in signs:
        if not look_up(text_page, numbers[place], reference):
            continue
        left, bottom, right, top = box.left, box.bottom, box.right, box.top
        if not is_upright:
            (x0, y0), (x1, y1) = moved(turn, left, bottom), moved(turn, right, top)
            left, right = (x0, x1) if x0 < x1 else (x1, x0)
            bottom, top = (y0, y1) if y0 < y1 else (y1, y0)
        if left != right or bottom != top:
            middle = (left + right) / 2, (bottom + top) / 2
            yield Glyph(place, sign, left, bottom, right, top, *middle, top - bottom)


def numbers_of(text_page: pypdfium2.PdfTextPage, raw: str) -> Sequence[int]:
    """Return PDFium's number for each character of its text; empty if they differ.

    PDFium counts characters beyond the Basic Multilingual Plane twice, and leaves some control characters out of the
    text that it counts.
    """
    count = text_page.count_chars()
    if count == len(raw):
        return range(count)
    numbers, number = [], 0
    for sign in raw:
        code = ord(sign)
        wanted = 0xD800 + ((code - 0x10000) >> 10) if code > 0xFFFF else code
        while number < count and (has := pdfium.FPDFText_GetUnicode(text_page, number)) != wanted and has < 0x20:
            number += 1
        if number >= count or (has != wanted and sign not in " \ufffd"):
            return []
        numbers.append(number)
        number += 1 + (code > 0xFFFF)
    return numbers


def has_gap(text_page: pypdfium2.PdfTextPage, line: str, numbers: Sequence[int]) -> bool:
    """Return whether a line has a gap between two words, as between two cells; `numbers` are those of its characters.

    Only the characters beside its spaces are looked up.
    """
    if len(numbers) != len(line):
        return False
    before, after = pdfium.FS_RECTF(), pdfium.FS_RECTF()
    look_up, references = pdfium.FPDFText_GetLooseCharBox, (ctypes.byref(before), ctypes.byref(after))
    for match in _SPACES.finditer(line):
        first, last = match.span()
        if first == 0 or last == len(line):
            continue
        look_up(text_page, numbers[first - 1], references[0])
        look_up(text_page, numbers[last], references[1])
        height = max(before.top - before.bottom, before.right - before.left)  # of text in either direction
        gap = max(after.left - before.right, after.bottom - before.top, before.bottom - after.top)
        if gap > _GAP * height:
            return True
    return False


def pieces_of(glyphs: Iterable[Glyph], raw: str) -> list[Piece]:
    """Return the pieces in the order of the text: glyphs of a line without a gap between them."""
    runs: list[list[Glyph]] = []
    for glyph in glyphs:
        if runs and _goes_on(runs[-1][-1], glyph):
            runs[-1].append(glyph)
        else:
            runs.append([glyph])
    return [Piece(run, raw) for run in runs if any(not glyph.sign.isspace() for glyph in run)]


def _goes_on(before: Glyph, glyph: Glyph) -> bool:
    height = max(before.height, glyph.height, 1.0)
    if abs(before.y - glyph.y) >= _SAME_LINE * height:
        return False
    if glyph.sign >= _FIRST_LEFTWARD and _is_leftward(glyph.sign):
        return abs(before.left - glyph.right) < _GAP * height
    back = -height if before.sign >= _FIRST_LEFTWARD and _is_leftward(before.sign) else -0.5 * height
    return back < glyph.left - before.right < _GAP * height


def _is_leftward(sign: str) -> bool:
    return unicodedata.bidirectional(sign) in ("R", "AL")


def rows_of(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """Return the pieces of each line from top to bottom, each from left to right."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: -(piece.top + piece.bottom)):
        middle, height = (piece.top + piece.bottom) / 2, piece.top - piece.bottom
        if rows:
            last = rows[-1][0]
            if abs((last.top + last.bottom) / 2 - middle) < _SAME_LINE * min(height, last.top - last.bottom):
                rows[-1].append(piece)
                continue
        rows.append([piece])
    return [sorted(row, key=lambda piece: piece.left) for row in rows]


def text_of(glyphs: Sequence[Glyph], raw: str) -> str:
    r"""Return the text of a cell: its lines joined, Japanese ones without a space.

    A word that was divided at a line's end has SOFT_HYPHEN in that place, as lines.py expects it.
    """
    lines: list[list[Glyph]] = []
    for glyph in glyphs:
        for line in reversed(lines):
            if abs(line[0].y - glyph.y) < _SAME_LINE * max(line[0].height, glyph.height, 1.0):
                line.append(glyph)
                break
        else:
            lines.append([glyph])
    lines.sort(key=lambda line: -line[0].y)
    if _is_upright(lines):
        order = sorted(glyphs)
        after = {glyph.place for before, glyph in itertools.pairwise(order) if " " in raw[before.place : glyph.place]}
        return unwrapped(clean("".join(" " * (glyph.place in after) + glyph.sign for glyph in order)))
    text = "\n".join(_line_text(line, raw) for line in lines)
    return unwrapped(clean(text).replace(SOFT_HYPHEN + "\n", SOFT_HYPHEN)).strip()


def _is_upright(lines: Sequence[Sequence[Glyph]]) -> bool:
    """Return whether a text is set from the bottom up or from the top down: each line has one glyph or so."""
    return len(lines) > 3 and sum(map(len, lines)) < 1.5 * len(lines)


def _line_text(line: Sequence[Glyph], raw: str) -> str:
    steps = [b.left - a.left for a, b in itertools.pairwise(line)]
    if any(step < 0 for step in steps) and not any(_is_leftward(glyph.sign) for glyph in line):
        line = sorted(line, key=lambda glyph: glyph.left)
    parts = [line[0].sign]
    for before, glyph in itertools.pairwise(line):
        between = raw[before.place + 1 : glyph.place] if glyph.place > before.place else ""
        gap = glyph.left - before.right
        apart = any(sign.isspace() for sign in between) or gap > _SPACE * max(before.height, glyph.height)
        parts.append(f" {glyph.sign}" if apart else glyph.sign)
    return "".join(parts).replace("\ufffe", SOFT_HYPHEN).replace("\x02", SOFT_HYPHEN)
