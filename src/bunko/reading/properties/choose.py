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
        (".html .htm .xhtml .bunko-page", _page),
        (".md .markdown .mdown .mkd", _note),
    )
    for ending in endings.split()
}


def with_facts(document: Document, path: Path) -> Document:
    """Return a document with what its file says of itself, or a note beside the file; one that has facts keeps them."""
    read = _BY_ENDING.get(path.suffix.lower())
    facts = read(path) if read and not document.facts else document.facts
    if path.suffix.lower() in NOTED and (beside := note_beside(path)).is_file():
        said = _note(beside)
        facts = dataclasses.replace(facts, title=facts.title or said.title, source=said.source, saved=said.saved)
    return document if facts == document.facts else dataclasses.replace(document, facts=facts)


NOTED = (".pdf",)
"""The endings of files that have no place for the address that they were saved from."""


def note_beside(path: Path) -> Path:
    """Return the path of the hidden note that says where a file was saved from.

    >>> note_beside(Path("a/b.pdf")).as_posix()
    'a/.b.pdf.source'
    """
    return path.with_name(f".{path.name}.source")


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_READ)
