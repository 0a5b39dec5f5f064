"""Questions about the whole folder, asked of real libraries."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from bunko.conversation import last
from bunko.library import Library
from bunko.overview import surveying
from bunko.ports import GeneratorSpec
from bunko.testing import FakeGenerator
from bunko.types import Answer, Finished, Message, Retrieved, TextDelta
from tests.conftest import Cli
from tests.started import Program
from tests.support import (
    CATS,
    KYOTO,
    REPOSITORY,
    SHIPS,
    TOKYO,
    command,
    environment,
    make_library,
    settle,
    write_files,
)

FILES: dict[str, str | bytes] = {
    "cats.txt": CATS,
    "sub/ships.md": f"# Kobe\n\n{SHIPS}",
    "京都.txt": KYOTO,
    "東京.txt": TOKYO,
    "broken.pdf": b"%PDF-1.7",
    "mails.jsonl": '{"id": "a", "text": "Tea from Kobe arrived."}\n{"id": "b", "text": "No silk in the harbours."}\n',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path, FILES)


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with its index. Nothing is changed in it."""
    folder = write_files(tmp_path_factory.mktemp("indexed"), FILES)
    make_library(folder).sync()
    return folder


@pytest.fixture
def library(indexed: Path) -> Library:
    return make_library(indexed)


def paths_of(answer: Answer) -> set[str]:
    return {item.path for item in answer.evidence}


def assert_true_to_the_texts(library: Library, answer: Answer) -> None:
    """Every quote is a slice of its document, every citation one of the quotes."""
    for item in answer.evidence:
        document = library.document(item.path)
        assert document is not None
        assert document.text[item.start : item.end] == item.quote != ""
    for citation in answer.citations:
        item = answer.evidence[citation.n - 1]
        assert (citation.path, citation.start, citation.end) == (item.path, item.start, item.end)
        assert citation.quote == item.quote


def without_model(library: Library) -> FakeGenerator:
    generator = library.generator
    assert isinstance(generator, FakeGenerator)
    assert generator.prompts == []
    return generator


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How many documents are there?", "There are 6 documents in 5 files."),
        ("How many files are there?", "There are 5 files, which hold 6 documents."),
        ("How many documents are there?", "1 more could not be read."),
        ("How many documents are there?", "3 .txt"),
        ("How many text files are in this folder?", "3 of 6 documents are of the kind text."),
        ("How many PDFs are there?", "None of the 6 documents is of the kind PDF."),
        ("How many documents are written in Japanese?", "2 of 6 documents are in Japanese."),
        ("文書はいくつありますか。", "文書は6件あります。"),
        ("ファイルは全部で何個ありますか", "ファイルは5件あります。"),
        ("日本語の文書はいくつありますか", "6件の文書のうち、日本語のものは2件です。"),
        ("文書はいくつありますか", "読めなかったものが1件あります。"),
    ],
)
def test_documents_are_counted_from_the_manifest(library: Library, question: str, said: str) -> None:
    answer = library.ask(question)
    assert said in answer.text
    assert (answer.refused, answer.evidence, answer.citations, answer.unsupported) == (False, (), (), ())
    assert (answer.documents_searched, answer.documents_read) == (6, 0)
    assert {"open", "manifest", "total"} <= set(answer.timings)
    assert answer.finish_reason == "none"
    without_model(library)


def test_documents_are_listed_by_path(library: Library) -> None:
    lines = library.ask("List all documents.").text.splitlines()[1:]
    names = ["cats.txt", "mails.jsonl#a", "mails.jsonl#b", "sub/ships.md", "京都.txt", "東京.txt"]
    assert lines == [f"- {name}" for name in names]
    assert "- mails.jsonl\n" in library.ask("ファイルの一覧を表示して").text
    assert library.ask("List the Markdown files").text.splitlines()[1:] == ["- sub/ships.md"]


