"""The form of a question shows what it is made of."""

from __future__ import annotations

import pytest

from bunko.question.parts import parts, parts_by_name
from bunko.question.question import parse_question

COMPARED = {
    "Compare Varn and Hest in area.": ["Varn in area.", "Hest in area."],
    "How do Varn, Hest and Sell differ?": ["How do Varn differ?", "How do Hest differ?", "How do Sell differ?"],
    "ヴァルンとヘストの面積を比べてください。": ["ヴァルンの面積を比べてください。", "ヘストの面積を比べてください。"],
}


@pytest.mark.parametrize("question", COMPARED)
def test_each_thing_that_is_compared_has_a_question(question: str) -> None:
    found = parts_by_name(parse_question(question))
    assert [text.removeprefix("Compare ") for text in found] == COMPARED[question]


@pytest.mark.parametrize(
    "question",
    [
        "Who built the mill of Varn?",
        "水車を建てたのは誰ですか",
        "Bread and butter?",
        "What is it called? Mirror pond.",
        "池の名は何ですか。鏡湖池",
    ],
)
def test_one_question_about_one_thing_has_no_parts(question: str) -> None:
    assert parts(parse_question(question)) == ()


def test_questions_that_are_joined_are_parts() -> None:
    assert parts(parse_question("Why did the mill close, and how was it sold?")) == (
        "Why did the mill close",
        "how was it sold?",
    )
    assert len(parts(parse_question("水車はなぜ止まりましたか。また、誰が直しましたか。"))) == 2
