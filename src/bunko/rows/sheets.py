"""Find the tables of a sheet's text. In: a Document as the index has it. Out: Sheets with rows and their places.

Knows nothing of types, questions or SQL.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bunko.types import Document, Span, TableRow

FORMATS = ("csv", "xlsx", "xlsm", "ods", "parquet", "jsonl")
"""The formats whose documents are sheets."""
SEPARATOR = " | "
_PLAIN = ("csv", "parquet")  # with " | " between the cells; the others have pipe tables
_CELL_EDGE = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"[|\s:-]+")
_RECORD_LINE = re.compile(r"(?P<key>[^\s:][^:\n]{0,80}): ?(?P<value>.*)")
# Words in the first cell of a row that repeats other rows' numbers; the row is left out.
_TOTALS = frozenset("total totals subtotal sub-total sum average mean 合計 総計 総合計 小計 計 平均".split()) | {
    "grand total",
    "sub total",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a sheet, and its place in the text of its document."""

    path: str
    start: int
    end: int
    number: int
    """Counted from 1 below the header."""
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table whose columns have names."""

    path: str
    name: str
    """The name of its sheet in a workbook; else of its file, without the ending."""
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    totals: int = 0
    """Rows that were left out since they add up others."""
    uneven: int = 0
    """Rows that were left out since they have more cells than the header."""


def sheets_of(document: Document) -> list[Sheet]:
    r"""Return the tables of a document in order.

    >>> text = "region | amount\nNorth | 120\nTotal | 120"
    >>> table = Span(start=0, end=len(text), label="region | amount")
    >>> sheet, = sheets_of(Document(path="sales.csv", text=text, tables=(table,), format="csv"))
    >>> sheet.name, sheet.columns, [row.cells for row in sheet.rows], sheet.totals
    ('sales', ('region', 'amount'), [('North', '120')], 1)
    """
    if document.format == "jsonl":
        found = _records(document)
        return [found] if found else []
    return [sheet for table in document.tables if (sheet := _table(document, table))]


def row_at(document: Document, place: int) -> TableRow | None:
    r"""Return the row of a table in which a character of the document stands; None outside of rows.

    >>> text = "Results\n\nregion | amount\nNorth | 120"
    >>> table = Span(start=9, end=len(text), label="region | amount")
    >>> row_at(Document(path="sales.csv", text=text, tables=(table,), format="csv"), 28).words
    'sales › region: North · amount: 120'
    """
    table = next((span for span in document.tables if span.start <= place < span.end), None)
    if table is None:
        return _record_at(document, place)
    is_piped = document.format not in _PLAIN
    text = document.text
    _, below, header = next(_lines(text, table.start, table.end), (0, table.end, ""))
    start = max(text.rfind("\n", table.start, place) + 1, table.start)
    stop = text.find("\n", place, table.end)
    line = text[start : table.end if stop < 0 else stop]
    if start <= below or not line.strip() or (is_piped and _RULE.fullmatch(line)):
        return None
    number = sum(1 for *_, other in _lines(text, below, start) if not (is_piped and _RULE.fullmatch(other))) + 1
    columns, cells = _cells(header, is_piped), _cells(line, is_piped)
    width = max(len(columns), len(cells))
    while width and not any(one[width - 1 : width] not in ([], [""]) for one in (columns, cells)):
        width -= 1
    columns, cells = ([*one, *[""] * width][:width] for one in (columns, cells))
    return TableRow(sheet=_name(document, table.start), row=number, columns=tuple(columns), cells=tuple(cells))


def stem_of(path: str) -> str:
    """Return the name of a file without folders and ending.

    >>> stem_of("2024/sales.csv")
    'sales'
    """
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Return names for columns that all differ and are not empty.

    >>> column_names(["a", "", "A"])
    ('a', 'column 2', 'A (2)')
    """
    names: list[str] = []
    taken: set[str] = set()
    for n, cell in enumerate(cells, 1):
        name = base = " ".join(cell.split()) or f"column {n}"
        count = 1
        while name.casefold() in taken:
            count += 1
            name = f"{base} ({count})"
        taken.add(name.casefold())
        names.append(name)
    return tuple(names)


