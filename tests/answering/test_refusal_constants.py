"""The share of a phrase's words that a quote must have, by a case on either side of it."""

from __future__ import annotations

import pytest

from bunko.answering.refusal import support_by_phrase
from bunko.types import Evidence

TEXT = "Ada Lind built a stone mill near Bergen."


def strength(phrase: str) -> float:
    quotes = [Evidence(path="a.txt", start=0, end=len(TEXT), quote=TEXT, score=1.0)]
    return support_by_phrase(phrase, quotes, log_probability=0.0).strength


@pytest.mark.parametrize(
    ("phrase", "refused_above"),
    [
        ("mill stone Bergen windmill", 0.74),  # three of four words: another form of what the source says
        ("mill stone windmill", 0.59),  # two of three: the model's own
        ("Ada mill stone Bergen Lind Oslo wooden", 0.59),  # five of seven
    ],
)
def test_three_quarters_of_a_phrase_must_be_in_one_quote(phrase: str, refused_above: float) -> None:
    assert strength(phrase) == refused_above
