"""Answer from the cell of a table whose row and column a question names. In: question, quotes. Out: the words, or None.

A reader sees a row without the names of its columns, and takes the wrong cell, or none. Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Sequence

from bunko.grounding.table_cells import AskedCell, asked_cell
from bunko.language.words import source_words, words
from bunko.question.answer_type import may_answer
from bunko.question.question import Question
from bunko.types import AnswerSpan, Evidence

# Quotes that are looked at, the best ones, as a reader's.
_SEEN = 3
# How often such a cell is the answer, at least: docs/decisions/024-reader.md has the figures.
_CONFIDENCE = 0.9


def cell_span(question: Question, evidence: Sequence[Evidence]) -> AnswerSpan | None:
    """Return the cell whose row and column the question names; None if there is none, or more than one."""
    if question.kind != "fact" or question.is_yes_no:
        return None
    found = {
        n: cell
        for n, item in enumerate(evidence[:_SEEN], 1)
        if not item.gives_orders and (cell := asked_cell(item, question.text)) and _may_answer(question, item, cell)
    }
    longest = max((len(cell.label) for cell in found.values()), default=0)
    rows = [n for n, cell in found.items() if len(cell.label) == longest]
    if len(rows) != 1:
        return None
    item, cell = evidence[rows[0] - 1], found[rows[0]]
    return AnswerSpan(
        start=item.start + cell.start,
        end=item.start + cell.end,
        text=item.quote[cell.start : cell.end],
        confidence=_CONFIDENCE,
        n=rows[0],
    )


def _may_answer(question: Question, item: Evidence, cell: AskedCell) -> bool:
    """Return whether the cell is of the type that is asked for. Who chose the master is not who the master is."""
    if not question.expects:
        return True
    if question.expects == "name" and set(words(question.text)) - source_words(f"{cell.label} {cell.column}"):
        return False
    text = item.quote[cell.start : cell.end]
    return may_answer(text, question.expects, asked=frozenset(words(question.text)))