def _table(document: Document, table: Span) -> Sheet | None:
    is_piped = document.format not in _PLAIN
    lines = list(_lines(document.text, table.start, table.end))
    if len(lines) < 2:
        return None
    header = _cells(lines[0][2], is_piped)
    while header and not header[-1].strip():
        header.pop()
    if len(header) < 1:
        return None
    rows: list[Row] = []
    totals = uneven = 0
    for n, (start, end, line) in enumerate(lines[1:], 1):
        if is_piped and n == 1 and _RULE.fullmatch(line):
            continue
        cells = _cells(line, is_piped)
        while len(cells) > len(header) and not cells[-1].strip():
            cells.pop()
        if len(cells) > len(header):
            uneven += 1
        elif is_total(cells):
            totals += 1
        else:
            full = (*cells, *[""] * (len(header) - len(cells)))
            rows.append(Row(path=document.path, start=start, end=end, number=n - is_piped, cells=full))
    return Sheet(
        path=document.path,
        name=_name(document, table.start),
        columns=column_names(header),
        rows=tuple(rows),
        totals=totals,
        uneven=uneven,
    )


def is_total(cells: Sequence[str]) -> bool:
    """Return whether a row adds up others: its first text is a word for that.

    >>> is_total(["", "Grand Total", "5"]), is_total(["総計", "5"]), is_total(["Total Energy", "5"])
    (True, True, False)
    """
    first = next((cell for cell in cells if cell.strip()), "")
    folded = " ".join(unicodedata.normalize("NFKC", first).casefold().split()).rstrip(":")
    return folded in _TOTALS and sum(bool(cell.strip()) for cell in cells) > 1


def _name(document: Document, start: int) -> str:
    if document.format in ("csv", "parquet"):
        return stem_of(document.path)
    above = [heading for heading in document.headings if heading.start <= start < heading.end]
    return above[0].label if above else stem_of(document.path)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and text of the lines that are not blank."""
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        if text[start:stop].strip():
            yield start, stop, text[start:stop]
        start = stop + 1


def _cells(line: str, is_piped: bool) -> list[str]:
    if not is_piped:
        return [cell.strip() for cell in (line + " ").split(SEPARATOR)]
    inner = line.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [cell.strip().replace("\\|", "|") for cell in _CELL_EDGE.split(inner)]


# --- records of a JSON Lines file -------------------------------------------------------------------------------------


def _record(block: str) -> dict[str, str]:
    """Return a record's values by their names; lines of a value that has several are joined."""
    record: dict[str, str] = {}
    last = ""
    for line in block.split("\n"):
        match = _RECORD_LINE.fullmatch(line)
        if match:
            last = match["key"]
            record[last] = match["value"].strip()
        elif last:
            record[last] = f"{record[last]} {line.strip()}".strip()
    return record


def _record_at(document: Document, place: int) -> TableRow | None:
    r"""Return the record of JSON Lines in which a character stands, as a row.

    >>> text = "id: KX-200\nsite: Sapporo\n\nid: KX-310\nsite: Sendai"
    >>> _record_at(Document(path="devices.jsonl", text=text, format="jsonl"), 40).words
    'devices › id: KX-310 · site: Sendai'
    """
    if document.format != "jsonl" or "#" in document.path:
        return None
    text = document.text
    before = text.rfind("\n\n", 0, place + 1)
    start = 0 if before < 0 else before + 2
    stop = text.find("\n\n", start)
    record = _record(text[start : len(text) if stop < 0 else stop])
    if not record:
        return None
    return TableRow(
        sheet=stem_of(document.path),
        row=text.count("\n\n", 0, start) + 1,
        columns=tuple(record),
        cells=tuple(record.values()),
    )


def _records(document: Document) -> Sheet | None:
    """Return the records as rows. A document of one record with a text is none."""
    if "#" in document.path:
        return None
    found: list[tuple[int, int, dict[str, str]]] = []
    start = 0
    for block in document.text.split("\n\n"):
        if record := _record(block):
            found.append((start, start + len(block), record))
        start += len(block) + 2
    names = list(dict.fromkeys(key for *_, record in found for key in record))
    counts = {name: sum(name in record for *_, record in found) for name in names}
    kept = [name for name in names if counts[name] * 20 >= len(found)]
    if len(found) < 2 or not kept:
        return None
    rows = [
        Row(path=document.path, start=start, end=end, number=n, cells=tuple(record.get(name, "") for name in kept))
        for n, (start, end, record) in enumerate(found, 1)
    ]
    return Sheet(path=document.path, name=stem_of(document.path), columns=column_names(kept), rows=tuple(rows))
