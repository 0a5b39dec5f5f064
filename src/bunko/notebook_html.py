"""Write records as HTML for a notebook. In: records. Out: HTML, every text in it escaped.

No script, no class and no colour of its own: the notebook's colours hold, light or dark. The words around an answer are
in the answer's language. Knows nothing of notebooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from bunko.notes.answer_words import WORDS
from bunko.notes.wording import with_worded_notes
from bunko.plain_text import said_without_answer, words_language

if TYPE_CHECKING:
    from bunko.types import Answer, Document, Evidence, Hit, Message, SyncReport

_SHOWN = 50  # rows of a table; a notebook is saved with all that it shows
_LONGEST = 600  # characters of a passage or a quote
_LINE = "1px solid rgba(128,128,128,.35)"
_BOX = f"border:{_LINE};border-radius:6px;padding:.6em .9em;margin:.3em 0;max-width:60em;text-align:left"
_TABLE = "border-collapse:collapse;background:none;color:inherit;font-size:inherit"  # some pages' tables do not
_FAINT = "opacity:.7;font-size:90%"


def answer_html(answer: Answer) -> str:
    """Return the answer, the quotes that it was made from, and the time of each stage."""
    language = words_language(answer)
    words = WORDS[language]
    cited = {citation.n for citation in answer.citations if citation.verified}
    said = said_without_answer(answer) if answer.closest_quote else answer.text
    quotes = [
        _quote(n, item, weight="bold" if n in cited else "normal", language=language)
        for n, item in enumerate(answer.evidence[:_SHOWN], 1)
    ]
    title = words.support.format(len(cited), len(answer.evidence)) if cited else words.nearest
    notes = [note for note in with_worded_notes(answer).notes if note not in said]
    unsupported = "".join(f"<li>{_text(sentence)}</li>" for sentence in answer.unsupported)
    parts = [
        f"<p style='margin:.3em 0;{_FAINT}'>{_text(answer.question)}</p>",
        _paragraphs(said),
        _folded(title, "".join(quotes)) if quotes else "",
        _folded(f"{words.unsupported_sentences}: {len(answer.unsupported)}", f"<ul>{unsupported}</ul>")
        if unsupported
        else "",
        "".join(f"<p style='margin:.3em 0;{_FAINT}'>{_text(note)}</p>" for note in notes),
        _stages(answer.timings, model=answer.model, heads=words.stage_heads),
    ]
    return _box("".join(parts))


def evidence_html(item: Evidence) -> str:
    """Return a quote with its place."""
    return _box(_quote(0, item, weight="normal", language="en"))


def document_html(document: Document) -> str:
    """Return a document's name, and how its text begins."""
    size = f"{len(document.text):,} characters, {len(document.pages)} pages" if document.pages else ""
    facts = {"format": document.format, "size": size or f"{len(document.text):,} characters"}
    return facts_html(document.path, facts) + _box(_text(document.text.strip(), most=_LONGEST))


def conversation_html(history: Sequence[Message]) -> str:
    """Return the turns of a conversation, the first at the top."""
    if not history:
        return _box("No question has been asked.")
    turns = [
        f"<div style='{_FAINT}'>{_text(turn.content)}</div>" if turn.role == "user" else _paragraphs(turn.content)
        for turn in history[-_SHOWN:]
    ]
    return _box("".join(turns))


def bar_html(line: str, *, done: int, total: int) -> str:
    """Return a bar of progress with a line beside it."""
    share = f"value='{min(1.0, done / total):.3f}'" if total else ""
    bar = f"<progress {share} max='1' style='width:16em;vertical-align:middle'></progress>"
    return f"<div style='text-align:left'>{bar} <span style='{_FAINT}'>{_text(line)}</span></div>"


def hits_html(hits: Sequence[Hit]) -> str:
    """Return passages, best first."""
    if not hits:
        return _box("No passage matches.")
    return "".join(hit_html(hit) for hit in hits[:_SHOWN]) + _rest(len(hits))


def hit_html(hit: Hit) -> str:
    """Return a passage with its place."""
    chunk = hit.chunk
    place = _place(chunk.path, chunk.page, chunk.heading, "ja" if chunk.language == "ja" else "en")
    return _box(
        f"<div style='{_FAINT}'>{place} · {hit.score:.3f}</div><div>{_text(chunk.text.strip(), most=_LONGEST)}</div>"
    )


def documents_html(rows: Sequence[Any]) -> str:
    """Return a table of documents, each a `bunko.contract.records.DocumentRow`."""
    cells = [
        (row.path, row.format, row.language, str(row.pages or ""), f"{row.chunks:,}", f"{row.size:,}") for row in rows
    ]
    return table_html(("document", "format", "language", "pages", "passages", "bytes"), cells[:_SHOWN]) + _rest(
        len(rows)
    )


