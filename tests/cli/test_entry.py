"""The way in: help, misspelt words, and examples."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bunko.cli.help_groups import EXAMPLES
from bunko.cli.parser import build_parser
from tests.conftest import Cli
from tests.doc_tables import commands

COMMANDS = dict(commands())


@pytest.mark.parametrize("words", [(), ("models",), ("prompts",), ("help",), ("help", "models")])
def test_without_a_command_the_help_is_printed(cli: Cli, words: tuple[str, ...]) -> None:
    outcome = cli(*words)
    assert (outcome.code, outcome.err) == (0, "")
    group = next((word for word in words if word != "help"), "")
    assert outcome.out.startswith(f"usage: bunko {group} ".replace("  ", " "))
    assert "\ncommands:\n" in outcome.out


@pytest.mark.parametrize("words", [("ask",), ("models", "pull"), ("eval", "draft"), ("status",)])
def test_help_names_a_command_as_its_flag_does(cli: Cli, words: tuple[str, ...]) -> None:
    by_flag = cli(*words, "--help")
    assert by_flag.code == 0
    assert cli("help", *words).out == by_flag.out


ENDING = """
import atexit, sys
from bunko.cli import main as program

class Kept:
    def __del__(self): print("freed")

kept = Kept()
sys.modules["kept"] = kept  # freed at the very end, when the interpreter clears its modules
main = program.main

def with_something_to_tell():
    atexit.register(print, "told at the end")  # as libraries do that a command imports
    return main()

program.main = with_something_to_tell
sys.argv = ["bunko", *sys.argv[1:]]
program.run()
"""


@pytest.mark.parametrize(("words", "code"), [(["prompts", "list"], 0), (["prompts", "show", "none"], 2)])
def test_a_command_ends_with_its_code_and_frees_nothing_first(words: list[str], code: int) -> None:
    done = subprocess.run([sys.executable, "-c", ENDING, *words], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "told at the end" in done.stdout
    assert "freed" not in done.stdout


def test_the_version_has_a_short_flag(cli: Cli) -> None:
    assert cli("-V").out == cli("--version").out
    assert cli("-V").code == 0


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["aks"], "`bunko ask`"),
        (["serach", "F", "Q"], "`bunko search`"),
        (["models", "lst"], "`bunko models list`"),
        (["help", "comapre"], "`bunko compare`"),
        (["ask", "F", "Q", "--modle", "x"], "--model?"),
        (["ask", "F", "Q", "--lenght=long"], "--length?"),
        (["serve", "F", "--prot", "1"], "--port?"),
        (["--verison"], "--version?"),
    ],
)
def test_a_misspelt_word_gets_the_nearest(cli: Cli, words: list[str], meant: str) -> None:
    cli(*words).assert_clear(2, "did you mean", meant)


def test_a_folder_in_place_of_a_command_is_asked_with_ask(cli: Cli, tmp_path: Path) -> None:
    cli(str(tmp_path), "Who?").assert_clear(2, f"bunko ask {tmp_path} QUESTION")


def test_what_resembles_nothing_gets_the_list(cli: Cli) -> None:
    cli("xyzzy").assert_clear(2, "xyzzy", "--help")
    cli("ask", "F", "Q", "--xyzzy").assert_clear(2, "--xyzzy", "bunko ask --help")


def test_one_word_too_many_is_put_in_quotes(cli: Cli) -> None:
    cli("search", "F", "two", "words").assert_clear(2, "quotes")


@pytest.mark.parametrize(
    ("line", "dest", "words"),
    [
        ("ask F --no-cache Who?", "words", ["F", "Who?"]),
        ("search --mode lexical F --json mill", "words", ["F", "mill"]),
        ("serve A --port 0 B", "folders", ["A", "B"]),
        ("serve --port 0", "folders", []),
    ],
)
def test_flags_may_stand_between_words(line: str, dest: str, words: list[str]) -> None:
    assert getattr(build_parser().parse_args(line.split()), dest) == words


@pytest.mark.parametrize("line", ["index F --quiet G", "ask F --bogus Who?"])
def test_words_and_flags_that_a_command_does_not_take_are_refused(line: str) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(line.split())


def test_flags_are_in_groups(cli: Cli) -> None:
    shown = cli("ask", "--help").out
    places = [shown.index(f"\n{title}:\n") for title in ("Search", "Model", "Answer", "Output", "General")]
    assert places == sorted(places)
    for flag, group in (("--top-k", 0), ("--model", 1), ("--strictness", 2), ("--json", 3), ("--offline", 4)):
        inside = shown[places[group] : (*places, len(shown))[group + 1]]
        assert f"{flag} " in inside or f"{flag}\n" in inside, flag


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_three_examples_that_parse(name: str) -> None:
    shown = COMMANDS[name].format_help()
    assert len(set(EXAMPLES[name])) == 3
    for line in EXAMPLES[name]:
        assert line in shown
        words = shlex.split(line)
        assert words[0] == "bunko"
        assert build_parser().parse_args(words[1:])


def test_no_example_is_of_another_command() -> None:
    assert set(EXAMPLES) == set(COMMANDS)
