"""The commands of a conversation, typed in a real terminal; no model sees them."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from bunko.cli.chat_commands import NAMES, ChatState, complete_word, help_text, is_command, run_command
from bunko.errors import UsageError
from tests.cli.terminal import CTRL_C, CTRL_D, LEFT, TAB, UP, Terminal, needs_pty
from tests.conftest import Cli
from tests.support import CATS, SHIPS, make_library, write_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = write_files(tmp_path / "library", {"cats.txt": CATS, "ships.md": f"# Kobe\n\n{SHIPS}"})
    make_library(root).sync()
    return root


def state(**values: object) -> ChatState:
    given = {"model": "a", "models": lambda: ("a", "b"), "has_documents": True}
    return ChatState(**{**given, **values})  # type: ignore[arg-type]


@needs_pty
def test_a_conversation_in_a_terminal(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("readline")
    saved = tmp_path / "talk.md"
    with Terminal("chat", folder, columns=100) as terminal:
        terminal.wait_for("\n> ")
        terminal.press("/help\n")
        shown = terminal.wait_for("\n> ")
        assert all(f"/{name}" in shown for name in NAMES)
        terminal.press("/sorces\n")
        assert "There is no command /sorces. Did you mean /sources?" in terminal.wait_for("\n> ")
        terminal.press("/sources\n")
        assert "There is no answer yet." in terminal.wait_for("\n> ")
        terminal.press("Where does the cat seep?" + LEFT * 4 + "l\n")  # edited: seep, sleep
        assert "The cat sleeps on the warm roof." in terminal.wait_for("\n> ")
        terminal.press("/sources\n")
        assert "[1] cats.txt" in terminal.wait_for("\n> ")
        terminal.press("/only ships*\n")
        assert "Asking only: ships*." in terminal.wait_for("\n> ")
        terminal.press(UP * 3 + "\n")  # the question, from the history
        shown = terminal.wait_for("\n> ")
        assert "Where does the cat sleep?" in shown and "Within file:ships*: 1 of 2" in shown
        terminal.press("/mod" + TAB + "\n")
        assert "smollm2-135m answers." in terminal.wait_for("\n> ")
        terminal.press(f"/save {saved}\n")
        assert "Saved: " in terminal.wait_for("\n> ")
        terminal.press(CTRL_C)
        assert "Ctrl-D ends the conversation." in terminal.wait_for("\n> ")
        terminal.press(CTRL_D)
        terminal.end()
        assert terminal.code == 0
    text = saved.read_text(encoding="utf-8")
    assert text.count("## Where does the cat sleep?") == 2
    assert "cats.txt: “The cat sleeps on the warm roof.”" in text


def test_what_begins_with_a_slash_reaches_no_model(folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from bunko.testing import FakeGenerator

    generator = FakeGenerator("An answer.")
    monkeypatch.setattr("sys.stdin", io.StringIO("/nonsense\n/help\n/model\n/quit\nWhere does the cat sleep?\n"))
    outcome = cli("chat", str(folder), generator=generator)
    assert outcome.code == 0 and generator.prompts == []
    assert "There is no command /nonsense." in outcome.err and "/sources" in outcome.out


def test_with_json_only_answers_are_on_stdout(folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("/help\nWhere does the cat sleep?\n/sources\n"))
    outcome = cli("chat", str(folder), "--json")
    assert outcome.json["answer"] and "/sources" in outcome.err and "[1] cats.txt" in outcome.err


def test_a_path_is_a_question_and_a_space_makes_one() -> None:
    assert is_command("/help") and is_command("/only a/*.txt b") and is_command("/x")
    assert not is_command("/srv/data: what is there?") and not is_command(" /help")
    assert not is_command("Is /help a command?")


def test_commands_change_the_next_question(tmp_path: Path) -> None:
    now = state()
    run_command("/model ~/m.gguf", now, forget=lambda: None)
    assert now.settings() == {"model": os.path.expanduser("~/m.gguf")}  # noqa: PTH111
    run_command("/only a b", now, forget=lambda: None)
    assert now.only == ("a", "b")
    assert run_command("/only", now, forget=lambda: None) == "Asking all documents."
    assert not state(only=()).only
    with pytest.raises(UsageError, match="no documents"):
        run_command("/only a", state(has_documents=False), forget=lambda: None)
    with pytest.raises(UsageError, match="needs a file"):
        run_command("/save", now, forget=lambda: None)
    forgotten: list[bool] = []
    run_command("/new", now, forget=lambda: forgotten.append(True))
    assert forgotten == [True]
    assert "Ctrl-C" in help_text()


def test_a_file_is_not_written_over(tmp_path: Path) -> None:
    from bunko.types import Answer

    there = tmp_path / "a.md"
    there.write_text("mine")
    now = state(answers=[Answer(question="Q", text="A")])
    with pytest.raises(UsageError, match="exists already"):
        run_command(f"/save {there}", now, forget=lambda: None)
    assert there.read_text() == "mine"


def test_tab_completes_commands_and_models() -> None:
    assert complete_word("/s", "/s", state()) == ["/sources", "/save"]
    assert complete_word("b", "/model b", state()) == ["b"]
    assert complete_word("wo", "a wo", state()) == []


def test_a_model_that_can_not_be_had_leaves_the_one_before(
    folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "/model nobody-has-this\nWhere does the cat sleep?\n/model\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    outcome = cli("chat", str(folder), "--offline")
    assert outcome.code == 0
    assert "nobody-has-this" in outcome.err and "smollm2-135m answers." in outcome.out
