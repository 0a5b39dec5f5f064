"""Read an electronic book (.epub). In: a path. Out: a Document of its chapters in order. Knows no other format."""

from __future__ import annotations

import posixpath
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from bunko.errors import ReadError
from bunko.reading.html.read import html_text
from bunko.reading.office.package import Package
from bunko.reading.text.plain import markdown_headings
from bunko.reading.text.tables import markdown_tables
from bunko.types import Document

_MEND = "Open and save it again in its program."


def read_epub(path: Path, relative: str) -> Document:
    """Return the book's chapters in the order of its spine. Raises ReadError, also for a copy-protected book."""
    with Package(path) as package:
        chapters = [html_text(package.read(name)) for name in _chapters(package)]
    text = "\n\n".join(filter(None, chapters))
    return Document(
        path=relative, text=text, headings=markdown_headings(text), tables=markdown_tables(text), format="epub"
    )


def _chapters(package: Package) -> Iterator[str]:
    container = package.tree("META-INF/container.xml")
    root = container.find("rootfiles/rootfile") if container is not None else None
    name = root.get("full-path", "") if root is not None else ""
    book = package.tree(name)
    if book is None:
        raise ReadError("The file is broken: it does not name its package document.", _MEND)
    manifest = {item.get("id"): item for item in book.iter("item")}
    names = set(package.names())
    locked = {item.get("URI") for item in _protected(package)}
    for reference in book.iter("itemref"):
        item = manifest.get(reference.get("idref"))
        if item is None or "html" not in item.get("media-type", "html"):
            continue
        chapter = posixpath.normpath(
            posixpath.join(posixpath.dirname(name), urllib.parse.unquote(item.get("href", "")))
        )
        if chapter in locked:
            raise ReadError("The book is copy-protected.", "Get a copy without protection, or a PDF.")
        if chapter in names and "nav" not in item.get("properties", "").split():
            yield chapter


def _protected(package: Package) -> Iterator[Element]:
    tree = package.tree("META-INF/encryption.xml")
    yield from tree.iter("CipherReference") if tree is not None else ()
