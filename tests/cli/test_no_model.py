"""`--model none`: a folder is asked without any language model. The embedder is a fake, the rest is real."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bunko.cli.main import main
from bunko.library import Library
from bunko.testing import FakeEmbedder, FakeGenerator
from tests.conftest import Cli
from tests.reader.tiny_reader import make_reader
from tests.support import Outcome, write_files

MILL = """# The mill

The old mill stands in Varn. It was built by Ada Lind, in 1911.

The lake beside it freezes in January because the valley has no sun then.
"""
HOTEL = "The hotel of Varn was built by Odd Lie in 1950. It has forty rooms and a lift."
ABOUT = "Ada Lind was an engineer from Hest. 安藤リンは技師である。水戸の灯台は1874年に安藤リンが建てた。"
WHO = "Who built the old mill?"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(write_files(tmp_path / "docs", {"mill.md": MILL, "hotel.txt": HOTEL, "people.txt": ABOUT}))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run a command without a language model: what would download or load one fails."""
    monkeypatch.setattr(Library, "embedder", FakeEmbedder())
    monkeypatch.setattr(Library, "_begin_embedder", lambda library: None)

    def nothing(*arguments: object, **options: object) -> None:
        raise AssertionError("a language model was looked for")

    monkeypatch.setattr("bunko.models.resolve", nothing)

    def run_it(*argv: str) -> Outcome:
        try:
            code = main([*argv, "--model", "none"])
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        captured = capsys.readouterr()
        return Outcome(code=code, out=captured.out, err=captured.err)

    return run_it


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = make_reader(tmp_path / "reader", ["Ada Lind"])
    monkeypatch.setenv("BUNKO_READER", str(path))
    return path


def test_a_fact_is_the_best_quote_without_a_reader(run: Callable[..., Outcome], folder: str) -> None:
    answer = run("ask", folder, WHO, "--json").json
    assert answer["answer"] == answer["evidence"][0]["quote"] in MILL
    assert answer["model"] == "none" and "span" not in answer
    assert [one["verified"] for one in answer["citations"]] == [True]


@pytest.mark.usefixtures("reader")
def test_a_fact_is_the_marked_words_with_a_reader(run: Callable[..., Outcome], folder: str) -> None:
    answer = run("ask", folder, WHO, "--json").json
    assert answer["answer"] == "Ada Lind"
    span, first = answer["span"], answer["evidence"][0]
    assert (span["text"], span["n"], span["agrees"]) == ("Ada Lind", 1, None)
    assert first["span"]["text"] == "Ada Lind" and first["path"] == "mill.md"
    assert MILL[span["start"] : span["end"]] == "Ada Lind"
    shown = run("ask", folder, WHO, "--no-cache")
    assert shown.code == 0 and shown.out.count("Answer\nAda Lind\n") == 1
    assert "supported by [1] mill.md" in shown.out and "Found in" not in shown.out


def test_the_answer_of_another_reader_is_not_given_again(
    run: Callable[..., Outcome], folder: str, reader: Path
) -> None:
    assert run("ask", folder, WHO, "--json").json["answer"] == "Ada Lind"
    run("ask", folder, WHO, "--json")
    make_reader(reader, ["1911"], card={"licence": "another"})
    assert run("ask", folder, WHO, "--json").json["answer"] == "1911"


@pytest.mark.usefixtures("reader")
def test_wide_questions_are_answered_by_quotes(run: Callable[..., Outcome], folder: str) -> None:
    listed = run("ask", folder, "Compare the old mill and the hotel of Varn.", "--json").json
    assert listed["answer"].count("\n") >= 1 and "Ada Lind" in listed["answer"] and "Odd Lie" in listed["answer"]
    assert "span" not in listed
    for question, words in (
        ("Who was Ada Lind?", "Ada Lind was an engineer from Hest."),
        ("Why does the lake freeze in January?", "because the valley has no sun"),
        ("How many documents are there?", "3"),
        ("Which documents mention Ada Lind?", "mill.md"),
        ("Summarise all documents.", "hotel.txt"),
        ("Was the hotel built in 1950?", "1950"),
        ("水戸の灯台を建てたのは誰ですか。", "水戸の灯台は1874年に安藤リンが建てた。"),
    ):
        answer = run("ask", folder, question, "--json", "--strictness", "0").json
        assert words in answer["answer"], (question, answer["answer"])
        assert not answer["unsupported"], question


@pytest.mark.usefixtures("reader")
def test_what_asks_a_model_is_left_out(run: Callable[..., Outcome], folder: str) -> None:
    flags = ["--bilingual", "--verify", "deep", "--instructions", "Be polite.", "--length", "long"]
    outcome = run("ask", folder, WHO, "--json", *flags)
    assert outcome.json["answer"] == "Ada Lind"
    assert "There is no translation: it needs a language model." in outcome.err


@pytest.mark.usefixtures("reader")
def test_a_follow_up_in_a_chat_is_joined_by_rule(
    run: Callable[..., Outcome], folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Where does the Old Mill stand?\nWho built it?\n"))
    outcome = run("chat", folder, "--json")
    _, second = map(json.loads, outcome.out.splitlines())
    assert second["answer"] == "Ada Lind"


def test_the_model_alone_needs_a_model(run: Callable[..., Outcome]) -> None:
    run("ask", "--no-rag", "Hello").assert_clear(2, "There is no language model to ask")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("models", "pull", "none"), "there is nothing to download"),
        (("models", "optimise", "none"), "stands for no language model"),
    ],
)
def test_commands_about_models_say_that_it_is_none(cli: Cli, argv: tuple[str, ...], said: str) -> None:
    outcome = cli(*argv)
    assert outcome.code != 0
    assert said in outcome.err


def test_the_lists_know_it(cli: Cli) -> None:
    assert "--model none" in cli("models", "list").out
    assert "No language model" in cli("models", "show", "none").out


def test_a_larger_model_says_more_below_the_marked_words(
    cli: Cli, folder: str, reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = FakeGenerator("Ada Lind built it. [1]", parameters=4_000_000_000)
    shown = cli("ask", folder, WHO, generator=generator)
    assert shown.code == 0
    found = next(line for line in shown.out.splitlines() if line.startswith("Found in "))
    assert " s: Ada Lind [" in found
    assert shown.out.index(found) < shown.out.index("Ada Lind built it.")


def test_a_library_may_name_it_in_its_own_settings(run: Callable[..., Outcome], folder: str) -> None:
    write_files(Path(folder), {".bunko/config.toml": 'model = "none"\n'})
    assert main(["ask", folder, WHO, "--json"]) == 0
