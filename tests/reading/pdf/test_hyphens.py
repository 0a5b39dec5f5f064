"""A hyphen at the end of a line belongs to the word, or only to the line."""

from __future__ import annotations

import pytest

from bunko.reading.pdf.compounds import is_compound
from bunko.reading.pdf.lines import SOFT_HYPHEN, Line, mend_hyphens


def mended(text: str) -> str:
    (page,) = mend_hyphens([[Line(text=text.replace("-/", f"{SOFT_HYPHEN}\n"))]])
    return page[0].text


@pytest.mark.parametrize(
    "word",
    ["self-/contained", "well-/known", "long-/term", "twenty-/five", "newly-/built", "five-/year", "state-of-the-/art",
     "mother-in-/law", "web-/based", "Self-/service", "user-/friendly", "working-/class", "high-/quality"],
)  # fmt: skip
def test_a_compound_keeps_its_hyphen(word: str) -> None:
    assert mended(f"A {word} unit") == f"A {word.replace('/', '')} unit"


@pytest.mark.parametrize(
    "word",
    ["con-/firmed", "mas-/ter", "part-/ner", "short-/age", "high-/lands", "long-/ing", "nine-/teen", "self-/ish",
     "fin-/gers", "king-/dom", "fami-/lies", "pub-/lished", "well-/ness", "self-con-/tained", "or-/ganised"],
)  # fmt: skip
def test_a_divided_word_is_joined(word: str) -> None:
    assert mended(f"The {word} thing") == f"The {word.replace('-/', '')} thing"


def test_the_document_itself_decides_first() -> None:
    assert mended("A selfcontained unit, a self-/contained one") == "A selfcontained unit, a selfcontained one"
    assert not is_compound("the", "art")
