"""`bunko batch`, `eval`, `eval draft` and `compare`: what they print and write, and what outlives an early end."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from bunko.errors import EngineCrashed, EngineStartFailed
from bunko.ports import GenerationOptions, Pieces
from bunko.testing import FakeGenerator
from bunko.types import Message
from tests.conftest import Cli
from tests.started import Program
from tests.support import (
    CATS,
    KYOTO,
    REPOSITORY,
    SHIPS,
    THOROUGH,
    command,
    environment,
    interrupt,
    run_program,
    write_files,
)

QUESTIONS = [
    {"id": "a", "question": "Where does the cat sleep?", "answers": ["warm roof"], "file": "cats.txt"},
    {"id": "b", "question": "When did the harbour of Kobe open?", "answers": ["1868"], "file": "ships.txt"},
    {"id": "c", "question": "金閣寺はいつ建てられましたか。", "answers": ["1397年"], "file": "京都.txt"},
    {"id": "d", "question": "zzzz qqqq?", "unanswerable": True},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "library", {"cats.txt": CATS, "ships.txt": SHIPS, "京都.txt": KYOTO})


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return write_questions(tmp_path / "questions.jsonl", QUESTIONS)


def write_questions(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def ids(out: Path) -> list[object]:
    return [json.loads(line)["id"] for line in out.read_text(encoding="utf-8").splitlines()]


# --- batch --------------------------------------------------------------------------------------------------------


def test_batch_writes_the_contracts_objects_and_goes_on(
    folder: Path, questions: Path, tmp_path: Path, cli: Cli
) -> None:
    out = tmp_path / "out" / "answers.jsonl"
    outcome = cli("batch", str(folder), str(questions), "--out", str(out), "--limit", "2")
    assert (outcome.code, ids(out)) == (0, ["a", "b"])
    assert outcome.out.splitlines()[-1].startswith("2 answered, 0 failed")
    outcome = cli("batch", str(folder), str(questions), "--out", str(out), "--json")
    counts = outcome.json
    assert counts.pop("seconds") >= 0
    assert counts == {"out": str(out), "questions": 4, "answered": 2, "present": 2, "failed": 0}
    assert ids(out) == ["a", "b", "c", "d"]
    row = json.loads(out.read_text(encoding="utf-8").splitlines()[0])
    ask = cli("ask", str(folder), "Where does the cat sleep?", "--json").json
    assert list(row) == ["id", *ask]
    assert row["evidence"] == ask["evidence"]


def test_batch_prints_each_question_with_its_answer_and_the_best_quote(folder: Path, tmp_path: Path, cli: Cli) -> None:
    file = tmp_path / "questions.txt"
    file.write_text("Where does the cat sleep?\nWhen did the harbour of Kobe open?\n")
    outcome = cli("batch", str(folder), str(file), generator=FakeGenerator("On the warm roof."))
    assert outcome.code == 0
    first, second = outcome.out.index("1. Where does the cat sleep?"), outcome.out.index("2. When did the harbour")
    assert first < outcome.out.index("   On the warm roof.") < second
    assert "   [1] cats.txt: “The cat sleeps on the warm roof.” (supports the answer)" in outcome.out[first:second]
    assert "2 answered, 0 failed" in outcome.err
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".jsonl"] == []
    assert "[1]" not in cli("batch", str(folder), str(file), "--quiet").out


def test_batch_shows_a_long_japanese_quote(tmp_path: Path, cli: Cli) -> None:
    sentence = f"金閣寺は1397年に{'足利義満の命により、' * 30}建てられました。"
    folder = write_files(tmp_path / "long", {"京都.txt": sentence})
    file = tmp_path / "questions.txt"
    file.write_text("金閣寺はいつ建てられましたか。\n", encoding="utf-8")
    shown = cli("batch", str(folder), str(file), generator=FakeGenerator("1397年")).out
    assert "「金閣寺は1397年に" in shown
    assert "…」" in shown


def test_batch_without_a_file_prints_json_lines(folder: Path, questions: Path, cli: Cli) -> None:
    outcome = cli("batch", str(folder), str(questions), "--json", "--limit", "2")
    rows = [json.loads(line) for line in outcome.out.splitlines()]
    assert [row["id"] for row in rows] == ["a", "b"]
    assert {"question", "answer", "evidence", "citations", "timings_ms"} <= set(rows[0])


def test_batch_takes_plain_text_and_several_at_once(folder: Path, tmp_path: Path, cli: Cli) -> None:
    file = tmp_path / "questions.txt"
    file.write_text("Where does the cat sleep?\n\nWhen did the harbour open?\n")
    out = tmp_path / "answers.jsonl"
    outcome = cli("batch", str(folder), str(file), "--out", str(out), "--parallel", "3")
    assert (outcome.code, ids(out)) == (0, [1, 3])
    assert "3 times" in outcome.err


def test_batch_without_documents(questions: Path, tmp_path: Path, cli: Cli) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    out = tmp_path / "answers.jsonl"
    assert cli("batch", str(empty), str(questions), "--out", str(out), "--no-rag").code == 0
    assert list(empty.iterdir()) == []
    cli("batch", str(empty), str(questions), "--out", str(out)).assert_clear(1)  # there is nothing to answer from


class Failing(FakeGenerator):
    """Fails for questions with a word in them."""

    def __init__(self, word: str, error: Exception) -> None:
        super().__init__()
        self.word, self.error = word, error

    def stream(self, messages: Sequence[Message], *, options: GenerationOptions) -> Pieces:
        if self.word in messages[-1].content.partition("Question:")[2]:
            raise self.error
        yield from super().stream(messages, options=options)


def test_batch_goes_on_after_a_failure_and_stops_where_all_would_fail(
    folder: Path, questions: Path, tmp_path: Path, cli: Cli
) -> None:
    out = tmp_path / "answers.jsonl"
    words = ("batch", str(folder), str(questions), "--out", str(out))
    outcome = cli(*words, generator=Failing("harbour", EngineCrashed("It died.")))
    assert outcome.code == 0
    assert "1 failed" in outcome.out
    assert ids(out) == ["a", "b", "c", "d"]
    out.unlink()
    outcome = cli(*words, generator=Failing("harbour", EngineStartFailed("It won't.")))
    outcome.assert_clear(1, "It won't.")
    assert ids(out) == ["a"]


def test_mistakes_are_told(folder: Path, questions: Path, tmp_path: Path, cli: Cli) -> None:
    out = str(tmp_path / "answers.jsonl")
    cli("batch", str(folder), "none.jsonl", "--out", out).assert_clear(2, "none.jsonl")
    cli("batch", str(folder), str(questions), "--out", out, "--parallel", "0").assert_clear(2, "1 or more")
    cli("eval", str(folder), str(questions), "--report", "a.pdf").assert_clear(2, ".html, .md or .json")
    cli("compare", str(folder), str(questions)).assert_clear(2, "only one variant")
    cli("compare", str(folder), str(questions), "--setting", "model").assert_clear(2, "names no values")
    taken = tmp_path / "taken.jsonl"
    taken.write_text("mine\n")
    cli("eval", "draft", str(folder), "--out", str(taken)).assert_clear(2, "exists already")
    cli("batch", str(folder), str(questions), "--out", str(taken)).assert_clear(2, "from another run")
    assert taken.read_text() == "mine\n"


def many(path: Path) -> Path:
    cats = [f"cat {one}{other}" for one in "abcde" for other in "abcdef"]  # numbers would be looked for in the folder
    return write_questions(path, [{"id": n, "question": f"Where does {cat} sleep?"} for n, cat in enumerate(cats)])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL, and its Ctrl-C ends the test itself")
@pytest.mark.parametrize("parallel", [1, 3] if THOROUGH else [3])
def test_a_batch_that_is_killed_and_stopped_at_random_comes_to_the_same_end(
    folder: Path, tmp_path: Path, parallel: int
) -> None:
    file, out = many(tmp_path / "questions.jsonl"), tmp_path / "answers.jsonl"
    words = ("batch", folder, file, "--out", out, "--parallel", str(parallel))
    chance = random.Random(20261123 + parallel)
    stops = 0
    for _ in range(3):
        before = len(ids(out)) if out.exists() else 0
        process = Program(
            command(*words), env=environment({"TEST_ANSWER_SECONDS": "0.05"}), cwd=REPOSITORY, stderr=subprocess.PIPE
        )
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if out.exists() and out.read_bytes().count(b"\n") > before:
                break
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.1))
        if process.poll() is None:
            stops += 1
            interrupt(process) if chance.random() < 0.5 else process.kill()
        _, said = process.communicate(timeout=100)
        assert process.returncode in (0, 130, -signal.SIGKILL), said.decode()
        assert b"Traceback" not in said
    assert stops > 1
    outcome = run_program(*words, "--json")
    assert outcome.json["answered"] + outcome.json["present"] == 30
    assert ids(out) == list(range(30))
    answers = [json.loads(line)["answer"] for line in out.read_text(encoding="utf-8").splitlines()]
    assert set(answers) == {"The cat sleeps on the warm roof."}


@pytest.mark.skipif(sys.platform == "win32", reason="its Ctrl-C ends the test itself")
def test_ctrl_c_says_how_to_go_on(folder: Path, tmp_path: Path) -> None:
    file, out = many(tmp_path / "questions.jsonl"), tmp_path / "answers.jsonl"
    process = Program(
        command("batch", folder, file, "--out", out),
        env=environment({"TEST_ANSWER_SECONDS": "0.1"}),
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
    )
    while process.poll() is None and not (out.exists() and out.stat().st_size):
        time.sleep(0.01)
    interrupt(process)
    _, said = process.communicate(timeout=100)
    assert process.returncode == 130
    assert b"continues from there" in said


# --- eval and compare ---------------------------------------------------------------------------------------------


def test_eval_prints_figures_and_writes_reports(folder: Path, questions: Path, tmp_path: Path, cli: Cli) -> None:
    reports = [tmp_path / "reports" / f"report{ending}" for ending in (".md", ".json", ".html")]
    flags = [word for report in reports for word in ("--report", str(report))]
    outcome = cli("eval", str(folder), str(questions), *flags)
    assert outcome.code == 0
    assert "| right within 20 words " in outcome.out
    assert "95% interval" in outcome.out
    assert all(report.stat().st_size for report in reports)
    stored = json.loads(reports[1].read_text(encoding="utf-8"))
    printed = cli("eval", str(folder), str(questions), "--json").json
    assert list(stored) == list(printed)
    assert stored["variants"][0]["summary"]["right"] == printed["variants"][0]["summary"]["right"]
    assert len(printed["variants"]) == 1 and printed["pairs"] == []


def test_eval_keeps_answers_and_scores_those_of_a_batch(
    folder: Path, questions: Path, tmp_path: Path, cli: Cli
) -> None:
    out = tmp_path / "answers.jsonl"
    cli("batch", str(folder), str(questions), "--out", str(out))
    silent = FakeGenerator("Wrong.")
    outcome = cli("eval", str(folder), str(questions), "--out", str(out), "--json", generator=silent)
    assert silent.prompts == []  # nothing was asked again
    assert outcome.json["variants"][0]["summary"]["right_20"]["value"] == 1


def test_compare_prints_pairs_and_the_questions_that_differ(
    folder: Path, questions: Path, tmp_path: Path, cli: Cli
) -> None:
    kept = tmp_path / "kept"
    words = ("compare", str(folder), str(questions), "--no-rag", "--strictness", "0", "--answers", str(kept))
    outcome = cli(*words)
    assert outcome.code == 0
    assert "p (McNemar)" in outcome.out and "\\\\" not in outcome.out
    assert "The variants differ on 3 of 4 questions." in outcome.out
    assert "✗ smollm2-135m, without documents: Nothing." in outcome.out
    assert len(list(kept.iterdir())) == 2
    printed = cli(*words, "--json").json
    assert [variant["rag"] for variant in printed["variants"]] == [True, False]
    assert [row["differs"] for row in printed["questions"]] == [True, True, True, False]


def test_a_question_about_other_things_is_rightly_refused(folder: Path, questions: Path, cli: Cli) -> None:
    printed = cli("compare", str(folder), str(questions), "--no-rag", "--json").json
    assert [row["differs"] for row in printed["questions"]] == [True, True, True, True]
    with_documents, _ = printed["questions"][3]["results"]
    assert with_documents["refused"]
    assert with_documents["right"]


def test_compare_combines_models_settings_and_variants(folder: Path, questions: Path, cli: Cli) -> None:
    outcome = cli(
        "compare", str(folder), str(questions), "--model", "a.gguf", "--model", "b.gguf", "--limit", "1",
        "--setting", "retrieval.mode=hybrid,lexical", "--variant", "Mine: model=c.gguf, rag=false", "--json",
    )  # fmt: skip
    assert [variant["name"] for variant in outcome.json["variants"]] == [
        "Mine", "a, mode hybrid", "a, mode lexical", "b, mode hybrid", "b, mode lexical",
    ]  # fmt: skip


def test_questions_that_all_fail_fail_the_command(folder: Path, questions: Path, cli: Cli) -> None:
    outcome = cli("eval", str(folder), str(questions), "--limit", "2", generator=Failing("", EngineCrashed("It died.")))
    assert outcome.code == 1
    assert "| questions that failed " in outcome.out and "100.0%" in outcome.out
    assert "It died." in outcome.out


def test_draft_writes_a_question_file_that_eval_takes(tmp_path: Path, cli: Cli) -> None:
    text = " ".join(f"The mill number {n} was built in {1800 + n} by Ada Whitlock of Kobe." for n in range(30))
    root = write_files(tmp_path / "library", {"mills.txt": text})
    out = tmp_path / "new" / "drafted.jsonl"

    def quiz(messages: Sequence[Message]) -> str:
        number = messages[-1].content.split("number ")[1].split()[0]
        return f"Question: Who built mill number {number}?\nAnswer: Ada Whitlock"

    outcome = cli("eval", "draft", str(root), "--out", str(out), "-n", "3", generator=FakeGenerator(quiz))
    assert outcome.code == 0
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(row["drafted"], row["file"], row["answers"]) for row in rows] == [
        (True, "mills.txt", ["Ada Whitlock"])
    ] * 3
    assert cli("eval", str(root), str(out), "--json").code == 0
    nothing = cli(
        "eval", "draft", str(root), "--out", str(tmp_path / "none.jsonl"), "--json", generator=FakeGenerator("x")
    )
    assert (nothing.code, nothing.json["questions"]) == (1, 0)
    assert not (tmp_path / "none.jsonl").exists()


def test_a_folder_called_draft_can_be_measured(tmp_path: Path, questions: Path) -> None:
    write_files(tmp_path / "draft", {"cats.txt": CATS})
    outcome = run_program("eval", f"{tmp_path}/draft", questions, "--json")
    assert outcome.code == 0


# --- the real thing -----------------------------------------------------------------------------------------------


@pytest.mark.models  # comparing is run with them by the snippets of docs/evaluation.md
def test_eval_with_the_starter_models(folder: Path, questions: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    outcome = run_program(
        "eval", folder, questions, "--out", out, "--json", "--max-tokens", "32", fake=False, timeout=280
    )
    assert outcome.code == 0, outcome.err
    summary = outcome.json["variants"][0]["summary"]
    assert summary["gold_in_context"]["value"] == 1
    assert summary["hit_1"]["value"] == 1
    assert 0 < summary["time_median"]["value"] < 60_000
