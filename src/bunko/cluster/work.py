"""What a task does on a node. In: some files of a source. Out: fragments on the store that no table names yet.

Files are fetched, read, cut and embedded with the functions of `bunko.indexing`, so that the rows are those of a sync.
What is written is visible to nobody until the driver commits it: a task that died half-way has changed nothing.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lance
import pyarrow as pa
import pyarrow.compute as pc
from lance.fragment import write_fragments

import bunko
from bunko.cluster.plan import Task
from bunko.engines import load_embedder
from bunko.errors import ClusterError
from bunko.indexing.commit import Batch, Counts
from bunko.indexing.compare import file_digest, fingerprint
from bunko.indexing.embed import in_batches
from bunko.indexing.sync import read_into
from bunko.settings import Settings
from bunko.sources import open_source
from bunko.store.faults import mapped
from bunko.store.remote import storage_options
from bunko.store.rows import CHUNKS, DOCUMENTS, Entry, FileRecord, chunk_table, document_table, file_table
from bunko.store.tables import conditions
from bunko.store.vectors import to_embed
from bunko.types import under_heading

if TYPE_CHECKING:
    from bunko.ports import Embedder
    from bunko.reading.folder import FileEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What all tasks of a run have in common. Values only: it is sent to the nodes."""

    source: str
    location: str
    settings: Settings
    vectors: str
    """The name of the table of vectors."""
    version: str = bunko.__version__


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a task has written: fragments as JSON, and records of files that only have a new time stamp."""

    fragments: Mapping[str, Sequence[str]]
    """By the name of the table."""
    touched: Sequence[FileRecord]
    replaced: Sequence[str]
    """Files whose old rows go when the new ones come."""
    files: int
    bytes: int
    chunks: int
    embedded: int
    failed: int
    host: str
    seconds: float
    cpu_s: float


def table_uri(location: str, name: str) -> str:
    """Return where Lance finds a table."""
    return f"{location.rstrip('/')}/{name}.lance"


def open_table(location: str, name: str, version: int | None = None) -> Any:
    """Open a table of an index with Lance itself. Raises StoreError."""
    with mapped("opened", location):
        return lance.dataset(
            table_uri(location, name), version=version, storage_options=storage_options(location) or None
        )


def work(job: Job, tasks: Sequence[Task], known_at: int) -> Done:
    """Index some files. Passages that have a vector at version `known_at` of that table are not embedded again."""
    if job.version != bunko.__version__:
        raise ClusterError(
            f"The node {socket.gethostname()} has Bunko {bunko.__version__}; the driver has {job.version}.",
            "Install the same version on every node.",
        )
    begin, cpu = time.monotonic(), _cpu_s()
    settings = job.settings
    embedder = _embedder(settings)
    rows = CollectedRows()
    with tempfile.TemporaryDirectory(prefix="bunko-node-") as folder:
        files = open_source(job.source).fetch([task.file for task in tasks], Path(folder))
        touched, changed = _compared(tasks, files, settings)
        read_into(Batch(rows), changed, before={}, embedder=embedder, counts=Counts(), settings=settings)
    tables = rows.tables()
    tables[job.vectors] = _vectors(job, tables["chunks"], embedder, known_at)
    fragments = {name: _written(job.location, name, table) for name, table in tables.items()}
    read = {file.path for file in changed}
    return Done(
        fragments=fragments,
        touched=touched,
        replaced=[task.file.path for task in tasks if task.known and task.file.path in read],
        files=len(tasks),
        bytes=sum(task.file.size for task in tasks),
        chunks=tables["chunks"].num_rows,
        embedded=tables[job.vectors].num_rows,
        failed=int(pc.sum(pc.not_equal(tables["documents"]["error"], "")).as_py() or 0),
        host=os.environ.get("BUNKO_NODE_NAME", socket.gethostname()),
        seconds=time.monotonic() - begin,
        cpu_s=_cpu_s() - cpu,
    )


class CollectedRows:
    """Takes what a Batch writes, as Arrow tables. What can't be a row raises StoreDamaged, as in a Store."""

    def __init__(self) -> None:
        self._chunks: list[Any] = []
        self._documents: list[Any] = []
        self._files: dict[str, FileRecord] = {}

    def write(self, entries: Sequence[Entry], *, replacing: Sequence[str] = ()) -> None:
        """Add documents in place of those at some paths."""
        self.remove_documents(replacing)
        with mapped("written", "the store"):
            chunks, documents = chunk_table(entries), document_table(entries)
        self._chunks.append(chunks)
        self._documents.append(documents)

    def write_chunks(self, entry: Entry) -> None:
        """Add some chunks of a document that is written later."""
        with mapped("written", "the store"):
            self._chunks.append(chunk_table([entry]))

    def remove_documents(self, paths: Sequence[str]) -> None:
        """Drop documents."""
        if paths:
            gone = pa.array(paths, pa.string())
            for tables in (self._chunks, self._documents):
                tables[:] = [table.filter(pc.invert(pc.is_in(table["path"], value_set=gone))) for table in tables]

    def settle_files(self, records: Sequence[FileRecord]) -> None:
        """Add files whose documents are all written."""
        self._files |= {record.path: record for record in records}

    def share(self) -> None:
        """Do nothing: the driver commits the rows."""

    def tables(self) -> dict[str, Any]:
        """Return all rows, by the names of their tables."""
        return {
            "chunks": pa.concat_tables([CHUNKS.empty_table(), *self._chunks]),
            "documents": pa.concat_tables([DOCUMENTS.empty_table(), *self._documents]),
            "files": file_table(list(self._files.values())),
        }


