"""Keep a library on disk. In: documents, chunks, vectors. Out: hits. Knows nothing of files, models or questions.

LanceDB tables: `documents` is the manifest and holds the extracted texts; `chunks` holds the passages with a
full-text index; `vectors_…`, one for each embedder, holds vectors under the keys of the chunks. A vector belongs
to a text, not to a place: a file that moves, or a passage that stays in a file that changes, is never embedded
again, and a new embedder fills its own table while the old one's stays whole.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import lancedb
import pyarrow as pa
from lancedb.index import FTS
from lancedb.query import BooleanQuery, MatchQuery, Occur

from bunko.errors import DiskFull, StoreBusy, StoreDamaged, StoreError, StoreNotWritable, StoreTooNew
from bunko.text import STOP_WORDS, normalise
from bunko.types import Chunk, Document, Hit, Span, under_heading

if TYPE_CHECKING:
    from bunko.ports import EmbedderSpec, Vectors

FORMAT = 1
_FORMAT_KEY = b"bunko.format"
_EMBEDDER_KEY = b"bunko.embedder"
_VECTORS = "vectors_"
_LOCK = "writer.lock"
# Readers that hold an older version of a table open may go on for this long.
_KEEP_VERSIONS = timedelta(minutes=10)
_LOOKUP = 500  # keys in one filter expression

_DOCUMENTS = pa.schema(
    [
        ("path", pa.string()),
        ("digest", pa.string()),
        ("size", pa.int64()),
        ("modified_ns", pa.int64()),
        ("format", pa.string()),
        ("language", pa.string()),
        ("chunks", pa.int32()),
        ("pages", pa.int32()),
        ("indexed_at", pa.float64()),
        ("error", pa.string()),  # empty for a document that was read
        ("hint", pa.string()),
        ("text", pa.large_string()),
        ("outline", pa.large_string()),  # pages and headings, as JSON
    ]
).with_metadata({_FORMAT_KEY: str(FORMAT)})
_CHUNKS = pa.schema(
    [
        ("key", pa.string()),
        ("path", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("page", pa.int32()),
        ("heading", pa.string()),
        ("language", pa.string()),
        ("text", pa.large_string()),
        ("search", pa.large_string()),  # file name, headings and text, folded by NFKC: what the full-text index covers
    ]
)
_CHUNK_COLUMNS = [name for name in _CHUNKS.names if name != "search"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A line of the manifest: what is known of a file without opening it."""

    path: str
    digest: str
    size: int
    modified_ns: int
    format: str = ""
    language: str = ""
    chunks: int = 0
    pages: int = 0
    indexed_at: float = 0.0
    """Seconds since the epoch."""
    error: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A document as it is written: its line of the manifest, its text, its chunks. A failed file has neither."""

    record: Record
    document: Document | None = None
    chunks: Sequence[Chunk] = ()


class Store:
    """An open library. Any number of readers; one writer at a time, inside `writing()`."""

    def __init__(self, location: str) -> None:
        """Open the store, made anew where there is none. `location` is a folder or an object store's URL.

        Raises StoreNotWritable, StoreTooNew, StoreDamaged.
        """
        self.location = location
        self._local = "://" not in location
        self._vectors: dict[str, Any] = {}
        with self._mapped("opened"):
            if self._local:
                Path(location).mkdir(parents=True, exist_ok=True)
            self._database = lancedb.connect(location)
            self._documents = self._table("documents", _DOCUMENTS)
            self._check_format()
            self._chunks = self._table("chunks", _CHUNKS)

    def _table(self, name: str, schema: Any) -> Any:
        try:
            return self._database.open_table(name)
        except ValueError:  # LanceDB's word for "no such table"
            table = self._database.create_table(name, schema=schema, exist_ok=True)
        if name == "chunks":
            # ICU segments Japanese (京都 does not match 東京都) and English alike, and stems English. Its own stop
            # words are those of many languages at once: war, man, city and cat would never be found.
            config = FTS(base_tokenizer="icu", with_position=False, custom_stop_words=sorted(STOP_WORDS))
            table.create_index("search", config=config)
        return table

    def _check_format(self) -> None:
        found = int((self._documents.schema.metadata or {}).get(_FORMAT_KEY, b"0"))
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
        with self._mapped("locked"):
            try:
                lock.acquire()
            except filelock.Timeout as error:
                raise StoreBusy(
                    f"Another process is writing to the index in {self.location!r}.",
                    "Wait for it to finish, or ask what is there already with --no-sync.",
                ) from error
        try:
            yield
        finally:
            lock.release()

    def write(self, entries: Sequence[Entry]) -> None:
        """Add or replace documents. What is killed midway is done again: the manifest names only what is complete."""
        if not entries:
            return
        self.remove([entry.record.path for entry in entries])
        chunks = [chunk for entry in entries for chunk in entry.chunks]
        with self._mapped("written"):
            if chunks:
                self._chunks.add(pa.Table.from_pylist([_chunk_row(chunk) for chunk in chunks], schema=_CHUNKS))
            rows = [_document_row(entry) for entry in entries]
            self._documents.add(pa.Table.from_pylist(rows, schema=_DOCUMENTS))

    def remove(self, paths: Sequence[str]) -> None:
        """Forget documents; they don't answer from here on."""
        with self._mapped("written"):
            # The manifest first: chunks that are left without a line in it are dropped by the next sync, but a line
            # whose chunks are gone would pass for a document that is indexed.
            for condition in _conditions("path", paths):
                self._documents.delete(condition)
                self._chunks.delete(condition)

    def remove_orphans(self) -> None:
        """Drop chunks that a killed writer left without a line in the manifest."""
        known = set(self.records())
        found = self._column(self._chunks, "path")
        self.remove(sorted({path for path in found if path not in known}))

    def update_records(self, records: Sequence[Record]) -> None:
        """Replace lines of the manifest whose file was touched but not changed."""
        with self._mapped("written"):
            for record in records:
                self._documents.update(
                    where=f"path = {_quoted(record.path)}",
                    values={"size": record.size, "modified_ns": record.modified_ns},
                )

    def missing_vectors(self, spec: EmbedderSpec) -> dict[str, str]:
        """Return key and text of the chunks that this embedder has still to embed."""
        table = self._open_vectors(spec)
        known = set(self._column(table, "key")) if table is not None else set()
        rows = self._chunks.search().select(["key", "heading", "text"]).limit(None).to_arrow()
        return {
            row["key"]: under_heading(row["heading"], row["text"])
            for batch in rows.to_batches()
            for row in batch.to_pylist()
            if row["key"] not in known
        }

    def add_vectors(self, spec: EmbedderSpec, keys: Sequence[str], vectors: Vectors) -> None:
        """Store one vector for each key; `vectors` has the shape (len(keys), spec.dimension)."""
        with self._mapped("written"):
            table = self._open_vectors(spec)
            fields = [("key", pa.string()), ("vector", pa.list_(pa.float32(), spec.dimension))]
            schema = pa.schema(fields).with_metadata({_EMBEDDER_KEY: spec.name})
            if table is None:
                table = self._database.create_table(_vectors_name(spec), schema=schema, exist_ok=True)
                self._vectors[spec.name] = table
            flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), spec.dimension)
            table.add(pa.table({"key": pa.array(keys, pa.string()), "vector": flat}, schema=schema))

    def tidy(self) -> None:
        """Bring the full-text index up to date, merge small files, drop old versions and unused vectors."""
        with self._mapped("tidied"):
            wanted = set(self._column(self._chunks, "key"))
            for name in self._table_names():
                if name.startswith(_VECTORS):
                    table = self._database.open_table(name)
                    unused = sorted({key for key in self._column(table, "key") if key not in wanted})
                    for condition in _conditions("key", unused):
                        table.delete(condition)
                    table.optimize(cleanup_older_than=_KEEP_VERSIONS)
            self._chunks.optimize(cleanup_older_than=_KEEP_VERSIONS)
            self._documents.optimize(cleanup_older_than=_KEEP_VERSIONS)
        self.refresh()

    # --- reading -----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """See what other processes have committed since this store was opened."""
        with self._mapped("read"):
            for table in (self._documents, self._chunks, *self._vectors.values()):
                table.checkout_latest()

    def records(self) -> dict[str, Record]:
        """Return the manifest, failed files included, by path."""
        names = [field.name for field in dataclasses.fields(Record)]
        with self._mapped("read"):
            rows = self._documents.search().select(names).limit(None).to_arrow().to_pylist()
        return {row["path"]: Record(**row) for row in rows}

    def document(self, path: str) -> Document | None:
        """Return a document with its whole text; None if it is not in the library."""
        with self._mapped("read"):
            rows = self._documents.search().where(f"path = {_quoted(path)} AND error = ''").limit(1).to_list()
        if not rows:
            return None
        outline = json.loads(rows[0]["outline"])
        return Document(
            path=path,
            text=rows[0]["text"],
            format=rows[0]["format"],
            pages=tuple(Span(**span) for span in outline["pages"]),
            headings=tuple(Span(**span) for span in outline["headings"]),
        )

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
            tables = [self._database.open_table(name) for name in self._table_names() if name.startswith(_VECTORS)]
            return sorted((table.schema.metadata or {}).get(_EMBEDDER_KEY, b"?").decode() for table in tables)

    def search_dense(self, spec: EmbedderSpec, vector: Vectors, *, limit: int) -> list[Hit]:
        """Return the nearest chunks by cosine similarity, best first, with `dense` set."""
        with self._mapped("searched"):
            table = self._open_vectors(spec)
            if table is None:
                return []
            found = table.search(vector).distance_type("dot").select(["key", "_distance"]).limit(limit).to_arrow()
            # The vectors have length 1; LanceDB's dot distance is 1 - dot.
            scores = dict(zip(found["key"].to_pylist(), (1 - d for d in found["_distance"].to_pylist()), strict=True))
        hits = [
            Hit(chunk=chunk, score=scores[chunk.key], dense=scores[chunk.key]) for chunk in self._chunks_by_key(scores)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk.path, hit.chunk.start))[:limit]

    def search_lexical(self, query: str, *, limit: int) -> list[Hit]:
        """Return the best chunks by BM25, best first, with `lexical` set; no hits where no word occurs."""
        query = normalise(query)
        if not query.strip():
            return []
        parts = [(Occur.SHOULD, MatchQuery(query, "search"))]
        parts += [
            (Occur.SHOULD, MatchQuery(word, "search", fuzziness=2, prefix_length=4, boost=0.3))
            for word in _spelt_variously(query)
        ]
        with self._mapped("searched"):
            search = self._chunks.search(BooleanQuery(parts) if len(parts) > 1 else parts[0][1], query_type="fts")
            rows = search.select([*_CHUNK_COLUMNS, "_score"]).limit(limit).to_list()
        hits = [Hit(chunk=_chunk(row), score=row["_score"], lexical=row["_score"]) for row in rows]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk.path, hit.chunk.start))

    def similarities(self, spec: EmbedderSpec, keys: Sequence[str], vector: Vectors) -> dict[str, float]:
        """Return the cosine similarity of the chunks with these keys; those without a vector are left out."""
        table = self._open_vectors(spec)
        if table is None or not keys:
            return {}
        scores: dict[str, float] = {}
        with self._mapped("searched"):
            for condition in _conditions("key", keys):
                rows = table.search().where(condition).select(["key", "vector"]).limit(None).to_arrow()
                if rows.num_rows:
                    matrix = rows["vector"].combine_chunks().flatten().to_numpy().reshape(rows.num_rows, -1)
                    scores.update(zip(rows["key"].to_pylist(), (matrix @ vector).tolist(), strict=True))
        return scores

    def _chunks_by_key(self, keys: Iterable[str]) -> list[Chunk]:
        with self._mapped("read"):
            return [
                _chunk(row)
                for condition in _conditions("key", list(keys))
                for row in self._chunks.search().where(condition).select(_CHUNK_COLUMNS).limit(None).to_list()
            ]

    # --- the tables --------------------------------------------------------------------------------------------

    def _table_names(self) -> list[str]:
        return list(self._database.list_tables().tables)

    def _open_vectors(self, spec: EmbedderSpec) -> Any | None:
        if spec.name not in self._vectors:
            name = _vectors_name(spec)
            if name not in self._table_names():
                return None
            self._vectors[spec.name] = self._database.open_table(name)
        return self._vectors[spec.name]

    def _column(self, table: Any, name: str) -> list[str]:
        with self._mapped("read"):
            column: list[str] = table.search().select([name]).limit(None).to_arrow()[name].to_pylist()
        return column

    @contextlib.contextmanager
    def _mapped(self, action: str) -> Iterator[None]:
        """Turn the errors of LanceDB and the file system into ours."""
        try:
            yield
        except (OSError, RuntimeError, ValueError, pa.ArrowException) as error:
            raise _as_store_error(error, action, self.location) from error


