"""Find the table that a question asks about. In: a question, the index. Out: tables with what is asked of them.

Reads the text of a sheet only if the question names it or one of its columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from bunko.rows.forms import asks_for_number, read_form
from bunko.rows.linking import Link, Vocabulary, link, names_of, phrases_of
from bunko.rows.query import AskBack, Query
from bunko.rows.sheets import FORMATS, SEPARATOR, Sheet, sheets_of, stem_of
from bunko.rows.table import Table, table_of
from bunko.types import Document, Span

MOST_ROWS = 200_000
"""The most rows of a table that questions are computed over."""
_MOST_TABLES = 20
"""Tables with different columns that are read for one question."""
_COMPUTING = frozenset({"sum", "mean", "median", "max", "min", "count", "distinct", "difference"})
_MOST_KEPT = 2_000_000
"""Cells of the tables that are kept in memory."""
_ENDING_CUT = "…"


class Shelf(Protocol):
    """What finding needs of a store."""

    def outlines(self, formats: Sequence[str]) -> Mapping[str, tuple[str, tuple[Span, ...]]]:
        """Return format and tables of the documents of some formats, by path."""
        ...

    def document(self, path: str) -> Document | None:
        """Return a document with its text; None if there is none of this path."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a question asks of a table."""

    vocabulary: Vocabulary
    links: tuple[Link, ...]
    form: Query | AskBack | None

    @property
    def table(self) -> Table:
        """The table."""
        return self.vocabulary.table

    @property
    def names_file(self) -> bool:
        """Whether the question names the table's file with its ending, or says that it is a sheet."""
        named = [n for n, item in enumerate(self.links) if item.is_name]
        near = [item for n in named for item in self.links[max(0, n - 1) : n + 2] if item.has("sheet")]
        return any(self.links[n].is_file for n in named) or bool(near)

    @property
    def is_clear(self) -> bool:
        """Whether the question clearly asks over this sheet, though it has no known form.

        It computes or counts, and names the file, or two things of the sheet, one of them a column, and little else.
        """
        computes = any(item.roles.get("op") in _COMPUTING for item in self.links)
        own = [item for item in self.links if item.columns or item.values]
        unknown = sum(item.is_unknown for item in self.links)
        if not computes or not own:
            return False
        named = any(item.columns and not item.is_synonym for item in own)
        return self.names_file or (named and len(own) >= 2 and unknown <= min(3, len(own)))

    @property
    def lacks_measure(self) -> bool:
        """Whether the word beside "total", "average" or the like is unknown, and no column of numbers is named."""
        columns = self.table.columns
        if any(columns[n].kind == "number" and not columns[n].is_key for item in self.links for n in item.columns):
            return False
        told = [item for item in self.links if not item.is_filler]
        computing = [n for n, item in enumerate(told) if asks_for_number([item])]
        return any(item.is_unknown for n in computing for item in told[max(0, n - 1) : n + 2])

    @property
    def weight(self) -> tuple[bool, bool, int]:
        """How surely the table is meant: by its file, by its name, by the characters that its words explain."""
        own = [item for item in self.links if item.columns or item.values]
        return (
            self.names_file,
            any(item.is_name for item in self.links),
            sum(item.end - item.start for item in own),
        )


Others: TypeAlias = Literal["only sheets", "texts"]
"""What a folder holds beside the sheets."""
Found: TypeAlias = "Asked | tuple[str, ...]"
"""The table that is asked, or the paths of several that may be meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """What is known of a document's sheets before it is read."""

    columns: tuple[str, ...]
    names: frozenset[str]
    """Keys of what they may be called."""