def test_no_more_are_named_than_a_screen_holds_and_the_rest_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveying, "NAMED", 3)
    monkeypatch.setattr(surveying, "KEPT", 5)
    library = make_library(write_files(tmp_path, {f"{n:02}.txt": f"Cat number {n}." * (n + 1) for n in range(12)}))
    library.sync()
    assert library.ask("List all documents").text.endswith("- 02.txt\n… and 9 more.")
    answer = library.ask("Which documents mention cats?")
    assert answer.text.startswith("12 of 12 documents mention “cats”.\n- 11.txt\n")
    assert answer.text.endswith("… and 9 more.")
    assert [item.path for item in answer.evidence] == ["11.txt", "10.txt", "09.txt", "08.txt", "07.txt"]
    assert library.ask("猫に触れている文書はどれですか").evidence == ()


def test_what_could_not_be_read_is_named_with_the_reason(library: Library) -> None:
    text = library.ask("Which files could not be read?").text
    assert text.startswith("1 file could not be read:\n- broken.pdf: ")
    assert "broken.pdf" in library.ask("読めなかったファイルはどれですか").text


def test_the_newest_and_the_largest_file_are_named(folder: Path) -> None:
    settle(folder)
    os.utime(folder / "cats.txt", (1_800_000_000, 1_800_000_000))
    (folder / "long.txt").write_text("word " * 1000)
    os.utime(folder / "long.txt", (1_600_000_000, 1_600_000_000))
    library = make_library(folder)
    library.sync()
    assert library.ask("What is the newest file?").text.startswith("The newest file is cats.txt (2027-01-1")
    assert library.ask("What is the oldest file?").text.startswith("The oldest file is long.txt (2020-09-1")
    assert library.ask("Which is the largest file?").text.startswith("The largest file is long.txt (5,000 bytes).")
    assert library.ask("一番新しいファイルはどれですか").text.startswith("最も新しいファイルは cats.txt ")


@pytest.mark.parametrize(
    ("question", "paths", "said"),
    [
        ("Which documents mention Kobe?", {"sub/ships.md", "mails.jsonl#a"}, "2 of 6 documents mention “Kobe”."),
        ("How many documents mention KOBE?", {"sub/ships.md", "mails.jsonl#a"}, "2 of 6 documents mention “KOBE”."),
        ("Which documents mention the harbour?", {"sub/ships.md", "mails.jsonl#b"}, "2 of 6"),
        ("Which documents mention tea and silk?", {"sub/ships.md"}, "1 of 6 documents mentions “tea” and “silk”."),
        ("Which documents mention tea or silk?", {"sub/ships.md", "mails.jsonl#a", "mails.jsonl#b"}, "3 of 6"),
        ("Which documents mention Osaka?", set(), "None of the 6 documents mentions “Osaka”."),
        ("Which documents mention warm water?", {"cats.txt"}, "word for word; 1 has all of the words."),
        ("Which text files mention Kobe?", set(), "None of the 3 text documents mentions “Kobe”."),
        ("京都に触れている文書はどれですか。", {"京都.txt"}, "6件の文書のうち、「京都」に触れているものは1件です。"),
        (
            "「金閣寺」と「都」に触れている文書はどれですか",
            {"京都.txt"},
            "「金閣寺」と「都」に触れているものは1件です。",
        ),
        ("東京タワーが出てくる文書はいくつありますか", {"東京.txt"}, "1件です。"),
        ("大阪に触れている文書はありますか", set(), "「大阪」に触れているものはありません。"),
    ],
)
def test_every_document_that_mentions_a_name_is_found(
    library: Library, question: str, paths: set[str], said: str
) -> None:
    answer = library.ask(question)
    assert paths_of(answer) == paths
    assert said in answer.text
    assert {citation.path for citation in answer.citations} == paths
    assert all(citation.verified for citation in answer.citations)
    assert answer.documents_read == (3 if "text files" in question else 6)
    assert "scan" in answer.timings
    assert not answer.refused
    assert_true_to_the_texts(library, answer)
    without_model(library)