def _as_store_error(error: Exception, action: str, location: str) -> StoreError:
    detail = " ".join(str(error).split())
    lowered = detail.lower()
    if "no space left" in lowered or "disk quota" in lowered or getattr(error, "errno", None) == 28:
        return DiskFull(
            f"The disk is full: the index in {location!r} could not be {action}.",
            "Free some space and run the command again; what was committed is intact.",
        )
    if isinstance(error, FileExistsError | NotADirectoryError):
        return StoreNotWritable(
            f"The index in {location!r} could not be {action}: there is a file in its place.",
            "Put it elsewhere with --store PATH.",
        )
    if isinstance(error, PermissionError) or "permission denied" in lowered or "read-only file system" in lowered:
        return StoreNotWritable(
            f"The index in {location!r} could not be {action}: permission denied.",
            "Put it elsewhere with --store PATH.",
        )
    return StoreDamaged(
        f"The index in {location!r} could not be {action}: {detail[:300]}",
        "If it does not pass, delete that folder and run: bunko index FOLDER",
    )


def _vectors_name(spec: EmbedderSpec) -> str:
    return _VECTORS + hashlib.blake2b(f"{spec.name}/{spec.dimension}".encode(), digest_size=8).hexdigest()


def _spelt_variously(query: str) -> list[str]:
    """Return the words of a folded query that may be spelt otherwise in the documents, like zelensky(y)."""
    return [word for word in query.replace("?", " ").split() if len(word) >= 7 and word.isascii() and word.isalpha()]


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _conditions(column: str, values: Sequence[str]) -> Iterator[str]:
    for n in range(0, len(values), _LOOKUP):
        yield f"{column} IN ({', '.join(map(_quoted, values[n : n + _LOOKUP]))})"


def _chunk_row(chunk: Chunk) -> dict[str, object]:
    row = {name: getattr(chunk, name) for name in _CHUNK_COLUMNS}
    return row | {"search": normalise(f"{chunk.file_words}\n{chunk.in_context}")}


def _chunk(row: dict[str, Any]) -> Chunk:
    return Chunk(**{name: row[name] for name in _CHUNK_COLUMNS})


def _document_row(entry: Entry) -> dict[str, object]:
    document = entry.document
    outline = {
        "pages": [dataclasses.asdict(span) for span in document.pages] if document else [],
        "headings": [dataclasses.asdict(span) for span in document.headings] if document else [],
    }
    return dataclasses.asdict(entry.record) | {
        "text": document.text if document else "",
        "outline": json.dumps(outline, ensure_ascii=False),
    }
