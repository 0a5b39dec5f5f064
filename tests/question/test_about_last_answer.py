"""Requests about the answer before are told from questions for the documents, in both languages."""

from __future__ import annotations

import pytest

from bunko.language.data_files import Pattern, read_patterns
from bunko.question.about_last_answer import PARTS, PATTERNS, last_answer, revision_of
from bunko.types import Evidence, Message

ALL = read_patterns(PATTERNS, parts=PARTS)
QUOTE = Evidence(path="a.txt", start=0, end=3, quote="Old", score=1.0)


@pytest.mark.parametrize("pattern", ALL, ids=lambda pattern: pattern.name)
def test_the_examples_of_each_form(pattern: Pattern) -> None:
    form = pattern.name.partition(".")[2]
    for text in pattern.matches:
        found = revision_of(text)
        assert found is not None, text
        assert form in found.forms, text
    for text in pattern.passes:
        assert revision_of(text) is None, text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Shorter, please!", ("shorter",)),
        ("Can you make that shorter?", ("shorter",)),
        ("in Japanese please", ("ja",)),
        ("Thanks, now in Japanese and shorter", ("shorter", "ja")),
        ("summarise that", ("summary",)),
        ("translate that", ("auto",)),
        ("Could you put it as a bulleted list please?", ("bullets",)),
        ("Please summarise your last answer in one sentence, in Japanese.", ("one_sentence", "ja")),
        ("TELL ME MORE", ("longer",)),
        ("日本語で", ("ja",)),
        ("もっと短く", ("shorter",)),
        ("箇条書きで", ("bullets",)),
        ("日本語で、箇条書きにしてください", ("bullets", "ja")),
        ("ありがとう。もっと短くして", ("shorter",)),
        ("今の答えを英語で言って", ("en",)),
        ("一文でまとめてください", ("one_sentence",)),
    ],
)
def test_what_is_asked_of_an_answer(text: str, wanted: tuple[str, ...]) -> None:
    found = revision_of(text)
    assert found is not None
    assert found.words == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Which river is shorter?",
        "How do you say mill in Japanese?",
        "Summarise report.pdf",
        "What does the table show?",
        "table",
        "in Japan",
        "Who wrote the short version of the book?",
        "日本語の資料はどれですか",
        "議事録を要約してください",
        "最も短い橋はどれですか",
        "",
        "?",
        "please",
    ],
)
def test_a_question_for_the_documents_is_none(text: str) -> None:
    assert revision_of(text) is None


def turn(asked: str, answered: str, evidence: tuple[Evidence, ...] = ()) -> tuple[Message, ...]:
    return (
        Message(role="user", content=asked),
        Message(role="assistant", content=answered, evidence=evidence),
    )


def test_the_answer_is_that_of_the_last_question_and_earlier_requests_still_hold() -> None:
    history = (
        *turn("Who built it?", "Ada Lind"),
        *turn("How old is it?", "Old. Very old.", (QUOTE,)),
        *turn("Thanks!", "You are welcome."),
        *turn("in Japanese please", "古い。とても古い。"),
    )
    found = last_answer("shorter", history)
    assert found is not None
    assert (found.question, found.answer, found.evidence) == ("How old is it?", "Old. Very old.", (QUOTE,))
    assert found.revision.words == ("shorter", "ja")
    assert found.earlier == history[:2]


def test_an_answer_that_was_made_longer_is_the_one_to_work_on() -> None:
    history = (*turn("How old is it?", "Old."), *turn("shorter", "Old."), *turn("longer", "Old. Very.", (QUOTE,)))
    found = last_answer("as bullets", history)
    assert found is not None
    assert (found.question, found.answer, found.evidence) == ("How old is it?", "Old. Very.", (QUOTE,))
    assert found.revision.words == ("bullets",)


def test_without_an_answer_before_it_is_an_ordinary_question() -> None:
    assert last_answer("shorter", ()) is None
    assert last_answer("shorter", turn("hello", "Hello!")) is None
    assert last_answer("Who built it?", turn("How old is it?", "Old.")) is None
