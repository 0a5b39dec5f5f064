"""A question that a text answers itself gives way to its answer, word for word, wherever it stands."""

from __future__ import annotations

import pytest
from hypothesis import given

from bunko.language.sentences import sentences
from bunko.retrieval.question_answer_pairs import answering_sentences
from tests.strategies import anything


def pairs(text: str) -> list[tuple[str, str]]:
    return [(text[item.start : item.end], item.question) for item in answering_sentences(text, sentences(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Q: Is it open?\nA: Yes.", [("Yes.", "Q: Is it open?")]),
        ("質問：何時に開きますか。\n答え：十時です。", [("十時です。", "質問：何時に開きますか。")]),
        (
            "Is it open? Yes. It opens at ten. It is small.",
            [
                ("Yes. It opens at ten.", "Is it open?"),
                ("It is small.", "Is it open?"),
            ],
        ),
        ("質問：開いていますか。\n答え：はい。十時からです。", [("はい。十時からです。", "質問：開いていますか。")]),
        ("Is it open?\n\nNo.\n\nThe mill is old.", [("No.", "Is it open?"), ("The mill is old.", "")]),
        ("Why did he go? He was tired.", [("He was tired.", "Why did he go?")]),
        ("Who? Why? He was tired.", [("Who?", ""), ("He was tired.", "Why?")]),
        ("He was tired. Why?", [("He was tired.", ""), ("Why?", "")]),
        ("それは豊かな国である。海がある。", [("それは豊かな国である。", ""), ("海がある。", "")]),
    ],
)
def test_answers_are_told_with_their_questions(text: str, expected: list[tuple[str, str]]) -> None:
    assert pairs(text) == expected


def test_an_answer_ends_with_its_paragraph() -> None:
    text = "Who built it?\n\nAda did. Bob helped.\n\nThe mill is old."
    assert [question for _, question in pairs(text)] == ["Who built it?", "Who built it?", ""]


def test_an_answer_goes_on_for_a_few_sentences() -> None:
    text = "Who built it? Ada did. Bob helped. It took long. It is old. It is high."
    assert [bool(question) for _, question in pairs(text)] == [True, True, True, False, False]


@given(anything)
def test_what_is_told_are_parts_of_the_sentences(text: str) -> None:
    spans = sentences(text)
    found = answering_sentences(text, spans)
    assert len(found) <= len(spans)
    for item in found:
        assert any(start <= item.start < item.end == end for start, end in spans)
    assert bool(found) == bool(spans)
