"""Find the headings above a place of a document. In: its headings and tables. Out: heading paths.

Knows nothing of chunks.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence

from bunko.types import Document, Span

SEPARATOR = " > "
"""Between the headings of a path."""
_DEEPEST = 12
"""Headings of a path; of deeper ones, the innermost are kept."""
_LONGEST = 1_000
"""Characters of a path. Each passage repeats the paths of its sections: longer ones would fill memory and index."""


class Outline:
    """The headings and tables of a document, ready for many lookups: each takes O(log n) time.

    >>> headings = (Span(start=0, end=9, label="A", level=1), Span(start=4, end=9, label="B", level=2))
    >>> Outline(headings).heading_path(5)
    'A > B'
    """

    def __init__(self, headings: Sequence[Span], tables: Sequence[Span] = ()) -> None:
        self._headings = headings
        self._tables = tables
        self._starts = [heading.start for heading in headings]
        self._table_starts = [table.start for table in tables]
        self._parents = list(_parents(headings))

    @classmethod
    def of(cls, document: Document) -> Outline:
        """Return a document's outline."""
        return cls(document.headings, document.tables)

    def heading_path(self, offset: int) -> str:
        """Return the headings above a character, outermost first, joined by " > "."""
        path: list[str] = []
        n = bisect.bisect_right(self._starts, offset) - 1
        while n >= 0 and len(path) < _DEEPEST:
            path.append(self._headings[n].label)
            n = self._parents[n]
        return SEPARATOR.join(reversed(path))

    def header_row(self, offset: int) -> str:
        """Return the header row of the table that holds a character; empty outside of tables and in the header row."""
        n = bisect.bisect_right(self._table_starts, offset) - 1
        return self._tables[n].label if n >= 0 and self._tables[n].start < offset < self._tables[n].end else ""

    def path(self, offset: int) -> str:
        """Return the headings above a character, and then the header row if it is in a table."""
        path = SEPARATOR.join(filter(None, (self.heading_path(offset), self.header_row(offset))))
        return path if len(path) <= _LONGEST else path[: _LONGEST - 1] + "…"

    def sections(self, start: int, end: int) -> tuple[Span, ...]:
        """Return the stretches between two characters that have a path other than `path(start)`; labels are paths."""
        first, last = bisect.bisect_right(self._starts, start), bisect.bisect_left(self._starts, end)
        places = {*self._starts[first:last]}
        tables = self._tables[
            max(0, bisect.bisect_right(self._table_starts, start) - 1) : bisect.bisect_left(self._table_starts, end)
        ]
        places |= {place for table in tables for place in (table.start + 1, table.end) if start < place < end}
        found: list[Span] = []
        before = self.path(start)
        for place in sorted(places):
            if (label := self.path(place)) != before:
                if found:
                    found[-1] = _ending(found[-1], place)
                found.append(Span(start=place, end=end, label=label))
                before = label
        return tuple(found)


def _ending(span: Span, end: int) -> Span:
    return Span(start=span.start, end=end, label=span.label)


def _parents(headings: Sequence[Span]) -> Iterator[int]:
    """Yield for each heading the place of the one above it in the hierarchy; -1 for topmost ones."""
    above: list[int] = []
    for n, heading in enumerate(headings):
        while above and headings[above[-1]].level >= heading.level:
            above.pop()
        yield above[-1] if above else -1
        above.append(n)
