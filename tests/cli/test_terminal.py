"""What a person sees on a terminal: whole words, numbers and paths; colours; results apart from notes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.language.scripts import columns
from bunko.language.wrapping import LineWriter, wrapped, wrapped_lines
from tests.cli.terminal import Terminal, needs_pty
from tests.conftest import Cli
from tests.doc_tables import commands
from tests.support import make_library, write_files

URL = (
    "https://intranet.barrow-mill.example/documents/volunteers/rules-of-the-wheel-house-and-the-sluice-revision-7.html"
)
PATH = "/srv/archive/volunteers/rules-of-the-wheel-house-and-of-the-sluice-which-everybody-must-have-read-7.odt"
RULES = f"The rules are kept at {URL} and in {PATH} of the office, for 1,240.50 pounds and 3.75 shillings each year."
JAPANESE = (
    "水車小屋は1843年に大工の佐藤健一が建てたもので、費用は1,240円、問い合わせ先は0120-960-114である。"
    "取り扱いの規則はボランティアの手引きに記載されており、お茶は事務所の管理人が用意する。"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "library", {"rules-of-the-house.txt": RULES, "規則.txt": JAPANESE})


def too_wide(text: str, width: int) -> list[str]:
    """Return the lines that are too wide, but for those of one long word."""
    lines = [line for line in text.splitlines() if columns(line) > width]
    return [line for line in lines if max(map(columns, line.split())) < width - 14]


# --- breaking lines --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [20, 80, 120])
def test_no_line_ends_within_a_word_a_number_or_a_path(width: int) -> None:
    shown = wrapped(RULES, width, first="  ")
    assert shown.split() == RULES.split()
    assert not too_wide(shown, width)


@pytest.mark.parametrize("width", range(16, 60, 4))
def test_japanese_ends_lines_between_words(width: int) -> None:
    shown = wrapped(JAPANESE, width)
    assert shown.replace("\n", "") == JAPANESE
    assert max(map(columns, shown.splitlines())) <= width
    for line in shown.splitlines():
        assert line[0] not in "、。）」ー"
    for word in "1843年 1,240円 0120-960-114 佐藤健一 問い合わせ先 取り扱い ボランティア お茶 管理人".split():
        assert word in shown or columns(word) > width, word


@given(
    text=st.text(alphabet="ab 1,.-/、。水車はの「」\n-*", max_size=80),
    cuts=st.lists(st.integers(1, 7), min_size=1, max_size=40),
    width=st.integers(8, 30),
)
def test_pieces_are_broken_as_the_whole_is(text: str, cuts: list[int], width: int) -> None:
    shown: list[str] = []
    writer = LineWriter(shown.append, width=lambda: width, form="markdown")
    rest = text
    for cut in cuts:
        writer.write(rest[:cut])
        rest = rest[cut:]
    writer.write(rest)
    writer.end()
    assert "".join(shown) == wrapped_lines(text, width)
    assert re.sub(r"\s", "", "".join(shown)) == re.sub(r"\s", "", text)


def test_a_number_stays_with_its_unit_and_a_table_in_its_rows() -> None:
    assert "346 ms" in wrapped("retrieve 346 ms + select 1.2 s", 13)
    row = "| a long row of a table | of two cells |"
    shown: list[str] = []
    writer = LineWriter(shown.append, width=lambda: 10, form="markdown")
    writer.write(row)
    writer.end()
    assert "".join(shown) == row


# --- in a real terminal ----------------------------------------------------------------------------------------


@needs_pty
@pytest.mark.parametrize("width", [80, 120])
def test_answers_in_a_terminal_have_whole_words(folder: Path, width: int) -> None:
    make_library(folder).sync()
    for words in (
        ("ask", folder, "Where are the rules kept?"),
        ("ask", folder, "水車小屋を建てたのは誰ですか"),
        ("search", folder, "rules"),
        ("status", folder),
    ):
        with Terminal(*words, columns=width) as terminal:
            shown = terminal.end()
            assert terminal.code == 0, shown
        assert not too_wide(shown, width), words
        assert words[0] == "status" or "佐藤健一" in shown or (URL in shown and PATH in shown)


@needs_pty
def test_colours_are_for_terminals_that_want_them(folder: Path) -> None:
    make_library(folder).sync()
    for variables, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        with Terminal("ask", folder, "Where are the rules kept?", env=variables) as terminal:
            terminal.end()
        assert ("\x1b[1m" in terminal.raw) is coloured, variables


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", ["", *sorted(dict(commands()))])
def test_help_fits_the_terminal_and_breaks_no_flag(name: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from bunko.cli.parser import build_parser

    monkeypatch.setenv("COLUMNS", str(width))
    parser = dict(commands())[name] if name else build_parser()
    shown = parser.format_help()
    assert max(map(columns, shown.splitlines())) <= width
    assert not re.search(r"\w-\n", shown)


# --- results and notes -----------------------------------------------------------------------------------------


def test_results_are_on_stdout_times_and_notes_on_stderr(folder: Path, cli: Cli) -> None:
    outcome = cli("ask", str(folder), "水車小屋を建てたのは誰ですか")
    assert "回答" in outcome.out and "検索対象 2 件" in outcome.out
    assert " ms" not in outcome.out and "対応していない" not in outcome.out
    assert " ms" in outcome.err and "smollm2-135m は日本語に対応していない" in outcome.err
    batch = folder.parent / "questions.txt"
    batch.write_text("Where are the rules kept?\n", encoding="utf-8")
    outcome = cli("batch", str(folder), str(batch))
    assert URL in outcome.out and not re.search(r"\d s$", outcome.out, re.M)
    assert re.search(r"1\. \d+\.\d s$", outcome.err, re.M)


def test_one_question_at_a_time(cli: Cli) -> None:
    cli("ask", "F", "who", "built", "it").assert_clear(
        2, "One question at a time; put it in quotes.", 'bunko ask F "who built it"'
    )
    cli("search", "--in", "F", "water", "wheel").assert_clear(2, 'bunko search "water wheel"')


def test_words_that_are_in_no_document_are_not_shown_as_the_answer(folder: Path, cli: Cli) -> None:
    from bunko.testing import FakeGenerator

    small = FakeGenerator("6.6 million", parameters=135_000_000)
    outcome = cli("ask", str(folder), "Where are the rules kept?", generator=small)
    assert "\nAnswer\n" not in outcome.out
    assert "No short answer found\nThe model's answer ('6.6 million') is not in the documents; closest quote:\n" in (
        outcome.out
    )
    assert "closest quote" not in outcome.err
    assert cli("ask", str(folder), "Where are the rules kept?", "--json", generator=small).json["closest_quote"] is True
