"""Make an answer shorter or a list without a model: by keeping whole sentences. In: an answer's text. Out: a text.

Nothing is worded anew, so every sentence has the source that it had. Knows nothing of languages' grammar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bunko.grounding.citation_marks import take_marks
from bunko.language.detection import detect_language
from bunko.language.sentences import sentences
from bunko.question.about_last_answer import Form

_BULLET = re.compile(r"^\s*(?:[-*•・]|\d{1,3}[.)])\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """An answer in parts, without source numbers."""

    lead: str
    """The line above a list; empty for a text that is none."""
    items: tuple[str, ...]
    is_list: bool


def in_sentences(text: str) -> Sentences:
    r"""Return the sentences of an answer; the items, if it is a list.

    >>> in_sentences("What they say:\n- It is old. [1]\n- It is big. [2]").items
    ('It is old.', 'It is big.')
    """
    clean, _ = take_marks(text.strip())
    lines = [line for line in clean.splitlines() if line.strip()]
    bullets = [line for line in lines if _BULLET.match(line)]
    if bullets:
        lead = lines[0].strip() if not _BULLET.match(lines[0]) else ""
        items = tuple(_BULLET.sub("", line).strip() for line in bullets)
        return Sentences(lead=lead, items=items, is_list=True)
    return Sentences(lead="", items=tuple(clean[a:b] for a, b in sentences(clean)), is_list=False)


def reworked(text: str, forms: Sequence[Form], *, sources_of: Callable[[str], Sequence[int]]) -> str:
    """Return an answer with the forms applied, one after the other.

    `sources_of` returns the numbers of the sources of a sentence; one with sources is kept before one without. A table
    is a list, and a summary the first half.
    """
    parts = in_sentences(text)
    lead, items, is_list = parts.lead, list(parts.items), parts.is_list
    for form in forms:
        if form in ("shorter", "summary"):
            items = _best(items, max(1, len(items) // 2), sources_of)
        elif form == "one_sentence":
            lead, items, is_list = "", _best(items, 1, sources_of), False
        elif form in ("bullets", "table"):
            is_list = True
    marks = ["".join(f"[{n}]" for n in dict.fromkeys(sources_of(item))) for item in items]
    said = [f"{item} {mark}".strip() for item, mark in zip(items, marks, strict=True)]
    if is_list:
        return "\n".join((*filter(None, [lead]), *(f"- {item}" for item in said)))
    return ("" if detect_language(text) == "ja" else " ").join(said)


def _best(items: Sequence[str], most: int, sources_of: Callable[[str], Sequence[int]]) -> list[str]:
    """Return the first items that have sources, then the first others, in the order of the answer."""
    ranked = sorted(range(len(items)), key=lambda n: (not sources_of(items[n]), n))[:most]
    return [items[n] for n in sorted(ranked)]
