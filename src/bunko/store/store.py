"""Keep a library on disk. In: documents, chunks, vectors. Out: hits. Knows nothing of files, models or questions.

LanceDB tables:

    files       the manifest: one row for each file that is completely indexed
    documents   the extracted texts
    chunks      the passages, with a full-text index
    vectors_…   one table for each embedder, with a vector under the key of each passage
    state       whether a writer was interrupted, and which vectors are complete

The key of a passage is a digest of its text. So a file that moves, or a passage that stays in a changed file, is not
embedded again, and a new embedder fills a table of its own.

The module is long since a store has many questions to answer, each in a few lines; what needs more stands beside it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from bunko.errors import NotIndexed, StoreDamaged
from bunko.language.words import normalise
from bunko.store.creation import CORE_TABLES, create, is_complete
from bunko.store.faults import mapped
from bunko.store.place import Access, place_of
from bunko.store.remote import is_remote
from bunko.store.row_ids import RowsByKey
from bunko.store.rows import (
    CHUNK_COLUMNS,
    FILES,
    LISTED_COLUMNS,
    PRIMARY_KEYS,
    RECORD_COLUMNS,
    STATE,
    Entry,
    FileRecord,
    Listed,
    Record,
    chunk_from,
    chunk_table,
    document_from,
    document_table,
    file_table,
    spans_from,
)
from bunko.store.tables import INDEX_ROWS, arrow, conditions, delete, index_column, one_of, optimize, prewarm, quoted
from bunko.store.vectors import VectorTables, to_embed
from bunko.store.word_index import match, match_all
from bunko.types import Chunk, Document, FailedFile, Hit, LeftOut, Span, under_heading
from bunko.versions import Sketched

if TYPE_CHECKING:
    from bunko.ports import EmbedderSpec, Vectors
    from bunko.store.published import Published
    from bunko.store.within import StoreWithin

_UNFINISHED = "unfinished"
# Creating the tables takes less than a second.
_CREATED_S = 30.0
# 67 requests by meaning, and 18 by words, in a library of 100,000 passages (docs/decisions/018).
_MOST_REMOTE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What an embedder has left to embed."""

    chunks: int = 0
    characters: int = 0