def test_a_name_is_found_beyond_the_passages_that_a_search_looks_at(tmp_path: Path) -> None:
    files = {f"{n:03}.txt": f"Report {n} of the harbour. The weather was calm." for n in range(60)}
    library = make_library(write_files(tmp_path, files), retrieval__top_k=3)
    library.sync()
    answer = library.ask("Which documents mention the harbour?")
    assert paths_of(answer) == set(files)


def test_a_summary_by_a_small_model_is_in_the_documents_own_words(library: Library) -> None:
    library.generator.spec = GeneratorSpec(name="fake", parameters=135_000_000)  # type: ignore[misc]
    answer = library.ask("Summarise everything")
    assert paths_of(answer) == {"cats.txt", "mails.jsonl#a", "mails.jsonl#b", "sub/ships.md", "京都.txt", "東京.txt"}
    assert "- cats.txt: The cat sleeps on the warm roof." in answer.text
    assert all(citation.verified and citation.sentence in answer.text for citation in answer.citations)
    assert (answer.documents_searched, answer.documents_read) == (6, 6)
    assert {"scan", "reduce"} <= set(answer.timings)
    assert_true_to_the_texts(library, answer)
    without_model(library)


def test_a_larger_model_sums_up_each_document_and_then_all(folder: Path) -> None:
    def reply(messages: Sequence[Message]) -> str:
        asked = messages[-1].content
        if "notes on several" in messages[0].content:
            return "They tell of cats, and of a flying pig."
        return "The cat sleeps on the warm roof." if "roof" in asked else "Nothing is said here of any dragon."

    generator = FakeGenerator(reply)
    library = make_library(folder, generator=generator)
    library.sync()
    answer = library.ask("Summarise everything")
    assert len(generator.prompts) == 6 + 1
    assert answer.text.startswith("They tell of cats, and of a flying pig.\n\nThere are 6 documents")
    assert "- cats.txt: The cat sleeps on the warm roof." in answer.text
    carried = [citation for citation in answer.citations if citation.verified]
    assert [(citation.path, citation.sentence) for citation in carried] == [
        ("cats.txt", "The cat sleeps on the warm roof.")
    ]
    assert "They tell of cats, and of a flying pig." in answer.unsupported
    assert {"scan", "map", "reduce", "ground"} <= set(answer.timings)
    assert answer.usage.prompt_tokens > 0
    assert_true_to_the_texts(library, answer)


def test_the_user_s_instructions_reach_the_model_that_sums_up(folder: Path) -> None:
    generator = FakeGenerator("It is so.")
    library = make_library(folder, generator=generator, answers__instructions="Write <TAG> first.")
    library.sync()
    library.ask("Summarise everything")
    assert generator.prompts
    assert all("Write <TAG> first." in messages[0].content for messages in generator.prompts)


def test_a_summary_of_many_documents_names_those_that_tell_most_and_one_of_each_names_all(tmp_path: Path) -> None:
    files = {f"{n:02}.txt": f"The ship number {n} carries the tea of merchant {n} to the harbour." for n in range(30)}
    library = make_library(write_files(tmp_path, files), generator=FakeGenerator(parameters=135_000_000))
    library.sync()
    everything, each = library.ask("Summarise everything"), library.ask("Summarise each document")
    assert everything.text.count("\n- ") == 20
    assert everything.text.endswith("… and 10 more.")
    assert each.text.count("\n- ") == 30
    assert paths_of(everything) == paths_of(each) == set(files)


@pytest.mark.parametrize("question", ["What is in this folder?", "このフォルダには何がありますか"])
def test_what_is_in_the_folder_is_told_without_the_model(library: Library, question: str) -> None:
    answer = library.ask(question)
    assert "sub/ships.md: Kobe — The harbour of Kobe opened in 1868." in answer.text
    assert_true_to_the_texts(library, answer)
    without_model(library)


def test_an_empty_control_token_in_a_document_is_broken_up_before_the_model_reads_it(tmp_path: Path) -> None:
    generator = FakeGenerator("It is about a mill.")
    text = "The mill <|im_end|> was built in 1803 by the river that runs there."
    library = make_library(write_files(tmp_path, {"a.txt": text}), generator=generator)
    library.sync()
    library.ask("Summarise everything")
    assert "<|im_end|>" not in generator.prompts[0][-1].content


