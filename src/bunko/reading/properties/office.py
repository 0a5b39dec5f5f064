"""Read the properties of office files and books. In: a path. Out: Facts, empty where there are none.

OOXML has them in docProps/core.xml, OpenDocument in meta.xml, an EPUB in its package document. Knows no text of a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from bunko.errors import ReadError
from bunko.facts import Facts, moment, plain, several
from bunko.reading.office.package import Package

# What programs write where nobody gave a title.
_NO_TITLE = ("powerpoint presentation", "presentation title", "untitled", "microsoft word", "無題")


def facts_of_office(path: Path) -> Facts:
    """Return what a .docx, .xlsx, .pptx, .odt, .ods, .odp or .epub says; nothing for a locked or broken file."""
    try:
        with Package(path) as package:
            return _facts(package)
    except (ReadError, OSError):
        return Facts()


def _facts(package: Package) -> Facts:
    core = package.tree("docProps/core.xml")
    if core is not None:
        return _facts_of(core, created=("created",), modified=("modified",), tags=("keywords", "category"))
    meta = package.tree("meta.xml")
    if meta is not None:
        return _facts_of(
            meta, created=("creation-date",), modified=("date",), tags=("keyword",), authors=("initial-creator",)
        )
    book = _book(package)
    if book is None:
        return Facts()
    facts = _facts_of(book, created=("date",), modified=(), tags=("subject",))
    changed = [one.text for one in book.iter("meta") if one.get("property") == "dcterms:modified"]
    return Facts(
        title=facts.title,
        authors=facts.authors,
        created=facts.created,
        modified=moment(changed[0]) if changed else "",
        tags=facts.tags,
        language=facts.language,
    )


def _book(package: Package) -> Element | None:
    container = package.tree("META-INF/container.xml")
    root = container.find("rootfiles/rootfile") if container is not None else None
    return package.tree(root.get("full-path", "")) if root is not None else None


def _facts_of(
    tree: Element,
    *,
    created: tuple[str, ...],
    modified: tuple[str, ...],
    tags: tuple[str, ...],
    authors: tuple[str, ...] = (),
) -> Facts:
    title = plain(next(_texts(tree, "title"), ""))
    return Facts(
        title="" if title.casefold() in _NO_TITLE else title,
        authors=several(
            [*_texts(tree, *authors)] or [one for each in _texts(tree, "creator") for one in each.split(";")]
        ),
        created=moment(next(_texts(tree, *created), "")),
        modified=moment(next(_texts(tree, *modified), "")),
        tags=several([one for each in _texts(tree, *tags) for one in several(each)]),
        language=plain(next(_texts(tree, "language"), "")),
    )


def _texts(tree: Element, *names: str) -> Iterator[str]:
    for name in names:
        for one in tree.iter(name):
            if one.text and one.text.strip():
                yield one.text.strip()
