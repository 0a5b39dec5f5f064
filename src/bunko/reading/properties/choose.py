"""Read what a file says of itself, by its ending. In: a path, its Document. Out: the Document with facts.

A reader that has the facts at hand sets them itself: mails, PDFs. Nothing here fails: what can't be read is no fact.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from bunko.facts import Facts
from bunko.types import Document

_READ = 1_000_000
"""Bytes of a note or a page that are looked through."""


def _office(path: Path) -> Facts:
    from bunko.reading.properties.office import facts_of_office

    return facts_of_office(path)


def _page(path: Path) -> Facts:
    from bunko.reading.properties.html import facts_of_html

    return facts_of_html(_beginning(path))


def _note(path: Path) -> Facts:
    from bunko.reading.properties.front_matter import facts_of_markdown
    from bunko.reading.text.encoding import decode

    return facts_of_markdown(decode(_beginning(path)).replace("\r\n", "\n"))


_BY_ENDING: dict[str, Callable[[Path], Facts]] = {
    ending: read
    for endings, read in (
        (".docx .docm .xlsx .xlsm .pptx .pptm .ppsx .odt .ods .odp .epub", _office),
        (".html .htm .xhtml", _page),
        (".md .markdown .mdown .mkd", _note),
    )
    for ending in endings.split()
}


def with_facts(document: Document, path: Path) -> Document:
    """Return a document with what its file says of itself; one that has facts, as it is."""
    read = _BY_ENDING.get(path.suffix.lower())
    if read is None or document.facts:
        return document
    return dataclasses.replace(document, facts=read(path))


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_READ)
