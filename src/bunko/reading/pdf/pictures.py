"""Count the pictures of a page that its text lacks. In: a page. Out: their number."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import pypdfium2
import pypdfium2.raw as pdfium

# Of the page's area. Smaller ones are mostly logos, larger ones backgrounds, or scans with their text behind them.
_LEAST, _MOST = 0.1, 0.8


def count_pictures(page: pypdfium2.PdfPage) -> int:
    """Return the number of pictures that may show something worth reading."""
    width, height = page.get_size()
    count = 0
    for n in range(pdfium.FPDFPage_CountObjects(page)):
        item = pdfium.FPDFPage_GetObject(page, n)
        if pdfium.FPDFPageObj_GetType(item) != pdfium.FPDF_PAGEOBJ_IMAGE:
            continue
        sides = [ctypes.c_float() for _ in range(4)]
        pdfium.FPDFPageObj_GetBounds(item, *sides)
        left, bottom, right, top = (side.value for side in sides)
        count += _LEAST * width * height <= abs((right - left) * (top - bottom)) < _MOST * width * height
    return count


def ranges(numbers: Sequence[int]) -> str:
    """Return sorted numbers with runs as ranges.

    >>> ranges([1, 2, 3, 7])
    '1-3, 7'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
