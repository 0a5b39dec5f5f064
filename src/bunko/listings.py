"""Lists and reports that `print` shows as text, and a notebook as a table. In: hits, documents, a report. Out: text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bunko.contract.records import DocumentRow
    from bunko.types import Hit, SyncReport

_LONGEST = 200  # characters of a passage


class Hits(list["Hit"]):
    """The passages that a search found, best first."""

    def __str__(self) -> str:
        """Return a line for each passage: its number, its place, and how it begins."""
        return "\n".join(_hit_line(n, hit) for n, hit in enumerate(self, 1)) or "No passage matches."

    def _repr_html_(self) -> str:
        from bunko.notebook_html import hits_html

        return hits_html(self)


class Documents(list["DocumentRow"]):
    """The documents of a library, by path."""

    def __str__(self) -> str:
        """Return a line for each document: path, format, language, passages."""
        return documents_text(self)

    def _repr_html_(self) -> str:
        from bunko.notebook_html import documents_html

        return documents_html(self)


def documents_text(rows: Sequence[DocumentRow]) -> str:
    """Return a line for each document."""
    return "\n".join(
        ", ".join(part for part in (row.path, row.format, row.language, _counted(row.chunks, "passage")) if part)
        for row in rows
    )


def report_text(report: SyncReport) -> str:
    """Return what a sync changed in a line, then what could not be read.

    >>> from bunko.types import FailedFile, SyncReport
    >>> failed = (FailedFile(path="a.pdf", error="The PDF is broken.", hint="Print it to a new one."),)
    >>> print(report_text(SyncReport(added=1, documents=1, chunks=2, seconds=0.25, failed=failed)))
    1 document, 2 passages: 1 added, in 0.2 s
    1 file could not be read:
      a.pdf: The PDF is broken. Print it to a new one.
    """
    changes = [f"{number:,} {name}" for name in ("added", "updated", "removed") if (number := getattr(report, name))]
    waiting = [f"{report.unembedded:,} without a vector yet"] if report.unembedded else []
    line = f"{_counted(report.documents, 'document')}, {_counted(report.chunks, 'passage')}: "
    line += f"{', '.join([*changes, *waiting]) or 'no change'}, in {report.seconds:.1f} s"
    failed = [f"  {one.path}: {one.error} {one.hint}".rstrip() for one in report.failed]
    head = [f"{_counted(len(failed), 'file')} could not be read:"] if failed else []
    return "\n".join([line, *report.notes, *head, *failed])


def _hit_line(n: int, hit: Hit) -> str:
    chunk = hit.chunk
    place = ", ".join(part for part in (chunk.path, f"page {chunk.page}" if chunk.page else "", chunk.heading) if part)
    words = " ".join(chunk.text.split())
    return f"[{n}] {place}: {words[:_LONGEST]}{'…' if len(words) > _LONGEST else ''}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
