"""Batches: order, resuming, failures, several at once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from bunko.errors import EngineCrashed, EngineStartFailed, PromptTooLong, RemoteUnavailable, UsageError
from bunko.evaluation.asking import Identity, open_askers
from bunko.evaluation.batching import BatchReport, run_batch
from bunko.evaluation.questions import Question
from bunko.types import Answer
from tests.support import CATS, SHIPS, make_library, write_files

FAKE = Identity(model="fake", embedder="fake")
QUESTIONS = [Question(id=f"q{n}", text=f"Question {n}?") for n in range(6)]


class Asker:
    """Answers in capitals, and counts; fails as it is told."""

    def __init__(self, failures: dict[str, BaseException] | None = None, *, delay: float = 0) -> None:
        self.asked: list[str] = []
        self.failures = failures or {}
        self.delay = delay

    def __call__(self, question: str) -> Answer:
        self.asked.append(question)
        time.sleep(self.delay)
        if question in self.failures:
            raise self.failures[question]
        notes = ("It was cut off.",) if question.endswith("1?") else ()
        return Answer(question=question, text=question.upper(), model="fake", embedder="fake", notes=notes)


def run(out: Path | None, *askers: Asker, questions: Sequence[Question] = QUESTIONS) -> BatchReport:
    return run_batch(questions, askers, out=out, identity=FAKE)


def rows(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def test_a_line_is_the_contracts_object_with_the_questions_own_id(tmp_path: Path) -> None:
    out = tmp_path / "new" / "answers.jsonl"
    questions = [Question(id=7, text="猫は？"), Question(id="b", text="Who?")]
    report = run(out, Asker(), questions=questions)
    assert report.notes == {}
    assert run(None, Asker()).notes == {"It was cut off.": 1}
    assert [row["id"] for row in rows(out)] == [7, "b"]
    assert list(rows(out)[0])[:3] == ["id", "question", "answer"]
    assert "猫は？" in out.read_text(encoding="utf-8")
    assert (report.answered, report.present, report.failed) == (2, 0, 0)
    assert list(report.lines) == rows(out)


def test_what_is_answered_is_not_asked_again(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    run(out, Asker(), questions=QUESTIONS[:2])
    asker = Asker()
    report = run(out, asker)
    assert asker.asked == [question.text for question in QUESTIONS[2:]]
    assert (report.answered, report.present) == (4, 2)
    assert report.notes == {}
    assert [row["id"] for row in rows(out)] == [question.id for question in QUESTIONS]
    whole = out.read_bytes()
    assert run(out, Asker()).present == 6
    assert out.read_bytes() == whole


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_torn_last_line_is_asked_again(tmp_path: Path, cut: int) -> None:
    out = tmp_path / "answers.jsonl"
    run(out, Asker())
    whole = out.read_bytes()
    out.write_bytes(whole[:-cut])
    asker = Asker()
    run(out, asker)
    assert asker.asked == ["Question 5?"]
    assert out.read_bytes() == whole


def test_a_question_that_fails_is_recorded_and_the_rest_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    asker = Asker({"Question 2?": EngineCrashed("It died.", "Ask again.")})
    report = run(out, asker)
    assert rows(out)[2] == {"id": "q2", "question": "Question 2?", "error": "It died.", "hint": "Ask again."}
    assert (report.answered, report.failed, len(rows(out))) == (5, 1, 6)
    again = Asker()
    report = run(out, again)
    assert again.asked == ["Question 2?"]
    assert rows(out)[2]["answer"] == "QUESTION 2?"
    assert [row["id"] for row in rows(out)] == [question.id for question in QUESTIONS]
    assert (report.answered, report.present, report.failed) == (1, 5, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["answers.jsonl"]


@pytest.mark.parametrize("error", [EngineStartFailed("No."), RemoteUnavailable("No."), KeyboardInterrupt()])
@pytest.mark.parametrize("parallel", [1, 3])
def test_what_would_fail_for_every_question_stops_at_once(tmp_path: Path, error: BaseException, parallel: int) -> None:
    out = tmp_path / "answers.jsonl"
    with pytest.raises(type(error)):
        run(out, *[Asker({"Question 3?": error}) for _ in range(parallel)])
    assert [row["id"] for row in rows(out)] == ["q0", "q1", "q2"][: len(rows(out))]
    run(out, Asker())
    assert [row["id"] for row in rows(out)] == [question.id for question in QUESTIONS]


def test_an_engine_that_dies_at_every_question_is_given_up(tmp_path: Path) -> None:
    asker = Asker({question.text: EngineCrashed("It died.") for question in QUESTIONS})
    with pytest.raises(EngineCrashed):
        run(tmp_path / "answers.jsonl", asker)
    assert len(asker.asked) == 5
    too_long = Asker({question.text: PromptTooLong("Long.") for question in QUESTIONS})
    assert run(tmp_path / "others.jsonl", too_long).failed == 6


def test_several_at_once_keep_the_order(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    questions = [Question(id=n, text=f"Question {n}?") for n in range(40)]
    barrier = threading.Barrier(4, timeout=20)
    askers = [Asker(delay=0.001 * n) for n in range(4)]

    def meeting(asker: Asker):  # type: ignore[no-untyped-def]
        def ask(question: str) -> Answer:
            if not asker.asked:
                barrier.wait()  # all four are at work together
            return asker(question)

        return ask

    run_batch(questions, [meeting(asker) for asker in askers], out=out, identity=FAKE)
    assert [row["id"] for row in rows(out)] == list(range(40))
    assert sorted(text for asker in askers for text in asker.asked) == sorted(q.text for q in questions)


@pytest.mark.parametrize(
    ("questions", "identity", "said"),
    [
        ([Question(id="x", text="Question 0?")], FAKE, "line 1 is not for question"),
        ([Question(id="q0", text="Another?")], FAKE, "line 1 is not for question"),
        (QUESTIONS[:1], FAKE, "it has 2 answers"),
        (QUESTIONS, Identity(model="better", embedder="fake"), "with the model fake, not better"),
        (QUESTIONS, Identity(model="fake", embedder=""), "with the embedder fake, not none"),
    ],
)
def test_a_file_of_another_run_is_refused(
    tmp_path: Path, questions: list[Question], identity: Identity, said: str
) -> None:
    out = tmp_path / "answers.jsonl"
    run(out, Asker(), questions=QUESTIONS[: 2 if len(questions) != 1 or "has 2" in said else 1])
    before = out.read_bytes()
    with pytest.raises(UsageError, match="is from another run") as raised:
        run_batch(questions, [Asker()], out=out, identity=identity)
    assert said in raised.value.message
    assert "--out" in raised.value.hint
    assert out.read_bytes() == before


def test_a_file_that_is_no_batch_is_left_alone(tmp_path: Path) -> None:
    out = write_files(tmp_path, {"letter.txt": "Dear Ada,\nall is well.\n"}) / "letter.txt"
    with pytest.raises(UsageError, match="line 1 is not a line of a batch"):
        run(out, Asker())
    assert out.read_text() == "Dear Ada,\nall is well.\n"
    with pytest.raises(UsageError, match="can't be written"):
        run(tmp_path, Asker())


def test_progress_counts_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    run(out, Asker(), questions=QUESTIONS[:4])
    told: list[tuple[int, int]] = []
    run_batch(QUESTIONS, [Asker()], out=out, identity=FAKE, progress=lambda done, total: told.append((done, total)))
    assert told == [(4, 6), (5, 6), (6, 6)]


def test_without_a_file_nothing_is_written() -> None:
    assert [line["answer"] for line in run(None, Asker()).lines] == [q.text.upper() for q in QUESTIONS]


def test_askers_have_a_library_each(tmp_path: Path) -> None:
    root = write_files(tmp_path / "library", {"cats.txt": CATS, "ships.txt": SHIPS})
    with make_library(root) as library:
        library.sync()
        with open_askers(library, answer_from="documents") as askers:
            answers = run_batch(QUESTIONS[:1], askers, identity=FAKE)
        assert answers.lines[0]["evidence"] is not None
        with open_askers(library, answer_from="model") as askers:
            plain = run_batch(QUESTIONS[:1], askers, identity=Identity(model="fake", embedder=""))
    assert plain.lines[0]["hits"] == []
