"""Check an index: every byte, every row, every count. In: its place. Out: problems. Changes nothing.

A sync compares sizes and time stamps only. This reads everything, for `bunko index --check` and `bunko doctor`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from bunko.ports import VECTORS_PREFIX
from bunko.store.faults import mapped
from bunko.store.place import Place, place_of
from bunko.store.remote import is_remote
from bunko.store.rows import CHUNKS, DOCUMENTS, FILES, STATE
from bunko.store.seal import Seal
from bunko.store.tables import arrow

_SCHEMAS = {"files": FILES, "documents": DOCUMENTS, "chunks": CHUNKS, "state": STATE}
_WINDOW = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault of an index."""

    table: str
    detail: str

    def __str__(self) -> str:
        return f"{self.table}: {self.detail}"


def check_store(location: str, *, origin: Literal["folder", "user"]) -> tuple[Problem, ...]:
    """Return what is wrong with an index; nothing if it is whole. Raises StoreError where it can't be reached."""
    found: dict[str, str] = {}
    with mapped("checked", location):
        if not is_remote(location):
            verdict = Seal(Path(location)).judge(depth="whole", signed=origin == "folder")
            found |= {name.removesuffix(".lance"): fault for name, fault in verdict.faults.items()}
        place = place_of(location)
        names = place.names()
        for name in names:
            if name not in found and (fault := _unreadable(place, name)):
                found[name] = fault
        missing = [name for name in _SCHEMAS if name not in names]
        found |= {name: "is missing" for name in missing if names and name not in found}
    if names and not any(name in _SCHEMAS for name in found):
        with mapped("checked", location):
            found |= _miscounted(place, known=found)
    return tuple(Problem(table=table, detail=detail) for table, detail in sorted(found.items()))


def _unreadable(place: Place, name: str) -> str:
    """Read a whole table; return why it can't be read."""
    try:
        table = place.open(name)
        rows = sum(batch.num_rows for batch in table.search().limit(None).to_batches(_WINDOW))
        if rows != table.count_rows():
            return f"has {rows:,} rows that can be read, of {table.count_rows():,}"
        columns = {column for index in table.list_indices() for column in index.columns}
        if name == "chunks" and "search" not in columns:
            return "has no index of words"
        if name == "chunks" and rows:
            return _unsearchable(table)
    except (OSError, RuntimeError, ValueError, pa.ArrowException) as error:
        return " ".join(str(error).split())[:200]
    return ""


def _unsearchable(table: Any) -> str:
    row = table.search().select(["search"]).limit(1).to_list()[0]
    word = max(row["search"].split(), key=len, default="")[:30]
    table.search(word, query_type="fts").select(["key", "_score"]).limit(1).to_list()
    return ""


def _miscounted(place: Place, *, known: Mapping[str, str]) -> dict[str, str]:
    """Compare the tables with each other. Documents of an interrupted writer are no fault: the next sync ends them."""
    state = arrow(place.open("state"), ["name", "value"]).to_pylist()
    marks = {row["name"]: row["value"] for row in state}
    if marks.get("unfinished"):
        return {}
    found: dict[str, str] = {}
    documents = arrow(place.open("documents"), ["path", "file", "chunks"])
    chunks = place.open("chunks")
    wanted, there = pc.sum(documents["chunks"]).as_py() or 0, chunks.count_rows()
    if wanted != there:
        found["chunks"] = f"has {there:,} passages; the documents have {wanted:,}"
    files = arrow(place.open("files"), ["path"])["path"]
    stray = documents.filter(pc.invert(pc.is_in(documents["file"], files)))
    if len(stray):
        found["files"] = f"lacks the file of {len(stray):,} documents"
    keys = arrow(chunks, ["key"])["key"]
    for name in place.names():
        if name.startswith(VECTORS_PREFIX) and name not in known and marks.get(name) == str(chunks.version):
            rows = place.open(name).count_rows()
            if rows != int(marks.get(f"{name}.rows", rows)):
                found[name] = f"has {rows:,} vectors of {marks[f'{name}.rows']}, for {pc.count_distinct(keys)} passages"
    return found
