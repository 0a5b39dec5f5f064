"""The form of a question shows its kind, in both languages."""

from __future__ import annotations

import pytest

from bunko.language.data_files import read_patterns
from bunko.question.kind import PATTERNS, kind_of

_EXAMPLES = [(pattern.name, text) for pattern in read_patterns(PATTERNS) for text in pattern.matches]
_OTHERS = [(pattern.name, text) for pattern in read_patterns(PATTERNS) for text in pattern.passes]


@pytest.mark.parametrize(("kind", "question"), _EXAMPLES)
def test_a_question_of_the_kind(kind: str, question: str) -> None:
    assert kind_of(question) == kind


@pytest.mark.parametrize(("kind", "question"), _OTHERS)
def test_a_question_of_another_kind(kind: str, question: str) -> None:
    assert kind_of(question) != kind


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Is the mill open?", "yes_no"),
        ("Can you summarise the minutes?", "summary"),
        ("Could you explain how the pump works?", "reason"),
        ("水車は今も動いていますか", "yes_no"),
        ("港の役割を説明していただけますか", "open"),
        ("When did the mill open?", "fact"),
        ("水車はいつ建てられましたか", "fact"),
        ("", "fact"),
    ],
)
def test_the_other_kinds(question: str, kind: str) -> None:
    assert kind_of(question) == kind