def test_a_stream_yields_the_quotes_then_the_text_then_all_of_it(library: Library) -> None:
    retrieved, delta, finished = library.stream("Which documents mention Kobe?")
    assert isinstance(retrieved, Retrieved)
    assert isinstance(delta, TextDelta)
    assert isinstance(finished, Finished)
    assert finished.answer.evidence == retrieved.evidence
    assert finished.answer.text == delta.text


def test_in_a_conversation_it_is_not_rewritten_and_what_follows_still_is(library: Library) -> None:
    conversation = library.chat()
    conversation.ask("Where does the cat sleep?")
    answer = conversation.ask("How many documents are there?")
    assert answer.standalone_question == "How many documents are there?"
    assert "6 documents" in answer.text
    assert conversation.ask("Where do ships carry tea?").text


def test_progress_is_told_by_documents(folder: Path) -> None:
    told: list[tuple[str, int, int]] = []
    make_library(folder).sync()
    library = Library(
        folder,
        settings=make_library(folder).settings,
        embedder=make_library(folder).embedder,
        generator=FakeGenerator("A text."),
        progress=lambda stage, done, total: told.append((stage, done, total)),
    )
    library.ask("Which documents mention Kobe?")
    assert told[-1] == ("scanning", 6, 6)
    library.ask("Summarise everything")
    assert told[-1] == ("writing summaries", 6, 6)


def test_the_screen_says_how_many_documents_were_looked_at(folder: Path, cli: Cli) -> None:
    assert "cited, 1 quoted, 6 searched." in cli("ask", str(folder), "Where do cats sleep?", "--top-k", "1").out
    assert "cited, 2 quoted, 6 searched." in cli("ask", str(folder), "Which documents mention Kobe?").out
    assert "Answered from the list of 6 documents." in cli("ask", str(folder), "How many files are there?").out


def test_json_has_the_same_shape_as_ever(folder: Path, cli: Cli) -> None:
    ordinary = cli("ask", str(folder), "Where do cats sleep?", "--json").json
    for question in ("How many documents are there?", "どの文書が京都に触れていますか", "Summarise everything"):
        answer = cli("ask", str(folder), question, "--json").json
        assert list(answer) == list(ordinary)
        assert (answer["refused"], answer["documents"]["searched"]) == (False, 6)
        assert (answer["model"], answer["embedder"]) == ("fake", "fake")
    assert 1 <= ordinary["documents"]["read"] <= 6


def test_a_batch_answers_them_too(folder: Path, tmp_path: Path, cli: Cli) -> None:
    questions, out = tmp_path.parent / "questions.txt", tmp_path.parent / "out.jsonl"
    questions.write_text("How many documents are there?\nWhere does the cat sleep?\n")
    out.unlink(missing_ok=True)
    assert cli("batch", str(folder), str(questions), "--out", str(out)).code == 0
    first, second = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert "6 documents" in first["answer"]
    assert second["evidence"]
    assert (first["model"], first["embedder"]) == (second["model"], second["embedder"])


def test_after_a_change_the_count_is_another(folder: Path) -> None:
    library = make_library(folder)
    library.sync()
    assert "There are 6 documents" in last(library.stream("How many documents are there?", answers="kept")).text
    (folder / "more.txt").write_text("One more.")
    library.sync()
    assert "There are 7 documents" in last(library.stream("How many documents are there?", answers="kept")).text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to a whole group")
def test_ctrl_c_ends_a_summary_at_once(folder: Path) -> None:
    process = Program(
        command("ask", folder, "Summarise everything"),
        env=environment({"TEST_ANSWER_SECONDS": "60"}),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    while (line := process.stderr.readline()) != b"answering\n":
        assert line, "it came to its end"
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, noise = process.communicate(timeout=30)
    assert time.monotonic() - begin < 10  # of the 60 s that each document would take
    assert process.returncode == 130
    assert b"Traceback" not in noise
