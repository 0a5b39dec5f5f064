"""Choose headings of a library to ask about. In: a Library. Out: a few Topics, of several documents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from bunko.contract.records import Topic
from bunko.injection.detection import gives_orders

if TYPE_CHECKING:
    from bunko.library import Library
    from bunko.types import Document

_DOCUMENTS = 24  # looked at, spread over the library
_MOST = 6
_SHORTEST, _LONGEST = 2, 60
# Headings that say nothing of their document.
_EMPTY = re.compile(
    r"(?:table of )?contents?|index|introduction|overview|summary|abstract|references?|notes?|appendix.*|conclusions?"
    r"|sheet ?\d*|changelog|license|page \d+|chapter \d+|目次|はじめに|概要|序文|まとめ|おわりに|参考文献|付録.*|備考"
    r"|第[0-9０-９一二三四五六七八九十]+[章節条項部]",
    re.I,
)
_NUMBER = re.compile(r"^[\s\d.．)）(（ivxIVX§-]+(?=\s|[\u3041-\u9fff])")


def topics_of(library: Library) -> tuple[Topic, ...]:
    """Return headings of different documents, the topmost that say something."""
    paths = _spread([path for path, record in sorted(library.records().items()) if not record.error])
    found: list[Topic] = []
    seen: set[str] = set()
    for path in paths:
        document = library.document(path)
        heading = document and next((one for one in headings_of(document) if one.casefold() not in seen), None)
        if heading:
            seen.add(heading.casefold())
            found.append(Topic(heading=heading, path=path))
        if len(found) == _MOST:
            break
    return tuple(found)


def headings_of(document: Document) -> Iterable[str]:
    """Yield the headings of a document that one can ask about: below its title first, since a title is all of it."""
    spans = [span for span in document.headings if span.level <= 3]
    for span in sorted(spans, key=lambda span: (span.level == 1, span.level)):
        words = _NUMBER.sub("", " ".join(span.label.split())).strip(" #*:：-")
        if not _SHORTEST <= len(words) <= _LONGEST or not re.search(r"[^\W\d_]", words):
            continue
        if not _EMPTY.fullmatch(words) and not gives_orders(words):
            yield words


def _spread(paths: list[str]) -> list[str]:
    """Return a few of many paths, one of each file, evenly over the list.

    >>> _spread(["a.md", "b.mbox#1", "b.mbox#2"])
    ['a.md', 'b.mbox#1']
    """
    files: dict[str, str] = {}
    for path in paths:
        files.setdefault(path.partition("#")[0], path)
    each = list(files.values())
    step = max(1, len(each) // _DOCUMENTS)
    return each[::step][:_DOCUMENTS]
