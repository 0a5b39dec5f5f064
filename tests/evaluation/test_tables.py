"""Tables in Markdown: in line, safe, and complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bunko.evaluation.comparing import compare
from bunko.evaluation.questions import Question
from bunko.evaluation.records import Comparison, Interval, Pair
from bunko.evaluation.screen import in_words, on_screen
from bunko.evaluation.tables import _plain, as_markdown
from bunko.evaluation.variants import build_variants
from bunko.language.scripts import columns
from bunko.language.wrapping import wrapped
from bunko.library import Library
from bunko.testing import FakeGenerator
from tests.support import CATS, KYOTO, make_library, make_settings, write_files


@pytest.fixture
def comparison(tmp_path: Path) -> Comparison:
    root = write_files(tmp_path / "library", {"cats.txt": CATS, "京都.txt": KYOTO})
    questions = [
        Question(id=1, text="金閣寺はいつ建てられましたか。", answers=("1397年",)),
        Question(id=2, text="Where does <script>the</script> cat | sleep?", answers=("warm roof",)),
    ]
    variants = build_variants(make_settings(), written_out=["日本語: retrieval.top_k=3", "B: rag=false"])

    def prepare(library: Library) -> None:
        library.sync()

    return compare(
        questions,
        variants,
        open_library=lambda settings: make_library(root, generator=FakeGenerator("It <b>is</b>\na | roof.\x1b[31m")),
        title="Cats & 京都",
        prepare=prepare,
    )


def test_columns_are_in_line_in_japanese_too(comparison: Comparison) -> None:
    for block in re.findall(r"(?m)(?:^\|.*\n?)+", as_markdown(comparison)):
        assert len({columns(line) for line in block.splitlines()}) == 1, block


def test_texts_can_not_break_the_table_nor_the_terminal(comparison: Comparison) -> None:
    for row in comparison["questions"]:
        row["differs"] = True
    text = as_markdown(comparison)
    assert "<script>" not in text and "<b>" not in text
    assert "\x1b" not in text + on_screen(comparison, width=120, fill=wrapped, questions=5)
    assert "cat \\| sleep" in text


def test_the_terminal_shows_no_escapes_of_markdown(comparison: Comparison) -> None:
    text = on_screen(comparison, width=120, fill=wrapped, questions=5)
    assert "\\" not in text and "&lt;" not in text and "**" not in text
    assert "cat | sleep" in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_answers_are_side_by_side_where_there_is_room_and_no_line_is_too_wide(
    comparison: Comparison, width: int
) -> None:
    text = on_screen(comparison, width=width, fill=wrapped, questions=5)
    assert max(map(columns, text.splitlines())) <= width
    line = next(line for line in text.splitlines() if "日本語:" in line)
    assert ("B:" in line) is (width == 120)
    assert text.index("The variants differ on") > text.index("日本語:"), "the answers come first"
    assert text.index("took") < text.index("p (McNemar)"), "the words come before the figures"


def pair_of(**values: object) -> Pair:
    none = Interval(value=None, low=None, high=None)
    pair = Pair(a="A", b="B", wins=9, losses=0, ties=1, p=0.004, f1_difference=none, time_ratio=none, differences={})
    return Pair(**{**pair, **values})  # type: ignore[typeddict-item]


def test_statistics_are_told_in_plain_words_and_chance_is_named() -> None:
    quick = Interval(value=0.25, low=0.2, high=0.3)
    assert "A is right more often" in in_words(pair_of())[0]
    assert "B is right more often" in in_words(pair_of(wins=0, losses=9))[0]
    assert in_words(pair_of(wins=1, p=1.0))[0].endswith("That may be chance.")
    assert "on the same questions" in in_words(pair_of(wins=0, p=1.0))[0]
    assert "not known" in in_words(pair_of(p=None))[0]
    assert in_words(pair_of(time_ratio=quick))[1] == "B took 4.0 times as long as A."
    unsure = Interval(value=1.1, low=0.9, high=1.4)
    assert in_words(pair_of(time_ratio=unsure))[1] == "A took 1.1 times as long as B, which may be chance."
    assert not any("best" in text for text in in_words(pair_of(time_ratio=quick)))


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://leak.example/?q=1)", "[x](javascript:alert(1))", "[x][1]", "[x]", "<https://leak.example>",
        "<img src=x onerror=alert(1)>", "https://leak.example", "www.leak.example", "a@leak.example",
        "\\[x](https://leak.example)", "`[x](https://leak.example)", "\\![x](data:text/html;base64,x)",
    ],
)  # fmt: skip
def test_links_and_pictures_are_shown_as_text(text: str) -> None:
    written = _plain(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*[\[`]|<[a-z]|://|www\.|(?<!\\)@", written)
    shown = re.sub(r"\\(.)", r"\1", written).replace("&lt;", "<")
    assert shown == text


def test_everything_is_there(comparison: Comparison) -> None:
    text = as_markdown(comparison)
    for metric in comparison["metrics"]:
        assert metric["label"] in text
    for said in ("# Cats & 京都", "金閣寺", "日本語", "p (McNemar)", "1397年", "## Questions"):
        assert said in text