def _compared(
    tasks: Sequence[Task], files: Sequence[FileEntry], settings: Settings
) -> tuple[list[FileRecord], list[FileEntry]]:
    """Return new records of files with the content that is indexed, and the files to read."""
    indexed_as = fingerprint(settings)
    touched, changed = [], []
    for task, file in zip(tasks, files, strict=True):
        before = task.before
        if before is None or file_digest(file, indexed_as) != before.digest:
            changed.append(file)
        elif before.modified_ns != file.modified_ns:
            touched.append(replace(before, modified_ns=file.modified_ns))
    return touched, changed


def _vectors(job: Job, chunks: Any, embedder: Embedder, known_at: int) -> Any:
    """Return the vectors of the passages that have none, each text once."""
    texts = dict(
        zip(
            chunks["key"].to_pylist(),
            map(under_heading, chunks["heading"].to_pylist(), chunks["text"].to_pylist()),
            strict=True,
        )
    )
    table = open_table(job.location, job.vectors, known_at)
    known = [
        key
        for condition in conditions("key", list(texts))
        for key in table.to_table(columns=["key"], filter=condition)["key"].to_pylist()
    ]
    wanted = chunks.filter(to_embed(chunks, embedder.spec, pa.array(known, pa.string())))["key"].to_pylist()
    texts = {key: texts[key] for key in wanted}
    keys, parts = [], []
    for batch in in_batches(texts):
        keys += batch
        parts.append(embedder.embed_passages([texts[key] for key in batch]).reshape(-1))
    flat = pa.concat_arrays([pa.array(part, pa.float32()) for part in parts] or [pa.array([], pa.float32())])
    vectors = pa.FixedSizeListArray.from_arrays(flat, embedder.spec.dimension)
    return pa.table({"key": pa.array(keys, pa.string()), "vector": vectors})


def _written(location: str, name: str, rows: Any) -> list[str]:
    """Write rows of a table as fragments, and return what a commit needs of them."""
    if not rows.num_rows:
        return []
    table = open_table(location, name)
    with mapped("written", location):
        fragments = write_fragments(
            rows.cast(table.schema),
            table.uri,
            schema=table.schema,
            mode="append",
            storage_options=storage_options(location) or None,
        )
    return [json.dumps(fragment.to_json()) for fragment in fragments]


@lru_cache(maxsize=1)
def _embedder(settings: Settings) -> Embedder:
    """Return the embedder, loaded once by each process of a node. A task has one core."""
    return load_embedder(replace(settings, embedding=replace(settings.embedding, threads=1)))


def _cpu_s() -> float:
    """Return the processor time of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
