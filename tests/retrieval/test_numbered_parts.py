"""A quote of Article 4 is no answer to a question about Article 3, where documents number their articles."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.testing import FakeGenerator
from bunko.types import Answer
from tests.support import make_library, write_files

BYLAWS = """\
# Bylaws of the boat club

## Article 2 Keys

The harbour master keeps the keys of the boathouse in a steel box.

## Article 4 Fees

The treasurer collects the yearly fee of 45 crowns in the boathouse.

## Article 5 Guests

A guest pays the fee that Article 4 sets, and signs the book in the boathouse.
"""
LINES = """\
Article 2. The harbour master keeps the keys of the boathouse in a steel box.
Article 4. The treasurer collects the yearly fee of 45 crowns in the boathouse.
Article IX. A guest signs the book in the boathouse before he rows.
"""
NUMBERED = BYLAWS.replace("Article 2 ", "2. ").replace("Article 4 F", "4. F").replace("Article 5 ", "5. ")
PROSE = "Article 101 of the treaty prohibits cartels. It covers agreements between firms on prices in the harbour.\n"


def ask(root: Path, question: str, name: str, text: str, *, parameters: int, strictness: float) -> Answer:
    write_files(root, {name: text})
    generator = FakeGenerator(parameters=parameters)
    with make_library(root, generator=generator, answers__strictness=strictness) as library:
        library.sync()
        return library.ask(question)


@pytest.mark.parametrize(
    ("question", "name", "text", "quote"),
    [
        ("What does Article 4 say about the boathouse?", "a.md", BYLAWS, "yearly fee of 45"),
        ("What does art. 5 say about the boathouse?", "a.md", BYLAWS, "A guest pays the fee"),
        ("What does Article 2 say about the boathouse?", "a.txt", LINES, "steel box"),
        ("What does Article 9 say about the boathouse?", "a.txt", LINES, "signs the book"),
        ("What does section 4 say about the boathouse?", "a.md", NUMBERED, "yearly fee of 45"),
        ("What is kept in the boathouse under § 2?", "a.md", NUMBERED, "steel box"),
        ("What does Article 101 say about prices?", "a.txt", PROSE, "agreements between firms"),
    ],
)
def test_the_article_that_is_asked_for_answers(tmp_path: Path, question: str, name: str, text: str, quote: str) -> None:
    answer = ask(tmp_path, question, name, text, parameters=135_000_000, strictness=0.3)
    assert quote in answer.evidence[0].quote
    assert not answer.refused


@pytest.mark.parametrize(
    ("question", "name", "text"),
    [
        ("Who keeps the keys of the boathouse in a box under Article 3?", "a.md", BYLAWS),
        ("Who collects the yearly fee in the boathouse under Art. III?", "a.txt", LINES),
        ("What fee does section 12 set in the boathouse?", "a.md", NUMBERED),
        ("Who keeps the keys of the boathouse under Article IV.2?", "a.txt", LINES.replace("4.", "40.")),
    ],
)
@pytest.mark.parametrize("parameters", [135_000_000, 4_000_000_000])
def test_another_article_does_not(tmp_path: Path, question: str, name: str, text: str, parameters: int) -> None:
    assert ask(tmp_path, question, name, text, parameters=parameters, strictness=0.5).refused
