"""Keep a library on disk. In: documents, chunks, vectors. Out: hits. Knows nothing of files, models or questions.

LanceDB tables: `files` is the manifest; `documents` holds the extracted texts; `chunks` holds the passages with a
full-text index; `vectors_…`, one for each embedder, holds vectors under the keys of the chunks. A vector belongs to a
text, not to a place: a file that moves, or a passage that stays in a file that changes, is never embedded again, and
a new embedder fills its own table while the old one's stays whole. `state` says whether a writer was cut short.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import pyarrow as pa
import pyarrow.compute as pc

from bunko.errors import StoreBusy, StoreTooNew
from bunko.language.words import normalise
from bunko.store.faults import mapped
from bunko.store.quick_lancedb import IvfRq, lancedb
from bunko.store.rows import (
    CHUNK_COLUMNS,
    CHUNKS,
    DOCUMENTS,
    EMBEDDER_KEY,
    FILES,
    FORMAT,
    FORMAT_KEY,
    RECORD_COLUMNS,
    STATE,
    Entry,
    FileRecord,
    Record,
    chunk_from,
    chunk_table,
    document_from,
    document_table,
    file_table,
    spans_from,
)
from bunko.store.tables import INDEX_ROWS, PUT_OFF_ROWS, conditions, delete, index_column, optimize, quoted
from bunko.store.word_index import index_words, match, match_all
from bunko.types import Chunk, Document, FailedFile, Hit, Span, under_heading

if TYPE_CHECKING:
    from bunko.ports import EmbedderSpec, Vectors
from bunko.store.vectors import ALL_PARTITIONS, COMPARED, VECTORS_PREFIX, partitions, to_embed, vectors_name

_LOCK = "writer.lock"
_WRITER = "writer.pid"
_UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """How much an embedder has still to do."""

    chunks: int = 0
    characters: int = 0


class Store:
    """An open library. Any number of readers; one writer at a time, inside `writing()`."""

    def __init__(self, location: str) -> None:
        """Open the store, made anew where there is none. `location` is a folder or an object store's URL.

        Raises StoreNotWritable, StoreTooNew, StoreDamaged.
        """
        self.location = location
        self._local = "://" not in location
        self._vectors: dict[str, Any] = {}
        with mapped("opened", location):
            if self._local:
                Path(location).mkdir(parents=True, exist_ok=True)
            self._database = lancedb.connect(location)
            self._drop_older_format()
            self._files = self._table("files", FILES)
            self._check_format()
            self._documents = self._table("documents", DOCUMENTS)
            self._chunks = self._table("chunks", CHUNKS)
            self._state = self._table("state", STATE)

    def _table(self, name: str, schema: Any) -> Any:
        try:
            return self._database.open_table(name)
        except ValueError:  # LanceDB's word for "no such table"
            table = self._database.create_table(name, schema=schema, exist_ok=True)
        if name == "chunks":
            index_words(table)
        return table

    def _drop_older_format(self) -> None:
        """Make room for an index of today's format; the vectors, which took the time, stay."""
        names = self._table_names()
        if "documents" in names and "files" not in names:
            for name in ("chunks", "documents"):
                self._database.drop_table(name, ignore_missing=True)

    def _check_format(self) -> None:
        found = int((self._files.schema.metadata or {}).get(FORMAT_KEY, b"0"))
        if found > FORMAT:
            raise StoreTooNew(
                f"The index in {self.location!r} has format {found}, from a newer Bunko; this one reads {FORMAT}.",
                "Upgrade with: pip install --upgrade bunko",
            )

    # --- writing -----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def writing(self, *, wait_s: float = 0.0) -> Iterator[None]:
        """Be the only writer. Raises StoreBusy if another one is at work after `wait_s` seconds.

        On an object store there is no lock: LanceDB's own commits keep the tables whole there.
        """
        if not self._local:
            yield
            return
        lock = filelock.FileLock(Path(self.location) / _LOCK, timeout=wait_s)
        writer = Path(self.location) / _WRITER
        with mapped("locked", self.location):
            try:
                lock.acquire()
            except filelock.Timeout as error:
                raise StoreBusy(
                    f"{_who(writer)} is writing to the index in {self.location!r}.",
                    "Wait for it to finish, or ask what is there already with --no-sync.",
                ) from error
        try:
            with mapped("locked", self.location):
                writer.write_text(str(os.getpid()), encoding="ascii")
            yield
        finally:
            lock.release()

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Mark the index as unfinished until the block has come to its end: a killed writer leaves the mark."""
        self._remember(_UNFINISHED, "yes")
        yield
        self._remember(_UNFINISHED, "")

    def is_unfinished(self) -> bool:
        """Tell whether the last writer did not come to its end."""
        return bool(self._recall(_UNFINISHED))

    def repair(self) -> set[str]:
        """Drop what a killed writer left half done; return files that have documents but no line in the manifest."""
        documents = self._arrow(self._documents, ["path", "file"])
        owners = self._arrow(self._chunks, ["path"])["path"]
        orphans = pc.unique(owners.filter(pc.invert(pc.is_in(owners, documents["path"])))).to_pylist()
        with self._mapped("written"):
            delete(self._chunks, "path", orphans)
        known = self._arrow(self._files, ["path"])["path"]
        files = documents["file"]
        return set(pc.unique(files.filter(pc.invert(pc.is_in(files, known)))).to_pylist())

    def write(self, entries: Sequence[Entry], *, replacing: Sequence[str] = ()) -> None:
        """Add documents, and take out the ones of the paths that they replace."""
        if not entries:
            return
        self.remove_documents(replacing)
        with self._mapped("written"):
            if any(entry.chunks for entry in entries):
                self._chunks.add(chunk_table(entries))
            # After its chunks: what has a line in `documents` is complete.
            self._documents.add(document_table(entries))

    def remove_documents(self, paths: Sequence[str]) -> None:
        """Forget single documents; they don't answer from here on."""
        with self._mapped("written"):
            delete(self._documents, "path", paths)
            delete(self._chunks, "path", paths)

    def remove_files(self, paths: Sequence[str]) -> None:
        """Forget files and all documents in them; they don't answer from here on."""
        self.forget_files(paths)
        with self._mapped("written"):
            delete(self._documents, "file", paths)
            delete(self._chunks, "file", paths)

    def forget_files(self, paths: Sequence[str]) -> None:
        """Take files out of the manifest before they are read again: it names only what is complete."""
        with self._mapped("written"):
            delete(self._files, "path", paths)

    def settle_files(self, records: Sequence[FileRecord]) -> None:
        """Put files into the manifest whose documents are all written, or whose time stamp alone has changed."""
        if not records:
            return
        self.forget_files([record.path for record in records])
        with self._mapped("written"):
            self._files.add(file_table(records))

    def has_all_vectors(self, spec: EmbedderSpec) -> bool:
        """Tell whether `vectors_complete` was said of this embedder, and no passage has come or gone since."""
        return self._recall(vectors_name(spec)) == self._version()

    def missing_vectors(self, spec: EmbedderSpec) -> Missing:
        """Return how much this embedder has still to do."""
        if self.has_all_vectors(spec):
            return Missing()
        rows = self._arrow(self._chunks, ["key", "heading", "start", "end", "language"])
        rows = rows.filter(to_embed(rows, spec, self._vector_keys(spec)))
        lengths = pc.add(pc.subtract(rows["end"], rows["start"]), pc.utf8_length(rows["heading"]))
        rows = pa.table({"key": rows["key"], "length": lengths})
        rows = rows.group_by("key").aggregate([("length", "max")])
        return Missing(chunks=len(rows), characters=pc.sum(rows["length_max"]).as_py() or 0)

    def missing_texts(self, spec: EmbedderSpec, *, window: int) -> Iterator[dict[str, str]]:
        """Yield key and text of the passages that this embedder has still to embed, `window` at a time at the most.

        Their vectors may be added meanwhile.
        """
        known = self._vector_keys(spec)
        taken: set[str] = set()
        gathered: dict[str, str] = {}
        with self._mapped("read"):
            columns = ["key", "heading", "text", "language"]
            for batch in self._chunks.search().select(columns).limit(None).to_batches(window):
                for row in batch.filter(to_embed(batch, spec, known)).to_pylist():
                    if row["key"] not in taken:
                        taken.add(row["key"])
                        gathered[row["key"]] = under_heading(row["heading"], row["text"])
                    if len(gathered) == window:
                        yield gathered
                        gathered = {}
        if gathered:
            yield gathered

    def add_vectors(self, spec: EmbedderSpec, keys: Sequence[str], vectors: Vectors) -> None:
        """Store one vector for each key; `vectors` has the shape (len(keys), spec.dimension)."""
        with self._mapped("written"):
            table = self._open_vectors(spec)
            fields = [("key", pa.string()), ("vector", pa.list_(pa.float32(), spec.dimension))]
            schema = pa.schema(fields).with_metadata({EMBEDDER_KEY: spec.name})
            if table is None:
                table = self._database.create_table(vectors_name(spec), schema=schema, exist_ok=True)
                self._vectors[spec.name] = table
            flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), spec.dimension)
            table.add(pa.table({"key": pa.array(keys, pa.string()), "vector": flat}, schema=schema))

    def vectors_complete(self, spec: EmbedderSpec) -> None:
        """Take note that this embedder has nothing left to do, and index its vectors where that pays."""
        table = self._open_vectors(spec)
        with self._mapped("tidied"):
            if table is not None:
                optimize(table)
                self._index_vectors(spec, table)
        self._remember(vectors_name(spec), self._version())

    def tidy(self) -> None:
        """Bring the full-text index up to date, merge small files, drop old versions and unused vectors.

        In a large table that is put off until enough has changed: rows that are not in an index yet are found, too.
        """
        with self._mapped("tidied"):
            wanted = self._arrow(self._chunks, ["key"])["key"]
            for name in self._table_names():
                if name.startswith(VECTORS_PREFIX):
                    table = self._database.open_table(name)
                    keys = self._arrow(table, ["key"])["key"]
                    unused = keys.filter(pc.invert(pc.is_in(keys, wanted))).to_pylist()
                    if len(keys) < INDEX_ROWS or len(unused) >= PUT_OFF_ROWS:
                        delete(table, "key", unused)
                    optimize(table)
            for table in (self._chunks, self._documents, self._files, self._state):
                optimize(table)
            if self._chunks.count_rows() >= INDEX_ROWS:
                index_column(self._chunks, "key")
        self.refresh()

    def _index_vectors(self, spec: EmbedderSpec, table: Any) -> None:
        """Make an index of a large table, and anew when it has doubled since."""
        rows = table.count_rows()
        name = f"{vectors_name(spec)}.indexed"
        if rows < INDEX_ROWS or rows < 2 * int(self._recall(name) or 0):
            return
        config = IvfRq(distance_type="dot", num_partitions=partitions(rows))
        table.create_index("vector", config=config)
        index_column(table, "key")
        self._remember(name, str(rows))

    def _remember(self, name: str, value: str) -> None:
        with self._mapped("written"):
            self._state.delete(f"name = {quoted(name)}")
            if value:
                self._state.add([{"name": name, "value": value}])

    def _recall(self, name: str) -> str:
        rows = self._arrow(self._state, ["name", "value"]).to_pylist()
        return next((str(row["value"]) for row in rows if row["name"] == name), "")

    def _version(self) -> str:
        """Return what changes whenever passages are added or removed."""
        return str(self._chunks.version)

    # --- reading -----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """See what other processes have committed since this store was opened."""
        tables = (self._files, self._documents, self._chunks, self._state, *self._vectors.values())
        with self._mapped("read"):
            for table in tables:
                table.checkout_latest()

    def files(self) -> dict[str, FileRecord]:
        """Return the manifest, by path."""
        return {row["path"]: FileRecord(**row) for row in self._arrow(self._files, FILES.names).to_pylist()}

    def records(self) -> dict[str, Record]:
        """Return what is known of every document, of failed ones too, by path."""
        return {row["path"]: Record(**row) for row in self._arrow(self._documents, RECORD_COLUMNS).to_pylist()}

    def records_in(self, files: Sequence[str]) -> dict[str, Record]:
        """Return what is known of the documents in some files, by path."""
        with self._mapped("read"):
            return {
                row["path"]: Record(**row)
                for condition in conditions("file", files)
                for row in self._documents.search().where(condition).select(RECORD_COLUMNS).limit(None).to_list()
            }

    def languages(self) -> dict[str, int]:
        """Return how many documents there are in each language."""
        counted = pc.value_counts(self._arrow(self._documents, ["language"])["language"]).to_pylist()
        return {row["values"]: row["counts"] for row in counted if row["values"]}

    def failures(self) -> list[FailedFile]:
        """Return what could not be read, by path."""
        names = ["path", "error", "hint"]
        with self._mapped("read"):
            rows = self._documents.search().where("error != ''").select(names).limit(None).to_list()
        failed = [FailedFile(**{name: row[name] for name in names}) for row in rows]
        return sorted(failed, key=lambda item: item.path)

    def document(self, path: str) -> Document | None:
        """Return a document with its whole text; None if it is not in the library."""
        with self._mapped("read"):
            rows = self._documents.search().where(f"path = {quoted(path)} AND error = ''").limit(1).to_list()
        return document_from(rows[0]) if rows else None

    def pages(self, path: str) -> tuple[Span, ...]:
        """Return where the pages of a document begin and end, without reading its text."""
        condition = f"path = {quoted(path)} AND error = ''"
        with self._mapped("read"):
            rows = self._documents.search().where(condition).select(["outline"]).limit(1).to_list()
        return spans_from(rows[0]["outline"])["pages"] if rows else ()

    def scan_records(self, *, window: int = 4_000) -> Iterator[Record]:
        """Yield what is known of every document, of failed ones too, `window` of them in memory at the most."""
        with self._mapped("read"):
            for batch in self._documents.search().select(RECORD_COLUMNS).limit(None).to_batches(window):
                for row in batch.to_pylist():
                    yield Record(**row)

    def scan(self, *, window: int = 32) -> Iterator[Document]:
        """Yield every document that could be read, with its text, `window` of them in memory at the most."""
        names = ["path", "text", "format", "outline", "error"]
        with self._mapped("read"):
            for batch in self._documents.search().select(names).limit(None).to_batches(window):
                for row in batch.to_pylist():
                    if not row["error"]:
                        yield document_from(row)

    def places_with(self, words: str) -> dict[str, list[tuple[int, int]]]:
        """Return start and end of the passages that have all of these words, as the index knows words, by path."""
        places: dict[str, list[tuple[int, int]]] = {}
        with self._mapped("searched"):
            for row in match_all(self._chunks, normalise(words)):
                places.setdefault(row["path"], []).append((row["start"], row["end"]))
        return places

    def count_documents(self) -> int:
        """Return the number of documents that could be read."""
        with self._mapped("read"):
            return int(self._documents.count_rows("error = ''"))

    def count_chunks(self) -> int:
        """Return the number of chunks."""
        with self._mapped("read"):
            return int(self._chunks.count_rows())

    def embedders(self) -> list[str]:
        """Return the names of the embedders whose vectors are here."""
        with self._mapped("read"):
            tables = [
                self._database.open_table(name) for name in self._table_names() if name.startswith(VECTORS_PREFIX)
            ]
            return sorted((table.schema.metadata or {}).get(EMBEDDER_KEY, b"?").decode() for table in tables)

    def nearest(self, spec: EmbedderSpec, vector: Vectors, *, limit: int) -> dict[str, float]:
        """Return the keys of the nearest vectors with their cosine similarity, best first."""
        with self._mapped("searched"):
            table = self._open_vectors(spec)
            if table is None:
                return {}
            search = (
                table.search(vector).distance_type("dot").nprobes(ALL_PARTITIONS).refine_factor(-(-COMPARED // limit))
            )
            found = search.select(["key", "_distance"]).limit(limit).to_arrow()
            # The vectors have length 1; LanceDB's dot distance is 1 - dot.
            similarities = (1 - distance for distance in found["_distance"].to_pylist())
            return dict(zip(found["key"].to_pylist(), similarities, strict=True))

    def search_dense(self, spec: EmbedderSpec, vector: Vectors, *, limit: int) -> list[Hit]:
        """Return the nearest chunks by cosine similarity, best first, with `dense` set."""
        scores = self.nearest(spec, vector, limit=limit)
        hits = [
            Hit(chunk=chunk, score=scores[chunk.key], dense=scores[chunk.key]) for chunk in self._chunks_by_key(scores)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk.path, hit.chunk.start))[:limit]

    def search_lexical(self, query: str, *, limit: int) -> list[Hit]:
        """Return the best chunks by BM25, best first, with `lexical` set; no hits where no word occurs."""
        query = normalise(query)
        if not query.strip():
            return []
        with self._mapped("searched"):
            rows = match(self._chunks, query, limit=limit)
        return [Hit(chunk=chunk_from(row), score=row["_score"], lexical=row["_score"]) for row in rows]

    def similarities(self, spec: EmbedderSpec, keys: Sequence[str], vector: Vectors) -> dict[str, float]:
        """Return the cosine similarity of the chunks with these keys; those without a vector are left out."""
        table = self._open_vectors(spec)
        if table is None or not keys:
            return {}
        scores: dict[str, float] = {}
        with self._mapped("searched"):
            for condition in conditions("key", keys):
                rows = table.search().where(condition).select(["key", "vector"]).limit(None).to_arrow()
                if rows.num_rows:
                    matrix = rows["vector"].combine_chunks().flatten().to_numpy().reshape(rows.num_rows, -1)
                    scores.update(zip(rows["key"].to_pylist(), (matrix @ vector).tolist(), strict=True))
        return scores

    def _chunks_by_key(self, keys: Iterable[str]) -> list[Chunk]:
        with self._mapped("read"):
            return [
                chunk_from(row)
                for condition in conditions("key", list(keys))
                for row in self._chunks.search().where(condition).select(CHUNK_COLUMNS).limit(None).to_list()
            ]

    # --- the tables --------------------------------------------------------------------------------------------

    def _table_names(self) -> list[str]:
        return list(self._database.list_tables().tables)

    def _open_vectors(self, spec: EmbedderSpec) -> Any | None:
        if spec.name not in self._vectors:
            name = vectors_name(spec)
            if name not in self._table_names():
                return None
            self._vectors[spec.name] = self._database.open_table(name)
        return self._vectors[spec.name]

    def _vector_keys(self, spec: EmbedderSpec) -> Any:
        table = self._open_vectors(spec)
        return pa.array([], pa.string()) if table is None else self._arrow(table, ["key"])["key"].combine_chunks()

    def _arrow(self, table: Any, columns: Sequence[str]) -> Any:
        with self._mapped("read"):
            return table.search().select(list(columns)).limit(None).to_arrow()

    def _mapped(self, action: str) -> contextlib.AbstractContextManager[None]:
        return mapped(action, self.location)


def _who(writer: Path) -> str:
    """Name the process that holds the lock, by the number that it left beside it."""
    try:
        return f"Process {int(writer.read_text(encoding='ascii'))}"
    except (OSError, ValueError):
        return "Another process"
