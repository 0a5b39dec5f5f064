"""Decide whether a document passes filters. In: filters, what is known of a document. Out: yes or no.

Upper and lower case are equal, and so are the forms of a letter. Knows nothing of storage.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable, Sequence
from typing import Protocol

from bunko.facts import facts_from
from bunko.reading.ignore import IgnorePatterns
from bunko.scope.dates import first_day, last_day
from bunko.settings import ScopeSettings

_WILD = re.compile(r"[*?\[\]\\]")
_KINDS = {
    "word": "docx docm doc odt rtf", "excel": "xlsx xlsm xlsb xls ods", "powerpoint": "pptx pptm ppsx ppt odp",
    "text": "txt text", "markdown": "md markdown mdown mkd", "html": "html htm xhtml", "mail": "eml mbox msg",
    "email": "eml mbox msg", "picture": "png jpg jpeg tif tiff bmp gif webp",
    "image": "png jpg jpeg tif tiff bmp gif webp", "jpeg": "jpeg jpg", "yaml": "yaml yml",
}  # fmt: skip


class Known(Protocol):
    """What is known of a document."""

    @property
    def path(self) -> str: ...  # noqa: D102

    @property
    def paths(self) -> Sequence[str]:
        """The paths that a filter may name it by."""
        ...

    @property
    def file(self) -> str: ...  # noqa: D102

    @property
    def format(self) -> str: ...  # noqa: D102

    @property
    def facts(self) -> str:
        """What it says of itself, as JSON."""
        ...

    @property
    def modified_s(self) -> float:
        """When its file was last written, in seconds since 1970."""
        ...


Test = Callable[[Known], bool]


def tests_of(filters: ScopeSettings) -> dict[str, Test]:
    """Return a test for each filter that is set, by the name of its setting. Raises ScopeError for a wrong date."""
    found: dict[str, Test] = {}
    if filters.only:
        found["only"] = _PathTest(filters.only)
    if filters.exclude:
        named = _PathTest(filters.exclude)
        found["exclude"] = lambda document: not named(document)
    if filters.since:
        first = first_day(filters.since)
        found["since"] = lambda document: _latest(date_of(document)) >= first
    if filters.until:
        last = last_day(filters.until)
        found["until"] = lambda document: _earliest(date_of(document)) <= last
    if filters.types:
        wanted = tuple(map(fold, filters.types))
        found["types"] = lambda document: any(is_type(document, kind) for kind in wanted)
    if filters.tags:
        tags = tuple(fold(tag).lstrip("#") for tag in filters.tags)
        found["tags"] = lambda document: any(_has_tag(document, tag) for tag in tags)
    if filters.authors:
        authors = tuple(map(fold, filters.authors))
        found["authors"] = lambda document: any(name in each for each in _authors(document) for name in authors)
    return found


def fold(text: str) -> str:
    """Return a text in which upper and lower case, and the forms of a letter, are equal.

    >>> fold("ＡＢＣ é") == fold("abc é")
    True
    """
    return text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


class _PathTest:
    """Whether a path is one of some paths, names, folders or patterns."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._exact = frozenset(_clean(pattern) for pattern in patterns)
        self._patterns = [(_longest_piece(text), IgnorePatterns([_as_line(text)])) for text in self._exact]

    def __call__(self, document: Known) -> bool:
        member = document.path[len(document.file) :]  # of a mailbox or an archive: #3
        return any(self._names(fold(path), fold(member)) for path in document.paths)

    def _names(self, path: str, member: str) -> bool:
        if path in self._exact:
            return True
        if member:  # as if the file were a folder
            file = path[: len(path) - len(member)]
            if file in self._exact:
                return True
            path = f"{file}/{member[1:]}"
        return any(piece in path and _matches(pattern, path) for piece, pattern in self._patterns)


def _clean(pattern: str) -> str:
    text = fold(pattern.strip())
    return text[2:] if text.startswith("./") else text


def _as_line(pattern: str) -> str:
    """Return a pattern as a line of gitignore's syntax, in which ! and # would have a meaning of their own."""
    return f"\\{pattern}" if pattern[:1] in ("!", "#") else pattern


def _longest_piece(pattern: str) -> str:
    """Return the longest piece of a pattern that each path must have: most paths lack it, and are not compared."""
    if "[" in pattern or "\\" in pattern:
        return ""
    return max(_WILD.split(pattern.replace("**/", "*").strip("/")), key=len)


def _matches(pattern: IgnorePatterns, path: str) -> bool:
    """Return whether a path, or a folder above it, matches."""
    if pattern.matches(path, is_folder=False):
        return True
    names = path.split("/")
    return any(pattern.matches("/".join(names[:n]), is_folder=True) for n in range(1, len(names)))


def is_type(document: Known, kind: str) -> bool:
    """Return whether a document is of a kind: an ending, a format, or a name such as `word`."""
    kind = kind.removeprefix(".")
    name = fold(document.path).rpartition("/")[2]
    endings = _KINDS.get(kind, kind).split()
    return document.format == kind or any(
        name.endswith(f".{ending}") or f".{ending}#" in fold(document.path) for ending in endings
    )


def date_of(document: Known) -> str:
    """Return the day of a document: what it says itself, else when its file was written, in local time."""
    if document.facts and (said := facts_from(document.facts).date):
        return said[:10]
    return time.strftime("%Y-%m-%d", time.localtime(document.modified_s))


def _earliest(date: str) -> str:
    """Return the first day of `2024` or `2024-01`."""
    return f"{date}-01-01"[:10] if len(date) == 4 else f"{date}-01"[:10]


def _latest(date: str) -> str:
    """Return a day that no day of `2024` or `2024-01` is after."""
    return f"{date}-12-31"[:10] if len(date) == 4 else f"{date}-31"[:10]


def _has_tag(document: Known, tag: str) -> bool:
    """Return whether a document has a tag, or one below it."""
    if not document.facts:
        return False
    return any(one == tag or one.startswith(f"{tag}/") for one in map(fold, facts_from(document.facts).tags))


def _authors(document: Known) -> list[str]:
    return [fold(name) for name in facts_from(document.facts).authors] if document.facts else []
