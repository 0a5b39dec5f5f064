"""The sets of questions over sheets: real files of each format, made from the texts beside this file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunko.language.data_files import read_data
from tests.reading.files import zipped
from tests.reading.office.samples import rows, workbook

HERE = Path(__file__).parent
SETS = ("first", "second")
_URN = "urn:oasis:names:tc:opendocument:xmlns"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question with the cells that its result must have."""

    text: str
    values: tuple[str, ...]
    needs_model: bool


def questions(name: str) -> list[Asked]:
    """Return the questions of a set."""
    return [
        Asked(text=one["text"], values=tuple(one["values"]), needs_model=one.get("needs") == "model")
        for one in read_data(HERE / name / "questions.toml")["question"]
    ]


def write_sheets(name: str, folder: Path) -> Path:
    """Write the sheets of a set into a folder. What ends with .tsv after another ending becomes a file of that kind."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in (HERE / name).iterdir():
        text = source.read_text(encoding="utf-8")
        if source.name == "questions.toml":
            continue
        inner = Path(source.stem)
        if source.suffix == ".tsv" and inner.suffix:
            (folder / inner.name).write_bytes(packed(inner.suffix, table(text, "\t")))
        else:
            (folder / source.name).write_text(text, encoding="utf-8")
    return folder


def table(text: str, mark: str) -> list[list[str]]:
    """Return the cells of a text."""
    return list(csv.reader(io.StringIO(text), delimiter=mark))


def packed(kind: str, cells: Sequence[Sequence[str]]) -> bytes:
    """Return a file of a kind that holds a table. Numbers are numbers in workbooks and in Parquet files."""
    if kind == ".xlsx":
        return workbook(rows(*(tuple(_number(cell) for cell in line) for line in cells)))
    if kind == ".ods":
        return _ods(cells)
    assert kind == ".parquet", kind
    return _parquet(cells)


def _number(cell: str) -> str | float:
    return int(cell) if cell.isascii() and cell.isdecimal() else cell


def _ods(cells: Sequence[Sequence[str]]) -> bytes:
    names = " ".join(f'xmlns:{name}="{_URN}:{name}:1.0"' for name in ("office", "text", "table", "style", "draw"))
    lines = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in line)
        + "</table:table-row>"
        for line in cells
    )
    content = (
        f"<office:document-content {names}><office:body><office:spreadsheet>"
        f'<table:table table:name="表">{lines}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    return zipped({"content.xml": content, "styles.xml": f"<office:document-styles {names}/>"})


def _parquet(cells: Sequence[Sequence[str]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, list[Any]] = {}
    for n, name in enumerate(cells[0]):
        texts = [line[n] for line in cells[1:]]
        try:
            columns[name] = [float(text) for text in texts]
        except ValueError:
            columns[name] = texts
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()
