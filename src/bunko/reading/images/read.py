"""Read a picture of text. In: a path. Out: Document. Raises NeedsOcr if there is no OCR.

A TIFF may hold many pages, as faxes and scanners write them; of an animated GIF the first picture is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from bunko.errors import ReadError
from bunko.reading.containers.members import Items, PageRead
from bunko.reading.images.ocr import needs_ocr, ocr_languages, recognise, recognise_bitmap
from bunko.settings import ReadingSettings
from bunko.types import Document, Span

MEDIA_TYPES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".tif": "image/tiff", ".tiff": "image/tiff",
    ".bmp": "image/bmp", ".gif": "image/gif", ".webp": "image/webp",
}  # fmt: skip
_JPEG = b"\xff\xd8\xff"
_SUBFILE_TYPE = 254  # TIFF 6.0, section 8; its lowest bit marks a smaller version of another page


def read_picture(path: Path, relative: str, *, settings: ReadingSettings) -> Items:
    """Yield the text in a picture, after a PageRead for each of its pages."""
    if not ocr_languages(settings):
        raise needs_ocr(settings, message="The file is a picture.")
    kind = MEDIA_TYPES[path.suffix.lower()]
    texts: list[str] = []
    for text in _texts(path, kind, settings):
        texts.append(text)
        yield PageRead()
    if not any(texts):
        raise ReadError("No text was found in the picture.", "Leave it out with .bunkoignore if it has none.")
    text, spans = "", []
    for number, page in enumerate(texts, 1):
        start = len(text) + 2 if text else 0
        text += "\n\n" + page if text else page
        spans.append(Span(start=min(start, len(text)), end=len(text), label=str(number)))
    yield Document(path=relative, text=text, pages=tuple(spans) if len(spans) > 1 else (), format="picture")


def _texts(path: Path, kind: str, settings: ReadingSettings) -> Iterator[str]:
    data = path.read_bytes()
    if data.startswith(_JPEG):  # photographs of pages are often upside down
        from bunko.reading.images.bitmaps import bitmap_of_jpeg

        yield recognise_bitmap(bitmap_of_jpeg(path), settings=settings)
        return
    for picture in tiff_pages(data) if kind == "image/tiff" else [data]:
        yield recognise(picture, kind, settings=settings)


def tiff_pages(data: bytes) -> Iterator[bytes]:
    """Yield a copy of the file for each page, with that page first: parsers read the first page only."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(data[:4])
    if order is None:
        yield data
        return
    directories = list(_directories(data, order))
    for at in [at for at, is_smaller in directories if not is_smaller] or [at for at, _ in directories[:1]]:
        yield data[:4] + struct.pack(order + "I", at) + data[8:]
    if not directories:
        yield data  # broken: the parser reports the error


def _directories(data: bytes, order: str) -> Iterator[tuple[int, bool]]:
    """Yield where the directory of each page is, and whether it is a smaller version of another page."""
    seen: set[int] = set()
    (at,) = struct.unpack_from(order + "I", data, 4) if len(data) >= 8 else (0,)
    while at and at not in seen:
        seen.add(at)
        try:
            (count,) = struct.unpack_from(order + "H", data, at)
            tags = [struct.unpack_from(order + "HHII", data, at + 2 + 12 * n) for n in range(count)]
            following = at + 2 + 12 * count
            yield at, any(tag == _SUBFILE_TYPE and value & 1 for tag, _, _, value in tags)
            (at,) = struct.unpack_from(order + "I", data, following)
        except struct.error:
            return
