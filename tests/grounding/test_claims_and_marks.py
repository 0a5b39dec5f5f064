"""What an answer claims, and the source numbers that a model wrote into it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.grounding.citation_marks import put_marks, take_marks
from bunko.grounding.claims import DATA_FILE, claims
from bunko.grounding.ground import ground
from bunko.language.data_files import Pattern, read_patterns
from bunko.question.question import Question, parse_question
from bunko.question.yes_no import asks_whether
from bunko.types import Evidence
from tests.strategies import anything


@pytest.mark.parametrize(
    ("sentence", "kind", "text"),
    [
        ("It is high.", "statement", "It is high."),
        ("Based on the provided context, it is high.", "statement", "it is high."),
        ("Based on the information provided in the sources, it is high.", "statement", "it is high."),
        ("According to the text, it is high.", "statement", "it is high."),
        ("The text states that it is high.", "statement", "it is high."),
        ("Answer: Paris", "statement", "Paris"),
        ("The answer is Paris.", "statement", "Paris."),
        ("Yes, it is high.", "statement", "it is high."),
        ("Yes.", "yes", ""),
        ("No", "no", ""),
        ("はい。", "yes", ""),
        ("いいえ、違います。", "no", ""),
        ("資料によると、塔は高い。", "statement", "塔は高い。"),
        ("- **Paris**", "statement", "Paris"),
        ("__Paris__ and `Rome`", "statement", "Paris and Rome"),
        ("0:6`0", "statement", "0:6`0"),
        ("2**3 is 8.", "statement", "2**3 is 8."),
        ("1. Paris", "statement", "Paris"),
        ("## The towers", "nothing", "The towers"),
        ("The towers are:", "nothing", "The towers are:"),
        ("I hope this helps!", "nothing", "I hope this helps!"),
        ("The context does not say.", "nothing", "The context does not say."),
        ("The documents don't say.", "nothing", "The documents don't say."),
        ("資料には書かれていません。", "nothing", "資料には書かれていません。"),
        ("How high is the tower?", "nothing", "How high is the tower?"),
    ],
)
def test_what_is_claimed(sentence: str, kind: str, text: str) -> None:
    (claim,) = claims(sentence, question=parse_question("How high is the tower?"))
    assert (claim.kind, claim.text) == (kind, text)


@pytest.mark.parametrize(
    ("question", "whether"),
    [
        ("Was it built?", True),
        ("Who built it?", False),
        ("塔は高いですか。", True),
        ("何が高いですか。", False),
        ("", False),
    ],
)
def test_questions_that_a_yes_answers(question: str, whether: bool) -> None:
    assert asks_whether(question) is whether


PATTERNS = read_patterns(DATA_FILE)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_the_examples_of_a_pattern(pattern: Pattern) -> None:
    found = re.compile(pattern.regex)
    find = found.search if pattern.name == "footnote_number" else found.match
    assert pattern.matches
    assert pattern.passes
    assert [text for text in pattern.matches if not find(text)] == []
    assert [text for text in pattern.passes if find(text)] == []


TABLE = "| Name | Age |\n|---|---|\n| Ann | 5 |"


@pytest.mark.parametrize(
    ("answer", "claimed"),
    [
        ("⁵", []),
        ("It is high.\n⁵ ", ["It is high."]),
        ("It is high.\n※1", ["It is high."]),
        ("塔は高い。\n（注1）", ["塔は高い。"]),
        ("It is high.\n(1)", ["It is high."]),
        ("It is high.\n- 5 -", ["It is high."]),
        ("```text\nIt is high.\n```", ["It is high."]),
        ("It is high.\n</div>", ["It is high."]),
        ("|:--|--:|", []),
        (TABLE, ["| Ann | 5 |"]),
        ("Thank you for asking! It is high.", ["It is high."]),
        ("かしこまりました。塔は高い。", ["塔は高い。"]),
        ("5", ["5"]),
        ("(1)", ["(1)"]),
    ],
)
def test_marks_and_rules_are_not_claimed(answer: str, claimed: list[str]) -> None:
    """A source that has all of the answer's characters makes no mark a verified sentence."""
    source = f"{answer} The tower is high. 塔は高い。"
    shown = [Evidence(path="a.txt", start=0, end=len(source), quote=source, score=1.0)]
    found = ground(answer, shown, question=Question(text=""))
    assert [item.sentence for item in found.citations if item.verified] == claimed
    assert not found.unsupported


def test_a_footnote_s_number_is_no_number_of_the_sentence() -> None:
    shown = [Evidence(path="a.txt", start=0, end=20, quote="The tower is high.", score=1.0)]
    for answer in ("The tower is high.⁵", "The tower is high⁵.", "The tower is high.[5]"):
        assert not ground(answer, shown, question=Question(text="")).unsupported, answer
    assert ground("The tower is 5 m² high.", shown, question=Question(text="")).unsupported


@given(anything)
def test_claims_are_stretches_of_the_answer(answer: str) -> None:
    for claim in claims(answer, question=Question(text="")):
        assert 0 <= claim.start < claim.end <= len(answer)


MARKS = [
    "[1]",
    "[1, 2]",
    "[1-3]",
    "[^1]",
    "［１］",
    "【1】",
    "【1†source】",
    "(source 2)",
    "[Source: 2]",
    "（出典2）",
    "[1] [2]",
]


@pytest.mark.parametrize("mark", MARKS)
def test_marks_are_taken_out(mark: str) -> None:
    text, marks = take_marks(f"It is high {mark}. It is old.")
    assert text == "It is high. It is old."
    assert marks and all(found.place == len("It is high") for found in marks)


@pytest.mark.parametrize("text", ["[See] [123]", "(2 metres)", "f(x)", "【東京】", "[a1]", "[1958]", "(1)"])
def test_what_is_no_mark_stays(text: str) -> None:
    assert take_marks(text) == (text, [])


@given(st.lists(st.one_of(anything, st.sampled_from(MARKS)), max_size=6).map("".join))
def test_marks_that_are_all_put_back_give_the_text_again(text: str) -> None:
    clean, marks = take_marks(text)
    assert put_marks(clean, marks) == text
