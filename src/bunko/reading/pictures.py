"""Read a picture of text. In: a path. Out: Document. Raises NeedsOcr where there is no OCR."""

from __future__ import annotations

from pathlib import Path

from bunko.errors import ReadError
from bunko.reading.ocr import needs_ocr, ocr_languages, recognise
from bunko.settings import ReadingSettings
from bunko.types import Document

MEDIA_TYPES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".tif": "image/tiff", ".tiff": "image/tiff",
    ".bmp": "image/bmp", ".gif": "image/gif", ".webp": "image/webp",
}  # fmt: skip


def read_picture(path: Path, relative: str, *, settings: ReadingSettings) -> Document:
    """Return the text in a picture."""
    if not ocr_languages(settings):
        raise needs_ocr(settings, message="The file is a picture.")
    kind = MEDIA_TYPES[path.suffix.lower()]
    text = recognise(path.read_bytes(), kind, settings=settings)
    if not text:
        raise ReadError("No text was found in the picture.", "Leave it out with .bunkoignore if it has none.")
    return Document(path=relative, text=text, format="picture")
