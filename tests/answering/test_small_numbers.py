"""A small number says how many are wanted; a larger one, a share and a century are presupposed."""

from __future__ import annotations

import pytest

from bunko.answering.missing import missing
from bunko.question.question import parse_question
from bunko.types import Chunk, Evidence, Hit

TEXT = "Ada Lind built the mills of Bergen."


def missing_numbers(question: str) -> tuple[str, ...]:
    chunk = Chunk(path="a.txt", start=0, end=len(TEXT), text=TEXT, language="en", key=TEXT)
    quote = Evidence(path="a.txt", start=0, end=len(TEXT), quote=TEXT, score=1.0)
    return missing(parse_question(question), [Hit(chunk=chunk, score=1.0)], [quote]).numbers


@pytest.mark.parametrize(("number", "lacking"), [("20", ()), ("21", ("21",))])
def test_numbers_above_twenty_are_looked_for(number: str, lacking: tuple[str, ...]) -> None:
    assert missing_numbers(f"Who built the {number} mills?") == lacking


@pytest.mark.parametrize(
    ("question", "lacking"),
    [
        ("Who built 5% of the mills?", ("5%",)),
        ("Who built mills in the 12th century?", ("12th century",)),
    ],
)
def test_shares_and_centuries_are_always_looked_for(question: str, lacking: tuple[str, ...]) -> None:
    assert missing_numbers(question) == lacking
