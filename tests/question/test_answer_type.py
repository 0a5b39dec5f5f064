"""What a question asks for is told from its words, in both languages, and only where they tell it."""

from __future__ import annotations

import pytest
from hypothesis import given

from bunko.language.words import words
from bunko.question.answer_type import expected_answer, may_answer
from tests.strategies import anything


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many bridges are there?", "number"),
        ("how much did it cost", "number"),
        ("What percentage of the farmers keep goats?", "number"),
        ("When was the mill built?", "time"),
        ("In what year did it burn down?", "time"),
        ("Who built the mill?", "name"),
        ("Where was she born?", "name"),
        ("塔はいつ建てられたか", "time"),
        ("何年に開港しましたか", "time"),
        ("橋はいくつありますか", "number"),
        ("職員は何人いますか", "number"),
        ("Why was it closed?", ""),
        ("What do farmers grow?", ""),
        ("How did it end?", ""),
        ("なぜ閉鎖されたのですか", ""),
        ("", ""),
    ],
)
def test_the_kind_is_read_off_the_question(question: str, kind: str) -> None:
    assert expected_answer(question) == kind


@pytest.mark.parametrize(
    ("sentence", "question", "may"),
    [
        ("There are 12 bridges.", "How many bridges are there?", True),
        ("There are twelve bridges.", "How many bridges are there?", True),
        ("The bridges are old.", "How many bridges are there?", False),
        ("橋は十二ある。", "橋はいくつありますか", True),
        ("It was built in the 18th century.", "When was it built?", True),
        ("It was built last May.", "When was it built?", True),
        ("It was built by hand.", "When was it built?", False),
        ("江戸時代に建てられた。", "いつ建てられましたか", True),
        ("The mill was built by Ada Lind.", "Who built the mill?", True),
        ("It was built by the farmers.", "Who built the mill?", False),
    ],
)
def test_a_sentence_may_answer_where_it_has_what_is_asked_for(sentence: str, question: str, may: bool) -> None:
    assert may_answer(sentence, expected_answer(question), asked=frozenset(words(question))) is may


def test_a_name_of_the_question_is_no_answer_to_it() -> None:
    asked = frozenset(words("Who did Ada Lind meet?"))
    assert not may_answer("Ada Lind went home.", "name", asked=asked)
    assert may_answer("Ada Lind met Bo.", "name", asked=asked)


@given(anything, anything)
def test_any_text_can_be_asked_about(sentence: str, question: str) -> None:
    kind = expected_answer(question)
    assert may_answer(sentence, kind, asked=frozenset()) in (True, False)
    assert kind or not may_answer(sentence, kind, asked=frozenset())
