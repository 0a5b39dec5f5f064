"""Remove hidden text from a PDF's page. In: a page and its text. Out: its visible text. Knows nothing of lines.

Removed is text outside of the page, text smaller than two points, and text in white, transparent or invisible, if the
rendered page shows nothing in its place. White letters on a dark background stay, as does the text layer of a scan.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import pypdfium2
import pypdfium2.raw as pdfium

if TYPE_CHECKING:
    import numpy as np

    Pixels: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]

_SMALLEST = 2.0  # points: the smallest readable print has four
_NEARLY = 8  # of 255: differences of brightness that the eye does not see
_SCALE = 2.0  # pixels for each point
_LARGEST_AREA = 16_000_000  # pixels
_Box: TypeAlias = tuple[float, float, float, float]  # left, bottom, right, top, in points from the lower left corner


def shown_text(page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage) -> str:
    """Return PDFium's text of a page, with a space for each hidden character."""
    raw: str = text_page.get_text_range(errors="replace")
    frame: _Box = page.get_bbox()
    items = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT])
    if not any(
        _is_unpainted(item.raw) or _is_tiny(item.raw) or _is_outside(_bounds(item.raw), frame) for item in items
    ):
        return raw
    hidden = _hidden(page, text_page, frame)
    if not hidden:
        return raw
    count = text_page.count_chars()
    # Beyond the Basic Multilingual Plane, PDFium's count differs from the length of its text.
    signs = list(raw) if len(raw) == count else [chr(pdfium.FPDFText_GetUnicode(text_page, n)) for n in range(count)]
    return "".join(" " if n in hidden else sign for n, sign in enumerate(signs))


def _hidden(page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, frame: _Box) -> set[int]:
    """Return the positions of the hidden characters."""
    hidden: set[int] = set()
    picture: Pixels | None = None
    for item, places in _runs(text_page):
        if not _is_suspect(item, frame):
            continue
        boxes = [text_page.get_charbox(n, loose=True) for n in places]
        around = _around(boxes)
        if max(box[3] - box[1] for box in boxes) < _SMALLEST or _is_outside(around, frame):
            hidden.update(places)
        elif _is_unpainted(item):
            if picture is None:
                picture = _picture(page)
            if not _shows_anything(picture, around, frame):
                hidden.update(places)
    return hidden


def _runs(text_page: pypdfium2.PdfTextPage) -> Iterator[tuple[Any, list[int]]]:
    """Yield each text object with the positions of its characters."""
    found: dict[bytes, tuple[Any, list[int]]] = {}
    for n in range(text_page.count_chars()):
        item = pdfium.FPDFText_GetTextObject(text_page, n)
        if item:  # else PDFium added a space or a line break
            found.setdefault(bytes(item), (item, []))[1].append(n)
    yield from found.values()


def _is_suspect(item: Any, frame: _Box) -> bool:
    """Return whether a text object may be hidden. Within a form, its place and size may be relative to the form."""
    return _is_unpainted(item) or _is_tiny(item) or _is_outside(_bounds(item), frame)


def _is_unpainted(item: Any) -> bool:
    """Return whether text is white, transparent or invisible."""
    mode = pdfium.FPDFTextObj_GetTextRenderMode(item)
    if mode in (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP):
        return True
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not pdfium.FPDFPageObj_GetFillColor(item, red, green, blue, alpha):
        return False
    return alpha.value <= _NEARLY or min(red.value, green.value, blue.value) >= 255 - _NEARLY


def _is_tiny(item: Any) -> bool:
    size, matrix = ctypes.c_float(), pdfium.FS_MATRIX()
    if not (pdfium.FPDFTextObj_GetFontSize(item, size) and pdfium.FPDFPageObj_GetMatrix(item, matrix)):
        return False
    return bool(abs(size.value) * abs(matrix.a * matrix.d - matrix.b * matrix.c) ** 0.5 < _SMALLEST)


def _bounds(item: Any) -> _Box:
    sides = [ctypes.c_float() for _ in range(4)]
    pdfium.FPDFPageObj_GetBounds(item, *sides)
    left, bottom, right, top = (side.value for side in sides)
    return left, bottom, right, top


def _around(boxes: Sequence[_Box]) -> _Box:
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _is_outside(box: _Box, frame: _Box) -> bool:
    return box[2] <= frame[0] or box[0] >= frame[2] or box[3] <= frame[1] or box[1] >= frame[3]


def _picture(page: pypdfium2.PdfPage) -> Pixels:
    width, height = page.get_size()
    bitmap = page.render(scale=min(_SCALE, math.sqrt(_LARGEST_AREA / (width * height))), grayscale=True)
    try:
        pixels: Pixels = bitmap.to_numpy().copy().reshape(bitmap.height, bitmap.width)
        return pixels
    finally:
        bitmap.close()


def _shows_anything(picture: Pixels, box: _Box, frame: _Box) -> bool:
    """Return whether the rendered page has more than one brightness within a box."""
    rows, columns = picture.shape
    across, down = columns / (frame[2] - frame[0]), rows / (frame[3] - frame[1])
    left, right = int((box[0] - frame[0]) * across), math.ceil((box[2] - frame[0]) * across)
    top, bottom = int((frame[3] - box[3]) * down), math.ceil((frame[3] - box[1]) * down)
    part = picture[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    return bool(part.size) and int(part.max()) - int(part.min()) > _NEARLY
