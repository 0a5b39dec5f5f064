"""Tables are found, with the header row that tells what their cells mean."""

from __future__ import annotations

import csv
import io
import itertools
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.reading.text.tables import markdown_cells, markdown_tables, read_csv, row_label
from tests.reading.files import read_one
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
        ("{|\n| a\n|-\n| b\n|}", [], []),
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


# --- CSV -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932", "utf-16"])
def test_a_table_is_read_whatever_parts_its_cells(tmp_path: Path, mark: str, encoding: str) -> None:
    rows = [["氏名", "Age", "住所"], ["田中", "1.5", "東京都 港区"], ["Ada", "", "London"]]
    document = read_one(tmp_path, "a.csv", "\r\n".join(mark.join(row) for row in rows).encode(encoding))
    assert document.text == "氏名 | Age | 住所\n田中 | 1.5 | 東京都 港区\nAda |  | London"
    assert [(span.start, span.end, span.label) for span in document.tables] == [
        (0, len(document.text), "氏名 | Age | 住所")
    ]
    assert document.format == "csv"


def test_a_row_is_one_line_whatever_is_quoted_in_it(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.csv", 'Name,Note\nAda,"first,\nsecond ""third"""\n\n,\nBob,x\n')
    assert document.text == 'Name | Note\nAda | first, second "third"\nBob | x'


def test_a_title_above_the_table_is_not_its_header(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.tsv", "Stanley Cups\t\t\nTeam\tPlace\tCups\nBlues\tSTL\t1\nLeafs\tTOR\t13\n")
    assert [span.label for span in document.tables] == ["Team | Place | Cups"]
    assert document.text[document.tables[0].start :].startswith("Team")


def test_a_quotation_mark_that_never_closes_loses_nothing(tmp_path: Path) -> None:
    text = 'a,"b\n' + "word,word\n" * 30_000
    assert read_one(tmp_path, "a.csv", text).text.count("word | word") == 30_000


def test_a_long_table_is_read_in_good_time(tmp_path: Path) -> None:
    text = "Name,Sum,City\n" + "".join(f"Customer {n},{n * 7},東京都\n" for n in range(100_000))
    begin = time.process_time()
    document = read_one(tmp_path, "a.csv", text)
    assert time.process_time() - begin < 10  # 0.5 s if all is well
    assert document.text.count("\n") == 100_000


@given(st.lists(st.lists(st.text(alphabet='ab,;"|\t\n 日', max_size=6), min_size=1, max_size=5), max_size=8))
def test_every_cell_is_in_the_text(rows: list[list[str]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    document = read_csv(buffer.getvalue().encode(), "a.csv")
    visible = "".join("".join(rows_cell for row in rows for rows_cell in row).split())
    assert set(visible) - set(document.text) <= set(',;"|')
    for span in document.tables:
        assert document.text[span.start : span.end].startswith(span.label[:20].rstrip())