class Tables:
    """The tables of a library, read when they are asked for; the last ones are kept."""

    def __init__(self) -> None:
        self._state = ""
        self._headers: dict[str, _Header] | None = None
        self._kept: dict[tuple[str, ...], list[Vocabulary]] = {}

    def asked(self, question: str, shelf: Shelf, *, state: str, others: Others = "texts") -> list[Asked]:
        """Return what a question asks of each table that it names; of all tables in a folder of only sheets.

        `state` changes whenever the index does.
        """
        self._refresh(shelf, state)
        if not self._headers:
            return []
        phrases = phrases_of(question)
        groups: dict[tuple[str, ...], list[str]] = {}
        for path, header in sorted(self._headers.items()):
            if others == "only sheets" or header.names & phrases:
                groups.setdefault(header.columns, []).append(path)
        found: list[Asked] = []
        for paths in list(groups.values())[:_MOST_TABLES]:
            for vocabulary in self._vocabularies(tuple(paths), shelf):
                links = tuple(link(question, vocabulary))
                found.append(
                    Asked(vocabulary=vocabulary, links=links, form=read_form(links, vocabulary, others=others))
                )
        return found

    def others(self, shelf: Shelf, *, documents: int, state: str) -> Others:
        """Return what the library holds beside its sheets; `documents` is how many it has."""
        self._refresh(shelf, state)
        return "only sheets" if self._headers and len(self._headers) == documents else "texts"

    def _refresh(self, shelf: Shelf, state: str) -> None:
        if state != self._state or not state or self._headers is None:
            self._state, self._kept, self._headers = state, {}, dict(_headers(shelf))

    def _vocabularies(self, paths: tuple[str, ...], shelf: Shelf) -> list[Vocabulary]:
        if paths not in self._kept:
            found = _read(paths, shelf)
            self._kept[paths] = found
            while sum(_cells(kept) for kept in self._kept.values()) > _MOST_KEPT and len(self._kept) > 1:
                self._kept.pop(next(iter(self._kept)))
        return self._kept[paths]


def _headers(shelf: Shelf) -> Iterator[tuple[str, _Header]]:
    for path, (kind, tables) in shelf.outlines(FORMATS).items():
        if kind == "jsonl":
            document = shelf.document(path)
            headers = [sheet.columns for sheet in sheets_of(document)] if document else []
        else:
            headers = [tuple(table.label.rstrip(_ENDING_CUT).split(SEPARATOR)) for table in tables]
        columns = tuple(name for header in headers for name in header)
        if columns:
            names = names_of(columns, [stem_of(path), path])
            yield path, _Header(columns=tuple(name.casefold() for name in columns), names=names)


def _read(paths: Sequence[str], shelf: Shelf) -> list[Vocabulary]:
    by_columns: dict[tuple[str, ...], list[Sheet]] = {}
    for path in paths:
        document = shelf.document(path)
        for sheet in sheets_of(document) if document else ():
            if sheet.rows:
                by_columns.setdefault(tuple(name.casefold() for name in sheet.columns), []).append(sheet)
    return [Vocabulary(table_of(sheets)) for sheets in by_columns.values()]


def _cells(vocabularies: Sequence[Vocabulary]) -> int:
    return sum(len(one.table.rows) * len(one.table.columns) for one in vocabularies)


def choose(asked: Sequence[Asked]) -> Found | None:
    """Return the table that a question asks, of those that explain every word; several where none is likelier."""
    whole = [item for item in asked if item.form is not None]
    answerable = [item for item in whole if isinstance(item.form, Query)] or whole
    if not answerable:
        return None
    most = max(item.weight for item in answerable)
    best = [item for item in answerable if item.weight == most]
    return best[0] if len(best) == 1 else tuple(path for item in best for path in item.table.paths[:1])


def clearest(asked: Sequence[Asked]) -> Asked | None:
    """Return the table that a question clearly asks over, for a model to propose a query; None if there is none."""
    clear = [item for item in asked if item.form is None and item.is_clear and not item.lacks_measure]
    return max(clear, key=lambda item: item.weight) if clear else None


def unknown_column(asked: Sequence[Asked], *, others: Others) -> tuple[Asked, AskBack] | None:
    """Return what to ask back where a question computes something of a sheet that has no such column.

    In a folder with texts, the question must name the sheet, since a text may answer it.
    """
    for item in asked:
        unknown = [link.text for link in item.links if link.is_unknown]
        if item.lacks_measure and len(unknown) == 1 and (item.names_file or others == "only sheets"):
            names = tuple(column.name for column in item.table.columns)
            return item, AskBack(words=unknown[0], columns=names, reason="unknown")
    return None
