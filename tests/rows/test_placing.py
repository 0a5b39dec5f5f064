"""A quote from a sheet or a table names its row: in Python, in the JSON, on the terminal and in plain text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bunko.contract.serialise import to_json
from bunko.library import Library
from bunko.rows.sheets import row_at, sheets_of
from bunko.testing import FakeEmbedder, FakeGenerator
from bunko.types import Answer, Document, Span, TableRow
from tests.reading.files import xlsx
from tests.support import make_library, make_settings, write_files

ROWS = [["Team", "Cups"], ["Maple Leafs", "13"], ["Red Wings", "11"]]
MARKDOWN = "# Cups\n\nSome words.\n\n| Team | Cups |\n|---|---|\n| Maple Leafs | 13 |\n| Red Wings | 11 |\n\nMore."


def ask(root: Path, question: str) -> Answer:
    settings = make_settings(generation__style="extractive", answers__strictness=0.0)
    with Library(root, settings=settings, embedder=FakeEmbedder(), generator=FakeGenerator()) as library:
        library.sync()
        return library.ask(question)


def test_the_quotes_of_a_sheet_name_their_rows(tmp_path: Path) -> None:
    root = write_files(tmp_path / "a", {"hockey.xlsx": xlsx(ROWS), "a.txt": "The Maple Leafs play hockey."})
    answer = ask(root, "How many cups have the Maple Leafs?")
    row = TableRow(sheet="Sheet1", row=1, columns=("Team", "Cups"), cells=("Maple Leafs", "13"))
    assert row in [item.row for item in answer.evidence]
    assert {item.path for item in answer.evidence if item.row} == {"hockey.xlsx"}
    assert row.words == "Sheet1 › Team: Maple Leafs · Cups: 13"
    assert row.words in str(answer)
    tree = json.loads(json.dumps(to_json(answer)))
    assert tree["evidence"][[item.row for item in answer.evidence].index(row)]["row"] == {
        "sheet": "Sheet1",
        "row": 1,
        "columns": ["Team", "Cups"],
        "cells": ["Maple Leafs", "13"],
    }
    assert all("row" not in item for item in tree["evidence"] if item["path"] == "a.txt")


def test_the_row_of_a_table_in_a_document() -> None:
    start, end = MARKDOWN.index("| Team"), MARKDOWN.index("\n\nMore")
    table = Span(start=start, end=end, label="| Team | Cups |")
    heading = Span(start=0, end=len(MARKDOWN), label="Cups", level=1)
    document = Document(path="a.md", text=MARKDOWN, tables=(table,), headings=(heading,), format="markdown")
    found = row_at(document, MARKDOWN.index("11"))
    assert found == TableRow(sheet="Cups", row=2, columns=("Team", "Cups"), cells=("Red Wings", "11"))
    for place in (0, MARKDOWN.index("Team"), MARKDOWN.index("|---"), MARKDOWN.index("More")):
        assert row_at(document, place) is None


@pytest.mark.parametrize("gap", ["", "\n"])
def test_row_numbers_are_those_of_the_sheet(gap: str) -> None:
    text = "name | height\n" + gap + "\n".join(f"t{n} | {n} m" for n in range(1, 6))
    table = Span(start=0, end=len(text), label="name | height")
    document = Document(path="a.csv", text=text, tables=(table,), format="csv")
    sheet = sheets_of(document)[0]
    for row in sheet.rows:
        found = row_at(document, row.start + 1)
        assert found is not None
        assert (found.row, found.cells) == (row.number, row.cells)


def test_a_record_of_json_lines_is_a_row(tmp_path: Path) -> None:
    lines = [
        {"型番": "KX-200", "場所": "札幌"},
        {"型番": "KX-310", "場所": "仙台", "注": "二階\n北側"},
        {"型番": "KX-400"},
    ]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    library = make_library(write_files(tmp_path, {"機器.jsonl": text}))
    library.sync()
    document = library.document("機器.jsonl")
    assert document is not None
    found = [row_at(document, document.text.index(name)) for name in ("KX-200", "仙台", "北側", "KX-400")]
    assert [row.row for row in found if row] == [1, 2, 2, 3]
    assert found[2] is not None
    assert (found[2].sheet, found[2].columns) == ("機器", ("型番", "場所", "注"))
    assert found[2].cells[:2] == ("KX-310", "仙台")
    answer = library.ask("KX-310の場所はどこですか。")
    assert [item.row.cells[1] for item in answer.evidence if item.row][:1] == ["仙台"]


def test_a_record_with_a_text_is_a_document_and_no_row(tmp_path: Path) -> None:
    lines = [{"id": "a", "text": "The mill was rebuilt."}, {"id": "b", "text": "The bell was cast."}]
    library = make_library(write_files(tmp_path, {"notes.jsonl": "\n".join(map(json.dumps, lines))}))
    library.sync()
    document = library.document("notes.jsonl#a")
    assert document is not None
    assert row_at(document, 4) is None
