"""Read vertical Japanese from a PDF's page. In: a PDFium page. Out: its columns as lines, from right to left.

Knows nothing of documents.
"""

from __future__ import annotations

import ctypes
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pypdfium2
import pypdfium2.raw as pdfium

from bunko.reading.pdf.lines import Line, clean

_SAMPLE = 200  # characters of a page that show whether it is vertical
_CJK = re.compile("[\u3041-\u30ff\u3400-\u9fff]")
_NO_WIDTH = 0.01  # points: PDFium drops text objects that are narrower (kSizeEpsilon in cpdf_textpage.cpp)
_NO_INK = 0.002  # of the font size: the height of a glyph without an outline
_FORM_DEPTH = 4

Box: TypeAlias = tuple[float, float, float, float]  # left, bottom, right, top, in points from the lower left corner


def text_page_of(page: pypdfium2.PdfPage) -> pypdfium2.PdfTextPage:
    """Return a page's characters, including columns set in a font that neither the PDF nor this machine has.

    The glyphs of such a column have no outline, so the column has no width, and PDFium leaves it out of the text. It is
    slanted by a fiftieth of a point first. Single glyphs without an outline stay lost: they have no height either.
    """
    for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT], max_depth=_FORM_DEPTH):
        left, bottom, right, top = item.get_bounds()
        if right - left < _NO_WIDTH < top - bottom:
            _slant(item, left, top - bottom)
    return page.get_textpage()


def _slant(item: pypdfium2.PdfObject, left: float, height: float) -> None:
    matrix = item.get_matrix()
    # Vertical text is centred on its origin. Horizontal text without width starts at its origin, and is left alone.
    if abs(left - matrix.e) > _NO_WIDTH:
        slant = 2 * _NO_WIDTH / height
        pdfium.FPDFPageObj_TransformF(item, pdfium.FS_MATRIX(1, 0, slant, 1, -slant * matrix.f, 0))


def box_of(text_page: pypdfium2.PdfTextPage, n: int) -> Box:
    """Return the place of the n-th character. PDFium gives twice the width where a vertical glyph has no outline."""
    left, bottom, right, top = text_page.get_charbox(n, loose=True)
    ink = text_page.get_charbox(n)
    size = top - bottom
    if right - left > 1.5 * size and ink[3] - ink[1] < _NO_INK * size:
        x, y = ctypes.c_double(), ctypes.c_double()
        pdfium.FPDFText_GetCharOrigin(text_page, n, x, y)
        left = max(left, x.value)
    return left, bottom, right, top


def vertical_lines(text_page: pypdfium2.PdfTextPage, raw: str) -> list[Line]:
    """Return the columns of vertical Japanese from right to left, tier by tier; none where it is not vertical.

    PDFium sorts what is set beside each other from left to right.
    """
    if len(raw) != text_page.count_chars() or not _CJK.search(raw):
        return []
    places = [n for n, character in enumerate(raw) if not character.isspace() and character.isprintable()]
    boxes = {n: box_of(text_page, n) for n in places[:_SAMPLE]}
    steps = [_step(boxes[a], boxes[b]) for a, b in itertools.pairwise(boxes) if b == a + 1]
    if sum(steps) <= 0.5 * len(steps):
        return []
    columns: list[_Column] = []
    previous: Box | None = None
    for n in places:
        box = boxes.get(n) or box_of(text_page, n)
        if previous is None or not (columns[-1].holds(box) or _step(previous, box)):
            columns.append(_Column(text="", left=box[0], right=box[2], bottom=box[1], top=box[3]))
        columns[-1].add(raw[n], box)
        previous = box
    return [Line(text=clean(column.text), size=column.right - column.left) for column in _right_to_left(columns)]


def _step(box: Box, following: Box) -> bool:
    """Tell whether the following character stands right below."""
    size = max(box[2] - box[0], 1.0)
    same_column = abs((box[0] + box[2]) - (following[0] + following[2])) < size
    return same_column and -2 * size < following[3] - box[3] < -0.2 * size


@dataclass(slots=True, kw_only=True)
class _Column:
    text: str
    left: float
    right: float
    bottom: float
    top: float

    def holds(self, box: Box) -> bool:
        """Tell whether a character stands right below: a full stop takes a corner of its place only."""
        size = self.right - self.left
        return self.left <= (box[0] + box[2]) / 2 <= self.right and 0 <= self.bottom - box[3] + 0.2 * size < 2 * size

    def add(self, character: str, box: Box) -> None:
        self.text += character
        self.bottom = min(self.bottom, box[1])
        self.left, self.right = min(self.left, box[0]), max(self.right, box[2])


def _right_to_left(columns: Sequence[_Column]) -> list[_Column]:
    """Sort columns into tiers from the top, where a blank band goes through all of them, then from the right."""
    tiers: list[list[_Column]] = []
    floor = float("inf")
    for column in sorted(columns, key=lambda column: -column.top):
        if not tiers or column.top <= floor:
            tiers.append([])
        tiers[-1].append(column)
        floor = min(floor, column.bottom) if len(tiers[-1]) > 1 else column.bottom
    return [column for tier in tiers for column in sorted(tier, key=lambda column: -column.right)]
