"""The example that trains a model: what it makes up, and what it has the model learn. The training is tested apart."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bunko.evaluation.questions import read_questions
from tests.support import REPOSITORY, make_library, write_files

MILL = "The mill was built in 1803. Its wheel was taken away in 1951, and sold to Ada Whitlock."


def load(name: str) -> ModuleType:
    path = REPOSITORY / "examples" / "fine_tune" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"fine_tune_{name}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def make_texts(out: Path, *arguments: str) -> Path:
    run(load("make_texts"), str(out), *arguments)
    return out


def run(module: ModuleType, *arguments: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["example", *arguments])
        module.main()


def test_what_is_made_up_has_the_answers_that_it_says(tmp_path: Path) -> None:
    out = make_texts(tmp_path, "--documents", "40")
    documents = {path.name: path.read_text(encoding="utf-8") for path in (out / "documents").iterdir()}
    questions = read_questions(out / "questions.jsonl")
    assert len(documents) == 40
    assert all(question.unanswerable != bool(question.answers) for question in questions)
    for question in questions:
        ((name, _),) = question.files
        assert all(answer.casefold() in documents[name].casefold() for answer in question.answers)
    refused = sum(question.unanswerable for question in questions) / len(questions)
    assert 0.3 < refused < 0.5


def test_no_two_sections_are_of_the_same_name(tmp_path: Path) -> None:
    texts = (make_texts(tmp_path, "--documents", "80") / "documents").iterdir()
    headings = [line for path in texts for line in path.read_text(encoding="utf-8").splitlines() if line[:3] == "## "]
    assert len(headings) == len(set(headings)) == 240


def test_questions_of_the_test_are_worded_as_none_of_the_training(tmp_path: Path) -> None:
    facts = [fact for _, facts in load("make_texts").SUBJECTS.values() for fact in facts]
    assert all(len(set(fact.asked)) == len(fact.asked) > 2 for fact in facts)
    seen = {question.text for question in read_questions(make_texts(tmp_path / "a") / "questions.jsonl")}
    unseen = {question.text for question in read_questions(make_texts(tmp_path / "b", "--unseen") / "questions.jsonl")}
    assert not seen & unseen


def test_what_is_learnt_is_the_prompt_of_bunko_and_a_phrase_of_its_quotes(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"mill.txt": MILL})
    questions = [
        {"question": "When was the mill built?", "answers": ["in the year 1803", "1803"]},
        {"question": "Who bought the wheel of the mill?", "answers": ["ada whitlock"]},
        {"question": "Who built the mill?", "unanswerable": True},
        {"question": "How high is the mill?", "answers": ["30 metres"]},
    ]
    file, out = tmp_path / "questions.jsonl", tmp_path / "prompts.jsonl"
    file.write_text("\n".join(map(json.dumps, questions)), encoding="utf-8")
    prepare = load("prepare")
    prepare.__dict__["open_library"] = make_library
    run(prepare, str(root), str(file), "--out", str(out))
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    refusal = " The documents don't say.\n"
    assert sorted(line["answer"] for line in lines) == [" 1803\n", " Ada Whitlock\n", refusal, refusal]
    assert all(line["text"].endswith("\nAnswer:") and "1803" in line["text"] for line in lines)


def test_a_question_is_put_again_without_the_passages_that_hold_its_answer(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"mill.txt": MILL, "other.txt": "The mill was painted red once."})
    file, out = tmp_path / "questions.jsonl", tmp_path / "prompts.jsonl"
    file.write_text('{"question": "When was the mill built?", "answers": ["1803"]}', encoding="utf-8")
    prepare = load("prepare")
    prepare.__dict__["open_library"] = make_library
    run(prepare, str(root), str(file), "--out", str(out), "--limit", "2", "--refusals", "0.5")
    right, without = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert "1803" in right["text"]
    assert right["answer"] == " 1803\n"
    assert "1803" not in without["text"].rpartition("\n\n")[0].rpartition("\n\n")[2]
    assert without["answer"] == " The documents don't say.\n"


def test_a_model_with_a_chat_template_learns_from_messages(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"mill.txt": MILL})
    file, out = tmp_path / "questions.jsonl", tmp_path / "prompts.jsonl"
    file.write_text('{"question": "When was the mill built?", "answers": ["1803"]}', encoding="utf-8")
    prepare = load("prepare")
    prepare.__dict__["open_library"] = make_library
    run(prepare, str(root), str(file), "--out", str(out), "--chat")
    (line,) = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert line["answer"] == "1803"
    assert [message["role"] for message in line["messages"]][::7] == ["system", "user"]
