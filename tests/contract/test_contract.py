"""The JSON that programs read: the keys, their order, and what the values hold to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Cli
from tests.support import CATS, KYOTO, SHIPS, write_files

ANSWER = [
    "question", "answer", "reasoning", "refused", "evidence", "citations", "unsupported", "hits", "documents",
    "usage", "timings_ms", "kind", "model", "embedder",
]  # fmt: skip
EVIDENCE = ["path", "page", "start", "end", "quote", "score"]
CITATION = ["n", "path", "page", "start", "end", "quote", "sentence", "verified"]
HIT = ["path", "page", "start", "end", "score", "text"]
REPORT = ["added", "updated", "removed", "unchanged", "failed", "documents", "chunks", "seconds"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files: dict[str, str | bytes] = {"cats.txt": CATS, "sub/ships.md": f"# Kobe\n\n{SHIPS}", "京都.txt": KYOTO}
    return write_files(tmp_path, files | {"broken.pdf": b"%PDF-1.7"})


def test_an_answer_has_the_promised_keys(folder: Path, cli: Cli) -> None:
    answer = cli("ask", str(folder), "When did the harbour of Kobe open?", "--json").json
    assert list(answer) == ANSWER
    assert answer["evidence"]
    assert answer["citations"]
    assert all([name for name in item if name != "heading"] == EVIDENCE for item in answer["evidence"])
    assert all(list(item) == CITATION for item in answer["citations"])
    assert all([name for name in item if name != "heading"] == HIT for item in answer["hits"])
    assert {item["path"]: item.get("heading") for item in answer["evidence"]}["sub/ships.md"] == "Kobe"
    assert list(answer["documents"]) == ["searched", "cited", "quoted", "read"]
    assert list(answer["usage"]) == ["prompt_tokens", "completion_tokens", "cached_tokens"]
    assert list(answer["timings_ms"])[-1] == "total"


def test_an_answer_tells_what_was_asked_of_whom(folder: Path, cli: Cli) -> None:
    answer = cli("ask", str(folder), "When did the harbour of Kobe open?", "--json").json
    assert answer["question"] == "When did the harbour of Kobe open?"
    assert (answer["model"], answer["embedder"]) == ("fake", "fake")
    assert answer["documents"]["searched"] == 3
    assert answer["documents"]["cited"] == len({item["path"] for item in answer["citations"]})
    assert answer["refused"] is False


def test_paths_are_relative_with_forward_slashes_and_pages_are_null_where_there_are_none(
    folder: Path, cli: Cli
) -> None:
    best = cli("ask", str(folder), "When did the harbour of Kobe open?", "--json").json["evidence"][0]
    assert best["path"] == "sub/ships.md"
    assert best["page"] is None


def test_quotes_and_hits_are_slices_of_the_shown_text(folder: Path, cli: Cli) -> None:
    answer = cli("ask", str(folder), "金閣寺はいつ建てられましたか。", "--json").json
    shown = {
        item["path"]: cli("show", str(folder), item["path"], "--json").json["text"]
        for item in answer["hits"] + answer["evidence"]
    }
    for item in answer["evidence"] + answer["citations"]:
        assert shown[item["path"]][item["start"] : item["end"]] == item["quote"]
    for item in answer["hits"]:
        assert shown[item["path"]][item["start"] : item["end"]] == item["text"]


def test_evidence_and_hits_stand_best_first(folder: Path, cli: Cli) -> None:
    answer = cli("ask", str(folder), "Where do cats sleep?", "--json").json
    for items in (answer["evidence"], answer["hits"]):
        scores = [item["score"] for item in items]
        assert scores == sorted(scores, reverse=True)


def test_the_model_alone_answers_with_the_same_keys(cli: Cli) -> None:
    answer = cli("ask", "--no-rag", "Hello", "--json").json
    assert list(answer) == ANSWER
    assert (answer["evidence"], answer["citations"], answer["hits"]) == ([], [], [])
    assert answer["documents"] == {"searched": 0, "cited": 0, "quoted": 0, "read": 0}


def test_a_search_has_its_hits(folder: Path, cli: Cli) -> None:
    found = cli("search", str(folder), "harbour", "--json", "--top-k", "2").json
    assert found["query"] == "harbour"
    assert len(found["hits"]) == 2
    assert all([name for name in item if name != "heading"] == HIT for item in found["hits"])


def test_a_report_has_the_promised_keys(folder: Path, cli: Cli) -> None:
    report = cli("index", str(folder), "--json").json
    assert list(report) == REPORT
    assert (report["added"], report["updated"], report["removed"], report["unchanged"]) == (3, 0, 0, 0)
    assert report["documents"] == 3
    assert [list(item) for item in report["failed"]] == [["path", "error", "hint"]]
    assert report["failed"][0]["path"] == "broken.pdf"
