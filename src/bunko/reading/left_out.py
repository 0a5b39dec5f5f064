"""Say in a sentence what of a file its text lacks. In: a Document. Out: one with its sentences. Knows no format."""

from __future__ import annotations

import dataclasses
import re

from bunko.reading.text.legacy_encoding import BAD
from bunko.types import Document, page_at

_LISTED = 5
# Text in another alphabet, decoded as Windows-1252, has words of accented letters alone.
_MISREAD = re.compile("[\xc0-\xff]{4,}")
_MISREAD_SHARE = 0.05  # of the characters


def with_bad_places(document: Document) -> Document:
    r"""Return the document, with a sentence on the places that could not be decoded, and on a text that looks misread.

    >>> with_bad_places(Document(path="a.txt", text="ab\nc\ufffd")).left_out
    ('1 place could not be decoded and is “\ufffd” in the text: line 2.',)
    """
    text = document.text
    found = [*document.left_out]
    if count := text.count(BAD):
        found.append(_bad_places(document, count))
    if len("".join(_MISREAD.findall(text))) > _MISREAD_SHARE * len(text):
        found.append("The text looks as if it had another encoding than was assumed. Save the file as UTF-8.")
    return dataclasses.replace(document, left_out=tuple(found)) if len(found) > len(document.left_out) else document


def _bad_places(document: Document, count: int) -> str:
    numbers: list[int] = []
    place, line, counted = document.text.find(BAD), 1, 0
    while place >= 0 and len(numbers) <= _LISTED:
        line += document.text.count("\n", counted, place)
        counted = place
        number = page_at(document.pages, place) or 1 if document.pages else line
        if number not in numbers:
            numbers.append(number)
        end = document.text.find("\n", place)
        place = document.text.find(BAD, end) if end >= 0 else -1
    unit = "page" if document.pages else "line"
    listed = ", ".join(map(str, numbers[:_LISTED])) + (", …" if len(numbers) > _LISTED else "")
    where = f"{unit}{'s' if len(numbers) > 1 else ''} {listed}"
    if count == 1:
        return f"1 place could not be decoded and is “{BAD}” in the text: {where}."
    return f"{count:,} places could not be decoded and are “{BAD}” in the text: {where}."
