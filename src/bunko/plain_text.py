"""Write answers and reports as plain text: what `print` shows. In: an Answer, a SyncReport. Out: text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bunko.notes.answer_words import WORDS

if TYPE_CHECKING:
    from bunko.types import Answer, Evidence, SyncReport

_NEAREST = 3  # quotes to show where the answer was found in none
_LONGEST = 300  # characters of a quote


def answer_text(answer: Answer) -> str:
    """Return the answer, then the quotes in which it was found, or the nearest ones."""
    language = words_language(answer)
    words = WORDS[language]
    cited = sorted({citation.n for citation in answer.citations if citation.verified})
    chosen = [n for n in cited if n <= len(answer.evidence)]
    title = words.sources if chosen else words.nearest
    chosen = chosen or list(range(1, min(_NEAREST, len(answer.evidence)) + 1))
    lines = [source_line(n, answer.evidence[n - 1], language=language) for n in chosen]
    text = [said_without_answer(answer)] if answer.closest_quote else [answer.text.strip()]
    return "\n".join([*text, "", f"{title}:", *lines] if lines else text)


def said_without_answer(answer: Answer) -> str:
    """Return what stands in place of an answer that is no more than the closest quote: that there is none, and why."""
    from bunko.notes.wording import with_worded_notes

    note = next(
        (text for text in with_worded_notes(answer).notes if "closest quote:" in text or "最も近い引用：" in text), ""
    )
    return f"{WORDS[words_language(answer)].no_short_answer}\n{note or answer.text.strip()}"


def source_line(n: int, item: Evidence, *, language: str) -> str:
    """Return a quote with its number and its place, in one line."""
    page = WORDS[language].page.format(item.page) if item.page else ""
    place = ", ".join(
        part for part in (item.path, page, "" if item.row else item.heading, row_place(item, language)) if part
    )
    quote = item.row.words if item.row else " ".join(item.quote.split())
    shown = f"{quote[:_LONGEST]}…" if len(quote) > _LONGEST else quote
    return f"[{n}] {place}: {WORDS[language].quoted.format(shown)}"


def row_place(item: Evidence, language: str) -> str:
    """Return where in its table a quote stands; empty for other quotes."""
    return WORDS[language].row.format(item.row.row) if item.row else ""


def words_language(answer: Answer) -> str:
    """Return the language of the words around the answer: that of the answer's own."""
    from bunko.language.detection import detect_language

    return "ja" if detect_language(answer.text or answer.question) == "ja" else "en"


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
    line = f"{counted(report.documents, 'document')}, {counted(report.chunks, 'passage')}: "
    line += f"{', '.join([*changes, *waiting]) or 'no change'}, in {report.seconds:.1f} s"
    failed = [f"  {one.path}: {one.error} {one.hint}".rstrip() for one in report.failed]
    head = [f"{counted(len(failed), 'file')} could not be read:"] if failed else []
    return "\n".join([line, *report.notes, *head, *failed])


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 file", "1,200 files"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
