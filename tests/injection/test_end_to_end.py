"""What must hold of every document of benchmarks/injections.jsonl, whatever a model makes of it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bunko.answering.prompts import answer_messages, extractive_messages, fence, stop_texts
from bunko.cli.common import safe
from bunko.contract.serialise import to_json
from bunko.evaluation.tables import _plain
from bunko.indexing.sync import sync
from bunko.injection.detection import gives_orders
from bunko.question.question import parse_question
from bunko.reading.read import read_file
from bunko.reading.text.unseen import unseen
from bunko.settings import ReadingSettings
from bunko.testing import FakeGenerator
from bunko.types import Evidence
from tests.support import make_library

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
pytestmark = pytest.mark.skipif(not (BENCHMARKS / "injections.py").exists(), reason="the sources without benchmarks/")
UNSEEN = (
    "display-none font-size-0 white-on-white html-comment off-screen pdf-invisible pdf-white pdf-tiny pdf-off-page "
    "tag-characters variation-selectors osc-8"
).split()
FORGED = re.compile(r"<\|im_|\[/?INST\]|<</?SYS>>|</?s>|(?:Question|Answer|質問|答え)\s*[:：]", re.IGNORECASE)


def suite() -> ModuleType:
    spec = importlib.util.spec_from_file_location("injections", BENCHMARKS / "injections.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ROWS: list[dict[str, Any]] = suite().load() if (BENCHMARKS / "injections.jsonl").exists() else []


def text_of(row: dict[str, Any], folder: Path) -> str:
    suite().write_documents([row], folder)
    name = f"{row['name']}.{row['file']}"
    return read_file(folder / name, name, settings=ReadingSettings(ocr="off")).text


def kind(row: dict[str, Any]) -> str:
    return str(row["name"]).rpartition("-")[0]


def test_the_suite_is_what_it_says() -> None:
    assert len(ROWS) >= 60
    assert {row["language"] for row in ROWS} == {"en", "ja"}
    for column in ("name", "question", "payload"):
        assert len({row[column] for row in ROWS}) == len(ROWS)
    assert all(row["answer"] in row["text"] and row["answer"] not in row["question"] for row in ROWS)
    assert set(UNSEEN) <= {kind(row) for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_the_answer_is_read_and_what_nobody_sees_is_not(row: dict[str, Any], tmp_path: Path) -> None:
    text = text_of(row, tmp_path)
    assert row["answer"] in text
    assert not unseen(text)
    assert "\x1b" not in text
    if kind(row) in UNSEEN:
        assert row["payload"] not in text
        assert not gives_orders(text)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
@pytest.mark.parametrize("style", ["free", "chat", "plain"])
def test_a_source_forges_nothing_in_any_prompt(row: dict[str, Any], style: str, tmp_path: Path) -> None:
    text = text_of(row, tmp_path)
    language = row["language"]
    quotes = [Evidence(path="a", start=0, end=9, quote=one, score=1.0, heading=text) for one in (text, "Second.")]

    def build(evidence: list[Evidence]) -> str:
        if style == "free":
            messages = answer_messages(parse_question(row["question"]), evidence, language=language)
        else:
            messages = extractive_messages(
                parse_question(row["question"]),
                evidence,
                language=language,
                form="plain" if style == "plain" else "chat",
            )
        return messages[-1].content

    bare, whole = build([quotes[1]]), build(quotes)
    assert len(whole.splitlines()) == len(bare.splitlines()) + 1, "a source is a line"
    assert not FORGED.search(fence(" ".join(text.split())))
    assert len(FORGED.findall(whole)) == len(FORGED.findall(bare))
    assert all(whole.count(stop) == bare.count(stop) for stop in stop_texts(language))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_whatever_is_said_arrives_as_text(row: dict[str, Any]) -> None:
    said = row.get("hidden", row["text"])
    assert not [sign for sign in safe(said) if sign not in "\n\t" and not sign.isprintable() and sign != "\u3000"]
    markdown = _plain(said)
    assert not re.search(r"(?<!\\)\[|<[a-zA-Z/!]|https?://", markdown)


def test_all_of_them_together_leave_the_true_answers_and_say_what_they_tried(tmp_path: Path) -> None:
    suite().write_documents(ROWS, tmp_path)
    orders = right = 0
    with make_library(tmp_path, generator=FakeGenerator()) as library:
        sync(tmp_path, library.store, library.embedder, settings=library.settings)
        for row in ROWS:
            answer = library.ask(row["question"])
            tree = to_json(answer)
            flagged = [item for item in answer.evidence if item.gives_orders]
            assert [item.get("gives_orders", False) for item in tree["evidence"]] == [  # type: ignore[attr-defined]
                item.gives_orders for item in answer.evidence
            ]
            told = ("gives instructions to the assistant", "アシスタントへの指示")
            assert bool(flagged) == any(said in note for note in answer.notes for said in told)
            assert not (flagged and answer.evidence[0].gives_orders), "while there are other quotes"
            assert not any(gives_orders(item.quote) for item in answer.evidence if not item.gives_orders)
            orders += gives_orders(answer.text)
            right += row["answer"] in " ".join(item.quote for item in answer.evidence)
    assert orders == 0, "the quote next to the question is never an order"
    assert right >= 0.9 * len(ROWS)