def report_html(report: SyncReport) -> str:
    """Return what a sync changed, and what could not be read."""
    counts = ("documents", "added", "updated", "removed", "unchanged")
    line = ", ".join(f"<b>{getattr(report, name):,}</b> {name}" for name in counts)
    failed = [(item.path, f"{item.error} {item.hint}".strip()) for item in report.failed]
    notes = "".join(f"<p style='margin:.3em 0;{_FAINT}'>{_text(note)}</p>" for note in report.notes)
    listed = table_html(("could not be read", "why"), failed[:_SHOWN]) + _rest(len(failed)) if failed else ""
    return _box(f"<div>{line}, in {report.seconds:.1f} s</div>{notes}{listed}")


def facts_html(title: str, facts: Mapping[str, str]) -> str:
    """Return a title and a table of names and values."""
    rows = "".join(
        f"<tr><td style='{_FAINT};padding-right:1em;text-align:left'>{_text(name)}</td>"
        f"<td style='text-align:left'>{_text(value)}</td></tr>"
        for name, value in facts.items()
    )
    return _box(f"<b>{_text(title)}</b><table style='{_TABLE}'>{rows}</table>")


def comparison_html(comparison: Mapping[str, Any]) -> str:
    """Return the answers of all variants side by side, then their figures."""
    names = [variant["name"] for variant in comparison["variants"]]
    answers = [
        (row["question"], *(result["error"] or result["answer"] for result in row["results"]))
        for row in comparison["questions"]
    ]
    figures = [
        (
            metric["label"],
            *(_figure(variant["summary"].get(metric["name"]), metric["unit"]) for variant in comparison["variants"]),
        )
        for metric in comparison["metrics"]
    ]
    notes = "".join(f"<p style='margin:.3em 0;{_FAINT}'>{_text(note)}</p>" for note in comparison["notes"])
    return _box(
        f"<b>{_text(comparison['title'])}</b>"
        + table_html(("question", *names), answers[:_SHOWN])
        + _rest(len(answers))
        + table_html(("", *names), figures)
        + notes
    )


def table_html(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the cells are texts, not HTML."""
    style = f"text-align:left;vertical-align:top;border-bottom:{_LINE};padding:.2em .7em"
    head = "".join(f"<th style='{style}'>{_text(cell)}</th>" for cell in heads)
    body = "".join(
        f"<tr>{''.join(f'<td style={style!r}>{_text(cell, most=_LONGEST)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table style='{_TABLE}'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p style='margin:.3em 0'>{_text(line)}</p>" for line in text.splitlines() if line.strip())


def _quote(n: int, item: Evidence, *, weight: str, language: str) -> str:
    place = _place(item.path, item.page, item.heading, language)
    number = f"<span style='font-weight:{weight}'>[{n}]</span> " if n else ""
    return (
        f"<div style='margin:.4em 0'>{number}<span style='{_FAINT}'>{place}</span>"
        f"<blockquote style='margin:.1em 0 .1em 1em;padding-left:.6em;border-left:{_LINE}'>"
        f"{_text(item.row.words if item.row else item.quote, most=_LONGEST)}</blockquote></div>"
    )


def _stages(timings: Mapping[str, float], *, model: str, heads: Sequence[str]) -> str:
    total = timings.get("total", 0.0)
    rows = [(name, f"{value:,.0f} ms") for name, value in timings.items() if name != "total" and value >= 0.5]
    if not rows:
        return ""
    return _folded(f"{total / 1000:.2f} s · {model}", table_html(heads, rows))


def _figure(estimate: Mapping[str, Any] | None, unit: str) -> str:
    value = estimate["value"] if estimate else None
    if value is None:
        return "–"
    if unit == "share":
        return f"{100 * value:.0f}%"
    return f"{value / 1000:.2f} s" if unit == "ms" else f"{value:.1f}"


def _place(path: str, page: int | None, heading: str, language: str = "en") -> str:
    return _text(", ".join(part for part in (path, WORDS[language].page.format(page) if page else "", heading) if part))


def _folded(title: str, inner: str) -> str:
    return f"<details style='margin:.3em 0'><summary style='{_FAINT}'>{_text(title)}</summary>{inner}</details>"


def _rest(count: int) -> str:
    return f"<p style='{_FAINT}'>… and {count - _SHOWN:,} more</p>" if count > _SHOWN else ""


def _box(inner: str) -> str:
    return f"<div style='{_BOX}'>{inner}</div>"


def _text(text: str, *, most: int | None = None) -> str:
    """Return a text as HTML. Notebooks set what is between two dollar signs as mathematics: they are spelt out."""
    shown = text if most is None or len(text) <= most else f"{text[:most]}…"
    printable = "".join(sign if sign.isprintable() or sign in "\n\t" else " " for sign in shown)
    return escape(printable).replace("\n", "<br>").replace("$", "&#36;")
