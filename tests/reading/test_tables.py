"""Tables are found, with the header row that tells what their cells mean."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.reading.tables import markdown_cells, markdown_tables, row_label
from tests.strategies import anything

TABLE = "| 氏名 | Age |\n| --- | ---: |\n| Ada | 36 |\n| 太郎 | 41 |"
_PIECES = st.sampled_from(["| a | b |", "|---|:-:|", "| 1 | 2 |", "\n", "\n\n", "```", "x", "a|b", "-|-", "|", "日本"])
pipes = st.lists(_PIECES, max_size=30).map("".join)


@pytest.mark.parametrize(
    ("text", "labels", "tables"),
    [
        (TABLE, ["氏名 | Age"], [TABLE]),
        (f"Text.\n\n{TABLE}\n\nMore.\n\n{TABLE}\n", ["氏名 | Age"] * 2, [TABLE] * 2),
        (f"```\n{TABLE}\n```", [], []),
        ("a | b\n--- | ---\n1 | 2\nno row", ["a | b"], ["a | b\n--- | ---\n1 | 2"]),
        ("|  |  |\n|---|---|\n| 1 | 2 |", [""], ["|  |  |\n|---|---|\n| 1 | 2 |"]),
        ("a | b\n\n---|---\n1 | 2", [], []),
        ("Title\n-----\n| no | table |", [], []),
        ("", [], []),
    ],
)
def test_a_table_begins_at_its_header_and_ends_with_its_last_row(
    text: str, labels: list[str], tables: list[str]
) -> None:
    spans = markdown_tables(text)
    assert [span.label for span in spans] == labels
    assert [text[span.start : span.end] for span in spans] == tables


@given(st.one_of(pipes, anything))
def test_tables_are_whole_lines_in_order(text: str) -> None:
    spans = markdown_tables(text)
    assert all(one.end < other.start for one, other in itertools.pairwise(spans))
    for span in spans:
        assert span.start == 0 or text[span.start - 1] == "\n"
        assert span.end == len(text) or text[span.end] == "\n"
        assert all("|" in line for line in text[span.start : span.end].split("\n"))


def test_a_cell_may_hold_a_bar() -> None:
    assert markdown_cells(r"| a \| b | c |") == ["a | b", "c"]


def test_a_long_header_is_cut() -> None:
    assert len(row_label(["column"] * 500)) < 310