class Store:
    """An open library. Many processes may read; one writes at a time, inside `writing()`."""

    def __init__(self, location: str, *, access: Access = "write", wait_s: float = _CREATED_S) -> None:
        """Open the store; with "write", create it. `location` is a folder or an object store's URL, and is believed.

        Another process that creates it is waited for, `wait_s` seconds. Raises StoreNotWritable, StoreTooNew,
        StoreDamaged, StoreBusy; with "read", NotIndexed where there is none.
        """
        self.location = location
        self._keys_within: tuple[tuple[int, str], list[str]] | None = None
        self._by_key = RowsByKey(location)
        self._listing: tuple[tuple[int, int], tuple[Listed, ...]] | None = None
        with mapped("opened", location):
            self._place = place_of(location)
            self._vectors = VectorTables(self._place, location)
            is_ready = is_complete(self._place, location)
        if not is_ready and access == "read":
            raise NotIndexed(
                f"There is no index in {location!r}, or it is from an older version.",
                f"Create it: bunko index FOLDER --store {location}",
            )
        if not is_ready:
            with self.writing(wait_s=max(wait_s, _CREATED_S)), mapped("created", location):
                create(self._place.database, location)
        with mapped("opened", location):
            self._files, self._documents, self._chunks, self._state = map(self._place.open, CORE_TABLES)

    # --- writing -----------------------------------------------------------------------------------------------

    def writing(self, *, wait_s: float = 0.0) -> contextlib.AbstractContextManager[None]:
        """Hold the writer's lock, or lease. Raises StoreBusy if another writer still holds it after `wait_s` seconds.

        When the block ends, an index on this machine's disks is sealed: the next process sees from the seal that this
        installation wrote it. One on an object store is published (store/remote_place.py).
        """
        return self._place.writing(wait_s=wait_s)

    def share(self, *, at_once: bool = False) -> None:
        """Let readers see what was written so far; if not `at_once`, every half minute at most.

        Call it where documents, passages and manifest agree.
        """
        with self._mapped("written"):
            self._place.share(at_once=at_once)

    def check_writer(self) -> None:
        """Raise LeaseLost where another process may write by now. For those who commit to the tables themselves."""
        self._place.check()

    def published(self) -> Published | None:
        """Return the published version that is read; None for an index on this machine's disks."""
        return self._place.published()

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Mark the index as unfinished until the block ends. A killed writer leaves the mark."""
        self._remember(_UNFINISHED, "yes")
        yield
        self._remember(_UNFINISHED, "")

    def is_unfinished(self) -> bool:
        """Return whether the last writer was interrupted."""
        return bool(self._recall(_UNFINISHED))

    def check_counts(self) -> None:
        """Raise StoreDamaged if the documents and their passages don't agree in number: a table has lost rows."""
        wanted = pc.sum(self._arrow(self._documents, ["chunks"])["chunks"]).as_py() or 0
        if wanted != (found := self.count_chunks()):
            raise StoreDamaged(
                f"The index in {self.location!r} has {found:,} passages; its documents have {wanted:,}.",
                "Run: bunko index FOLDER. It reads again what is damaged.",
            )

    def repair(self) -> set[str]:
        """Drop the chunks of incomplete documents; return the files with documents but no row in the manifest."""
        documents = self._arrow(self._documents, ["path", "file"])
        owners = self._arrow(self._chunks, ["path"])["path"]
        orphans = pc.unique(owners.filter(pc.invert(pc.is_in(owners, documents["path"])))).to_pylist()
        with self._changed():
            delete(self._chunks, "path", orphans)
        known = self._arrow(self._files, ["path"])["path"]
        files = documents["file"]
        return set(pc.unique(files.filter(pc.invert(pc.is_in(files, known)))).to_pylist())

    def write(self, entries: Sequence[Entry], *, replacing: Sequence[str] = ()) -> None:
        """Add documents, and delete those at the paths in `replacing`."""
        if not entries:
            return
        if not is_remote(self.location):  # where a row is replaced by two commits, complete documents go first
            self.remove_documents(replacing)
            replacing = ()
        with self._changed():
            if replacing or any(entry.chunks for entry in entries):
                self._put(self._chunks, "chunks", chunk_table(entries), replacing)
            # After the chunks: a document with a row in `documents` is complete.
            self._put(self._documents, "documents", document_table(entries), replacing)

    def write_chunks(self, entry: Entry) -> None:
        """Add some chunks of a large document. It is complete once `write` has added its record."""
        with self._changed():
            self._put(self._chunks, "chunks", chunk_table([entry]))

    def remove_documents(self, paths: Sequence[str]) -> None:
        """Delete documents. Searches no longer find them."""
        with self._changed():
            delete(self._documents, "path", paths)
            delete(self._chunks, "path", paths)

    def remove_files(self, paths: Sequence[str]) -> None:
        """Delete files and all their documents. Searches no longer find them."""
        self.forget_files(paths)
        with self._changed():
            delete(self._documents, "file", paths)
            delete(self._chunks, "file", paths)

    def forget_files(self, paths: Sequence[str]) -> None:
        """Remove files from the manifest before they are read again: it lists complete files only."""
        with self._changed():
            delete(self._files, "path", paths)

    def settle_files(self, records: Sequence[FileRecord]) -> None:
        """Add files to the manifest once all their documents are written, or update their time stamps."""
        if not records:
            return
        with self._changed():
            self._put(self._files, "files", file_table(records), [record.path for record in records])

    def has_all_vectors(self, spec: EmbedderSpec) -> bool:
        """Return whether no passage was added or removed since `vectors_complete` was called for this embedder."""
        name = spec.table
        if self._recall(name) != self._version():
            return False
        rows = self._recall(f"{name}.rows")
        return not rows or int(rows) == self._vectors.count(spec)  # a lost table is filled again

    def missing_vectors(self, spec: EmbedderSpec) -> Missing:
        """Return how much this embedder has left to embed."""
        if self.has_all_vectors(spec):
            return Missing()
        rows = self._arrow(self._chunks, ["key", "heading", "start", "end", "language"])
        rows = rows.filter(to_embed(rows, spec, self._vectors.keys(spec)))
        lengths = pc.add(pc.subtract(rows["end"], rows["start"]), pc.utf8_length(rows["heading"]))
        rows = pa.table({"key": rows["key"], "length": lengths})
        rows = rows.group_by("key").aggregate([("length", "max")])
        return Missing(chunks=len(rows), characters=pc.sum(rows["length_max"]).as_py() or 0)

    def files_to_embed(self, spec: EmbedderSpec) -> list[str]:
        """Return the files with passages that this embedder has left to embed."""
        if self.has_all_vectors(spec):
            return []
        rows = self._arrow(self._chunks, ["key", "file", "language"])
        files: list[str] = pc.unique(rows.filter(to_embed(rows, spec, self._vectors.keys(spec)))["file"]).to_pylist()
        return files

    def missing_texts(self, spec: EmbedderSpec, *, window: int) -> Iterator[dict[str, str]]:
        """Yield key and text of the passages that this embedder has left to embed, at most `window` at a time.

        The caller may add their vectors in between.
        """
        known = self._vectors.keys(spec)
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
        self._place.check()
        self._vectors.add(spec, keys, vectors)

    def vectors_complete(self, spec: EmbedderSpec) -> None:
        """Record that every passage has its vector, and index the vectors of a large library."""
        name = f"{spec.table}.indexed"
        before = int(self._recall(name) or 0)
        rows = self._vectors.tidy(spec, indexed_rows=before)
        if rows != before:
            self._remember(name, str(rows))
        self._remember(f"{spec.table}.rows", str(self._vectors.count(spec)))
        self._remember(spec.table, self._version())

    def vectors_indexed(self, spec: EmbedderSpec, rows: int) -> None:
        """Record that an index of so many vectors was built elsewhere: `vectors_complete` builds it anew much later."""
        self._remember(f"{spec.table}.indexed", str(rows))

    def keep_note(self, name: str, value: str) -> None:
        """Keep a short text beside the index, such as how far a cluster is."""
        self._remember(f"note.{name}", value)

    def note(self, name: str) -> str:
        """Return a text that `keep_note` has kept; empty if there is none."""
        return self._recall(f"note.{name}")

    def tidy(self) -> None:
        """Update the full-text index, merge small files, and drop old versions and unused vectors.

        A large table waits until enough has changed: a search also finds rows that no index has yet.
        """
        with self._mapped("tidied"):
            self._place.check()
            self._vectors.drop_unused(self._arrow(self._chunks, ["key"])["key"])
            for name in CORE_TABLES:
                optimize(self._place.open(name), self._place.kept(name))
            if self._chunks.count_rows() >= INDEX_ROWS:
                index_column(self._chunks, "key")
                index_column(self._chunks, "path")
        self.refresh()

    def _remember(self, name: str, value: str) -> None:
        rows = [{"name": name, "value": value}] if value else []
        with self._changed():
            self._put(self._state, "state", pa.Table.from_pylist(rows, schema=STATE), [name])

    def _recall(self, name: str) -> str:
        rows = self._arrow(self._state, ["name", "value"]).to_pylist()
        return next((str(row["value"]) for row in rows if row["name"] == name), "")

    def _version(self) -> str:
        """Return a version that changes whenever passages are added or removed."""
        return str(self._chunks.version)

    # --- reading -----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read what other processes have committed since this store was opened."""
        with self._mapped("read"):
            self._place.refresh()

    def files(self) -> dict[str, FileRecord]:
        """Return the manifest, by path."""
        return {row["path"]: FileRecord(**row) for row in self._arrow(self._files, FILES.names).to_pylist()}

    def records(self) -> dict[str, Record]:
        """Return the record of every document by path, including those that could not be read."""
        return {row["path"]: Record(**row) for row in self._arrow(self._documents, RECORD_COLUMNS).to_pylist()}

    def records_in(self, files: Sequence[str]) -> dict[str, Record]:
        """Return the records of the documents in these files, by path."""
        with self._mapped("read"):
            return {
                row["path"]: Record(**row)
                for condition in conditions("file", files)
                for row in self._documents.search().where(condition).select(RECORD_COLUMNS).limit(None).to_list()
            }

    def listing(self) -> tuple[Listed, ...]:
        """Return what filters compare of every document, kept until the index changes."""
        state = (self._documents.version, self._files.version)
        if self._listing is None or self._listing[0] != state:
            files = self._arrow(self._files, ["path", "modified_ns"])
            written = dict(zip(files["path"].to_pylist(), files["modified_ns"].to_pylist(), strict=True))
            columns = self._arrow(self._documents, LISTED_COLUMNS).to_pydict()
            rows = zip(*(columns[name] for name in LISTED_COLUMNS), strict=True)
            named = (dict(zip(LISTED_COLUMNS, row, strict=True)) for row in rows)
            listed = (Listed(**row, modified_s=written.get(row["file"], 0) / 1e9) for row in named)
            self._listing = (state, tuple(sorted(listed, key=lambda one: one.path)))
        return self._listing[1]

    def sketched(self, paths: Sequence[str] | None = None) -> list[Sketched]:
        """Return what shows which of these documents are copies or versions of each other; None: of all."""
        names = ["path", "file", "digest", "sketch", "facts"]
        wanted = ["error = ''"] if paths is None else conditions("path", list(paths), beside="error = ''")
        with self._mapped("read"):
            rows = [
                row
                for condition in wanted
                for row in self._documents.search().where(condition).select(names).limit(None).to_list()
            ]
            files = self._files.search().select(["path", "modified_ns"])
            if paths is not None:
                files = files.where(one_of("path", sorted({row["file"] for row in rows})) if rows else "false")
            written = {row["path"]: row["modified_ns"] / 1e9 for row in files.limit(None).to_list()}
        return [Sketched(modified_s=written.get(row.pop("file"), 0.0), **row) for row in rows]

    def part(self, paths: AbstractSet[str]) -> StoreWithin:
        """Return the documents of these paths as a store of their own."""
        from bunko.store.within import StoreWithin

        return StoreWithin(self, paths)

    def languages(self) -> dict[str, int]:
        """Return the number of documents in each language."""
        counted = pc.value_counts(self._arrow(self._documents, ["language"])["language"]).to_pylist()
        return {row["values"]: row["counts"] for row in counted if row["values"]}

    def failures(self) -> list[FailedFile]:
        """Return what could not be read, sorted by path."""
        names = ["path", "error", "hint"]
        with self._mapped("read"):
            rows = self._documents.search().where("error != ''").select(names).limit(None).to_list()
        failed = [FailedFile(**{name: row[name] for name in names}) for row in rows]
        return sorted(failed, key=lambda item: item.path)

    def left_out(self) -> list[LeftOut]:
        """Return what the documents that were read lack, sorted by path."""
        with self._mapped("read"):
            found = self._documents.search().where("error = '' AND hint != ''").select(["path", "hint"]).limit(None)
            rows = sorted(found.to_list(), key=lambda row: str(row["path"]))
        return [LeftOut(path=row["path"], reason=line) for row in rows for line in row["hint"].split("\n")]

    def paths(self) -> list[str]:
        """Return the paths of the documents that could be read."""
        rows = self._arrow(self._documents, ["path", "error"])
        paths: list[str] = rows.filter(pc.equal(rows["error"], ""))["path"].to_pylist()
        return paths

    def document(self, path: str) -> Document | None:
        """Return a document with its text; None if the library has no such document."""
        with self._mapped("read"):
            rows = self._documents.search().where(f"path = {quoted(path)} AND error = ''").limit(1).to_list()
        return document_from(rows[0]) if rows else None

    def pages(self, path: str) -> tuple[Span, ...]:
        """Return where the pages of a document begin and end, without reading its text."""
        condition = f"path = {quoted(path)} AND error = ''"
        with self._mapped("read"):
            rows = self._documents.search().where(condition).select(["outline"]).limit(1).to_list()
        return spans_from(rows[0]["outline"])["pages"] if rows else ()

    def outlines(self, formats: Sequence[str]) -> dict[str, tuple[str, tuple[Span, ...]]]:
        """Return format and tables of the documents of some formats, by path, without reading their texts.

        Records of JSON Lines that are documents of their own are left out.
        """
        listed = ", ".join(map(quoted, formats))
        condition = f"format IN ({listed}) AND error = '' AND NOT (format = 'jsonl' AND path != file)"
        with self._mapped("read"):
            rows = self._documents.search().where(condition).select(["path", "format", "outline"]).limit(None).to_list()
        return {row["path"]: (row["format"], spans_from(row["outline"])["tables"]) for row in rows}

    def scan_records(self, *, window: int = 4_000) -> Iterator[Record]:
        """Yield the record of every document, including unreadable ones, with at most `window` of them in memory."""
        with self._mapped("read"):
            for batch in self._documents.search().select(RECORD_COLUMNS).limit(None).to_batches(window):
                for row in batch.to_pylist():
                    yield Record(**row)

    def scan(self, *, window: int = 32) -> Iterator[Document]:
        """Yield every readable document with its text, with at most `window` of them in memory."""
        names = ["path", "text", "format", "outline", "error", "facts"]
        with self._mapped("read"):
            for batch in self._documents.search().select(names).limit(None).to_batches(window):
                for row in batch.to_pylist():
                    if not row["error"]:
                        yield document_from(row)

    def places_with(self, words: str) -> dict[str, list[tuple[int, int]]]:
        """Return start and end of the passages that contain all of these words, by path. The index splits the words."""
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
        """Return the names of the embedders whose vectors are stored."""
        return self._vectors.embedders()

    def nearest(self, spec: EmbedderSpec, vector: Vectors, *, limit: int) -> dict[str, float]:
        """Return the keys of the nearest vectors with their cosine similarity, best first."""
        return self._vectors.nearest(spec, vector, limit=self._at_most(limit))

    def nearest_within(self, spec: EmbedderSpec, vector: Vectors, *, limit: int, within: str) -> dict[str, float]:
        """Return what `nearest` does, of the passages that meet a condition on their path."""
        state = (self._chunks.version, within)
        if self._keys_within is None or self._keys_within[0] != state:
            with self._mapped("read"):
                keys = self._chunks.search().where(within).select(["key"]).limit(None).to_arrow()["key"]
            self._keys_within = (state, pc.unique(keys).to_pylist())
        return self._vectors.nearest_among(spec, vector, self._keys_within[1], limit=limit)

    def passages(self, keys: Sequence[str], *, within: str = "") -> list[Chunk]:
        """Return the passages with these keys, in any order: more than one where documents have the same text.

        `within` is a condition on their path, as `store.within` makes it.
        """
        with self._mapped("read"):
            rows = self._by_key.look_up(self._chunks, keys, CHUNK_COLUMNS, beside=within)
        return [chunk_from(row) for row in rows.to_pylist()]

    def search_dense(self, spec: EmbedderSpec, vector: Vectors, *, limit: int, within: str = "") -> list[Hit]:
        """Return the nearest chunks by cosine similarity, best first, with `dense` set.

        `within` is a condition on their path, as `store.within` makes it.
        """
        limit = self._at_most(limit)
        if within:
            scores = self.nearest_within(spec, vector, limit=limit, within=within)
        else:
            scores = self.nearest(spec, vector, limit=limit)
        hits = [
            Hit(chunk=chunk, score=scores[chunk.key], dense=scores[chunk.key])
            for chunk in self.passages(list(scores), within=within)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk.path, hit.chunk.start))[:limit]

    def search_lexical(self, query: str, *, limit: int, within: str = "") -> list[Hit]:
        """Return the best chunks by BM25, best first, with `lexical` set; empty if no chunk has any of the words.

        `within` is a condition on their path, as `store.within` makes it.
        """
        query, limit = normalise(query), self._at_most(limit)
        if not query.strip():
            return []
        with self._mapped("searched"):
            rows = match(self._chunks, query, limit=limit, within=within)
        return [Hit(chunk=chunk_from(row), score=row["_score"], lexical=row["_score"]) for row in rows]

    def similarities(self, spec: EmbedderSpec, keys: Sequence[str], vector: Vectors) -> dict[str, float]:
        """Return the cosine similarity of the chunks with these keys; those without a vector are left out."""
        return self._vectors.similarities(spec, keys, vector)

    def prewarm(self, spec: EmbedderSpec) -> None:
        """Read the indexes into memory, as far as they fit: the first searches on an object store wait for them."""
        with self._mapped("read"):
            prewarm(self._chunks)
        self._vectors.prewarm(spec)

    def _at_most(self, limit: int) -> int:
        """Return how many passages one search returns. From a large index on an object store, each is a request."""
        is_dear = is_remote(self.location) and self.count_chunks() >= INDEX_ROWS
        return min(limit, _MOST_REMOTE) if is_dear else limit

    def _arrow(self, table: Any, columns: Sequence[str]) -> Any:
        with self._mapped("read"):
            return arrow(table, columns)

    @contextlib.contextmanager
    def _changed(self) -> Iterator[None]:
        """Change the tables, if this process may still write."""
        self._place.check()
        with self._mapped("written"):
            yield

    def _put(self, table: Any, name: str, rows: Any, replacing: Sequence[str] = ()) -> None:
        self._place.put(table, rows, on=PRIMARY_KEYS[name], replacing=replacing)

    def _mapped(self, action: str) -> contextlib.AbstractContextManager[None]:
        return mapped(action, self.location)
