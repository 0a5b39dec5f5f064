"""Write an answer as plain text: what `print(answer)` shows. In: an Answer. Out: text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bunko.types import Answer, Evidence

_NEAREST = 3  # quotes to show where the answer was found in none
_LONGEST = 300  # characters of a quote
_WORDS = {
    "en": ("Sources", "Found in no source; the nearest quotes", "page {}", "row {}", "No short answer found"),
    "ja": ("出典", "出典なし。最も近い引用", "{}ページ", "{}行目", "短い答えは見つかりませんでした"),
}


def answer_text(answer: Answer) -> str:
    """Return the answer, then the quotes in which it was found, or the nearest ones."""
    sources, nearest, *_ = _WORDS[_language(answer)]
    cited = sorted({citation.n for citation in answer.citations if citation.verified})
    chosen = [n for n in cited if n <= len(answer.evidence)]
    title = sources if chosen else nearest
    chosen = chosen or list(range(1, min(_NEAREST, len(answer.evidence)) + 1))
    lines = [source_line(n, answer.evidence[n - 1], language=_language(answer)) for n in chosen]
    text = [said_without_answer(answer)] if answer.closest_quote else [answer.text.strip()]
    return "\n".join([*text, "", f"{title}:", *lines] if lines else text)


def said_without_answer(answer: Answer) -> str:
    """Return what stands in place of an answer that is no more than the closest quote: that there is none, and why."""
    from bunko.notes.wording import with_worded_notes

    note = next(
        (text for text in with_worded_notes(answer).notes if "closest quote:" in text or "最も近い引用：" in text), ""
    )
    return f"{_WORDS[_language(answer)][4]}\n{note or answer.text.strip()}"


def source_line(n: int, item: Evidence, *, language: str) -> str:
    """Return a quote with its number and its place, in one line."""
    page = _WORDS[language][2].format(item.page) if item.page else ""
    place = ", ".join(
        part for part in (item.path, page, "" if item.row else item.heading, row_place(item, language)) if part
    )
    quote = item.row.words if item.row else " ".join(item.quote.split())
    return f"[{n}] {place}: “{quote[:_LONGEST]}{'…' if len(quote) > _LONGEST else ''}”"


def row_place(item: Evidence, language: str) -> str:
    """Return where in its table a quote stands; empty for other quotes."""
    return _WORDS[language][3].format(item.row.row) if item.row else ""


def _language(answer: Answer) -> str:
    """Return the language of the words around the answer: that of the answer's own."""
    from bunko.language.detection import detect_language

    return "ja" if detect_language(answer.text or answer.question) == "ja" else "en"
