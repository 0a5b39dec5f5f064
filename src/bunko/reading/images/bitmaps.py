"""Draw pages and photographs with PDFium. In: a PDF's page, or a JPEG. Out: a Bitmap. Knows nothing of text."""

from __future__ import annotations

import math
from pathlib import Path

import pypdfium2

from bunko.errors import ReadError
from bunko.reading.images.ocr import Bitmap

_OCR_DPI = 300  # recommended by Tesseract's documentation
_GLANCE_DPI = 36
_POINTS = 72
_LARGEST_AREA = 36_000_000  # pixels: A2 at 300 dots per inch. Tesseract takes about 20 bytes for each
_MEND = "Open and save it again in its program."


def bitmap_of_page(page: pypdfium2.PdfPage) -> Bitmap:
    """Return a page at the resolution for OCR, a large one at a lower resolution."""
    return _drawn(page, _OCR_DPI / _POINTS)


def shows_anything(page: pypdfium2.PdfPage) -> bool:
    """Return whether a page is not blank in a viewer."""
    return not _drawn(page, _GLANCE_DPI / _POINTS).is_blank()


def bitmap_of_jpeg(path: Path) -> Bitmap:
    """Return a photograph, a large one at a lower resolution. Raises ReadError."""
    pdf = pypdfium2.PdfDocument.new()
    try:
        image = pypdfium2.PdfImage.new(pdf)
        image.load_jpeg(path)
        width, height = image.get_px_size()
        if not width or not height:
            raise ReadError("The picture is broken.", _MEND)
        page = pdf.new_page(width, height)
        image.set_matrix(pypdfium2.PdfMatrix().scale(width, height))
        page.insert_obj(image)
        page.gen_content()
        return _drawn(page, 1.0)
    except pypdfium2.PdfiumError as error:
        raise ReadError("The picture is broken.", _MEND) from error
    finally:
        pdf.close()


def _drawn(page: pypdfium2.PdfPage, scale: float) -> Bitmap:
    width, height = page.get_size()
    bitmap = page.render(scale=min(scale, math.sqrt(_LARGEST_AREA / (width * height))), grayscale=True)
    try:
        rows = bitmap.to_numpy()
        return Bitmap(width=rows.shape[1], height=rows.shape[0], pixels=rows.tobytes())
    finally:
        bitmap.close()
