"""Read Parquet files. In: a path. Out: a Document with one row a line, as of a CSV file.

Lists and records within a cell are written as JSON. Row groups are read one at a time.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from bunko.errors import ReadError
from bunko.reading.containers.members import Context, Items
from bunko.reading.text.tables import SEPARATOR, row_label
from bunko.types import Document, Span

_BATCH = 1_000  # rows
_MOST_COLUMNS = 10_000


def read_parquet(path: Path, relative: str, context: Context) -> Items:
    """Yield the file's table as a document. Raises ReadError where it is no Parquet file, or has no row."""
    most = context.settings.max_characters
    lines: list[str] = []
    size = 0
    for line in _lines(path):
        lines.append(line)
        size += len(line) + 1
        if size > most:
            break  # the caller refuses it for its size; the rest is not needed
    text = "\n".join(lines)
    header = lines[0].split(SEPARATOR) if lines else []
    tables = (Span(start=0, end=len(text), label=row_label(header)),) if len(lines) > 1 else ()
    yield Document(path=relative, text=text if len(lines) > 1 else "", tables=tables, format="parquet")


def _lines(path: Path) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as stream, pq.ParquetFile(stream, memory_map=False, pre_buffer=False) as file:
            names = file.schema_arrow.names
            if len(names) > _MOST_COLUMNS:
                raise ReadError(f"The file has {len(names):,} columns; the limit is {_MOST_COLUMNS:,}.", "Split it.")
            yield SEPARATOR.join(_one_line(name) for name in names)
            for batch in file.iter_batches(batch_size=_BATCH, use_threads=False):
                columns = [_values(column) for column in batch.columns]
                for row in zip(*columns, strict=True):
                    yield SEPARATOR.join(cell_text(value) for value in row).rstrip()
    except (pa.ArrowException, ValueError, KeyError) as error:
        reason = str(error).split("\n")[0][:200]
        raise ReadError(f"The file is no Parquet file, or is damaged: {reason}", "Write it again.") from error


def _values(column: Any) -> list[Any]:
    """Return the values of a column. Floats of 32 bits have seven digits that mean something."""
    values: list[Any] = column.to_pylist()
    if str(column.type) in ("float", "halffloat"):
        return [value if value is None else float(f"{value:.7g}") for value in values]
    return values


def cell_text(value: Any) -> str:
    """Return a value as a cell of one line.

    >>> [cell_text(value) for value in (None, True, 2.5, 1e-7, Decimal("1.50"), datetime.date(2024, 3, 5), ["a", 1])]
    ['', 'true', '2.5', '0.0000001', '1.50', '2024-03-05', '["a", 1]']
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        text = f"{value:.15g}"  # 0.1 + 0.2 is 0.3
        return f"{Decimal(text):f}" if "e" in text else text
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, Decimal | int | datetime.date | datetime.time | datetime.timedelta):
        return str(value)
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    return _one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=cell_text))


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
