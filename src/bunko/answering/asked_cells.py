"""Answer from the cell of a table whose row and column a question names. In: question, quotes. Out: the words, or None.

A reader sees a row without the names of its columns, and takes the wrong cell, or none. Knows nothing of models.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bunko.grounding.table_cells import SAYS_NOTHING, AskedCell, asked_cell
from bunko.language.words import source_words, words
from bunko.question.answer_type import may_answer
from bunko.question.parts import parts, parts_by_name
from bunko.question.question import Question
from bunko.types import AnswerSpan, Evidence

# Quotes that are looked at, the best ones, as a reader's.
_SEEN = 3
# How often such a cell is the answer, at least: docs/decisions/024-reader.md has the figures.
_CONFIDENCE = 0.9
_ASKS_PRICE = re.compile(r"\bhow much\b|いくら", re.IGNORECASE)


def cell_span(question: Question, evidence: Sequence[Evidence]) -> AnswerSpan | None:
    """Return the cell whose row and column the question names; None if there is none, or more than one.

    Of two rows, the one with the longer label is meant if that has the words of the other: Old Moen, not Moen.
    """
    if question.kind != "fact" or question.is_bare or question.is_yes_no:
        return None
    joined = parts_by_name(question)
    if len(parts(question)) > len(joined):  # two questions in one
        return None
    apart = frozenset(word for part in joined for word in set(words(question.text)) - set(words(part)))
    found = {
        n: cell
        for n, item in enumerate(evidence[:_SEEN], 1)
        if not item.gives_orders and (cell := asked_cell(item, question.text)) and _may_answer(question, item, cell)
    }
    labels = {n: frozenset(words(cell.label)) for n, cell in found.items()}
    labels = {n: label for n, label in labels.items() if apart <= label}  # Oldport - Kestrel Bay is one row of both
    n = max(labels, key=lambda n: len(labels[n]), default=0)
    if not n or any(not label < labels[n] for other, label in labels.items() if other != n):
        return None
    item, cell = evidence[n - 1], found[n]
    return AnswerSpan(
        start=item.start + cell.start,
        end=item.start + cell.end,
        text=item.quote[cell.start : cell.end],
        confidence=_CONFIDENCE,
        n=n,
    )


def _may_answer(question: Question, item: Evidence, cell: AskedCell) -> bool:
    """Return whether the cell is of the type that is asked for. Who chose the master is not who the master is."""
    if not question.expects:
        return True
    said = set(words(question.text)) - SAYS_NOTHING
    if question.expects == "name" and said - source_words(f"{cell.label} {cell.column}"):
        return False
    text = item.quote[cell.start : cell.end]
    if _ASKS_PRICE.search(question.text) and not any(map(str.isdigit, text)):
        return True  # free, 無料
    return may_answer(text, question.expects, asked=frozenset(words(question.text)))
