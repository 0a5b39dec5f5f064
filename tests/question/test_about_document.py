"""Questions about a document itself, in both languages."""

from __future__ import annotations

import pytest

from bunko.language.data_files import read_patterns
from bunko.question.about_document import PATTERNS, about_document

_READ = read_patterns(PATTERNS)


@pytest.mark.parametrize(("fact", "pair"), [(item.name, pair) for item in _READ for pair in item.matches])
def test_the_document_and_what_is_asked_of_it_are_found(fact: str, pair: tuple[str, str]) -> None:
    question, what = pair
    found = about_document(question)
    assert found is not None
    assert (found.fact, found.what) == (fact, what)


@pytest.mark.parametrize("question", [question for item in _READ for question in item.passes])
def test_other_questions_pass(question: str) -> None:
    assert about_document(question) is None
