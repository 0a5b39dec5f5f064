"""Tables in Markdown: in line, safe, and complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bunko.evaluation.comparing import compare
from bunko.evaluation.questions import Question
from bunko.evaluation.records import Comparison
from bunko.evaluation.tables import _plain, as_markdown, as_text
from bunko.evaluation.variants import build_variants
from bunko.language.scripts import columns
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
    for text in (as_markdown(comparison), as_text(comparison, questions=5)):
        assert "<script>" not in text and "<b>" not in text
        assert "\x1b" not in text
        assert "cat \\| sleep" in text


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
