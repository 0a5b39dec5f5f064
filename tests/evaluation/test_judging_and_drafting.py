"""The two things that a model does for an evaluation: judge answers, and draft questions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bunko.evaluation.drafting import accept, draft_questions, sample_passages
from bunko.evaluation.judging import judge_answers, messages_for, read_verdict
from bunko.evaluation.questions import Question
from bunko.testing import FakeGenerator
from bunko.types import Message
from tests.support import make_library, write_files

MILLS = " ".join(f"The mill number {n} was built in {1800 + n} by Ada Whitlock of Kobe." for n in range(40))
SUISHA = "".join(f"第{n}水車小屋は{1800 + n}年に神戸の大工によって建てられた。" for n in range(40))


@pytest.mark.parametrize(
    ("said", "verdict"),
    [("yes", True), ("**No**, it", False), ("はい。", True), ("いいえ", False), ("Yesterday", None), ("", None)],
)
def test_verdicts(said: str, verdict: bool | None) -> None:
    assert read_verdict(said) is verdict


def test_the_judge_sees_question_gold_and_answer_and_only_what_needs_judging() -> None:
    questions = [Question(id=n, text=f"Question {n}?", answers=("Ada", "Ada W.")) for n in range(3)]
    questions += [Question(id=3, text="誰ですか", answers=("エイダ",)), Question(id=4, text="Open?")]
    lines = [
        {"id": 0, "answer": "It was {gold}.", "refused": False},
        {"id": 1, "answer": "The documents don't say.", "refused": True},
        {"id": 2, "error": "no"},
        {"id": 3, "answer": "エイダです", "refused": False},
        {"id": 4, "answer": "Yes", "refused": False},
    ]
    judge = FakeGenerator(lambda messages: "はい" if "質問" in messages[-1].content else "No.")
    assert judge_answers(questions, lines, judge) == {"0": False, "1": False, "2": False, "3": True}
    assert len(judge.prompts) == 2
    put = messages_for(questions[0], lines[0])[-1].content
    assert "Ada / Ada W." in put and "It was {gold}." in put


def quiz(messages: Sequence[Message]) -> str:
    text = messages[-1].content
    if "文章" in text:
        return f"質問: {text[4:9]}はいつ建てられましたか？\n答え: {text[text.index('年') - 4 : text.index('年') + 1]}"
    number = text.split("number ")[1].split()[0]
    return f"Question: Who built mill {number}?\nAnswer: ada whitlock."


def test_drafts_have_their_answer_in_their_passage(tmp_path: Path) -> None:
    root = write_files(tmp_path / "library", {"mills.txt": MILLS, "水車.txt": SUISHA, "short.txt": "Hello."})
    with make_library(root, generator=FakeGenerator(quiz)) as library:
        library.sync()
        drafted = list(draft_questions(library, wanted=12, seed=3))
        again = list(draft_questions(library, wanted=12, seed=3))
        passages = list(sample_passages(library, count=50, seed=1))
        texts = {passage.path: library.document(passage.path) for passage in passages}
    assert drafted == again
    assert len(drafted) == 12
    assert {line["file"] for line in drafted} == {"mills.txt", "水車.txt"}
    for line in drafted:
        answers, passage = line["answers"], line["passage"]
        assert isinstance(answers, list) and isinstance(passage, str)
        assert answers[0] in passage
        assert line["drafted"] is True
    assert len({line["question"] for line in drafted}) == 12
    for passage in passages:
        document = texts[passage.path]
        assert document and document.text[passage.start : passage.start + len(passage.text)] == passage.text
    assert len({(passage.path, passage.start) for passage in passages}) == len(passages)


def test_a_model_that_invents_drafts_nothing(tmp_path: Path) -> None:
    root = write_files(tmp_path / "library", {"mills.txt": MILLS})
    with make_library(root, generator=FakeGenerator("Question: Who?\nAnswer: Charles")) as library:
        library.sync()
        assert list(draft_questions(library, wanted=3)) == []


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Question: When was it built?\nAnswer: 1803", ("When was it built?", "1803")),
        ("**Question:** When was it built?\n**Answer:** 1803", ("When was it built?", "1803")),
        ("Question: When was it built?\nAnswer: 180", None),
        ("Question: Was the mill built in 1803?\nAnswer: 1803", None),
        ("Question: What does the text say?\nAnswer: 1803", None),
        ("Question: The mill\nAnswer: 1803", None),
        ("Question: When?", None),
        ("1803", None),
    ],
)
def test_what_is_kept(written: str, kept: tuple[str, str] | None) -> None:
    assert accept(written, "The mill was built\nin 1803 by Ada Whitlock.") == kept


def test_japanese_answers_may_stand_within_a_run_of_letters() -> None:
    assert accept("質問：どこの水車ですか。\n答え：「神戸」", "神戸市の水車小屋。") == ("どこの水車ですか。", "神戸")
    assert accept("質問: どこですか？\n答え: 大阪", "神戸市の水車小屋。") is None
