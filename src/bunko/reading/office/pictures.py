"""Read the pictures of an office file that holds nothing else. In: a package. Out: their text, by OCR."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bunko.errors import NeedsOcr
from bunko.reading.images.ocr import needs_ocr, ocr_languages, recognise
from bunko.reading.office.package import Package
from bunko.settings import ReadingSettings

_FOLDER = re.compile(r"(?:^|/)(?:media|Pictures)/")
_MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "tif": "image/tiff",
    "tiff": "image/tiff",
}


def text_of_pictures(package: Package, settings: ReadingSettings) -> str:
    """Return the text in the pictures of a document without other text. Raises NeedsOcr."""
    pictures = list(_pictures(package))
    if pictures and not ocr_languages(settings):
        raise needs_ocr(settings, message="The file contains only pictures.")
    texts = [recognise(package.read(name), kind, settings=settings) for name, kind in pictures]
    if pictures and not any(texts):
        raise NeedsOcr("The file contains only pictures, and OCR found no text in them.", "Add its text as a file.")
    return "\n\n".join(filter(None, texts))


def _pictures(package: Package) -> Iterator[tuple[str, str]]:
    for name in package.names():
        kind = _MEDIA_TYPES.get(name.rpartition(".")[2].lower())
        if kind and _FOLDER.search(name):
            yield name, kind
