"""Keep vectors under the keys of passages, one table for each embedder. In: keys, vectors. Out: keys, similarities.

Knows nothing of documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from bunko.language.detection import OTHER_SCRIPTS
from bunko.ports import VECTORS_PREFIX
from bunko.store.faults import mapped
from bunko.store.place import Place
from bunko.store.remote import is_remote
from bunko.store.row_ids import RowsByKey
from bunko.store.rows import EMBEDDER_KEY, VECTOR_KEY, with_primary_key
from bunko.store.tables import (
    INDEX_ROWS,
    PUT_OFF_ROWS,
    arrow,
    delete,
    index_column,
    one_of,
    optimize,
    prewarm,
)

if TYPE_CHECKING:
    from bunko.ports import EmbedderSpec, Vectors

# The index holds one bit for each number of a vector (RaBitQ). A search reads all of it, and compares this many
# candidates by their whole vectors. benchmarks/LOG.md has the other kinds of index that were measured.
_COMPARED = 300
_ALL_PARTITIONS = 1_000_000
# On an object store, if there are so many.
_FEW_PARTITIONS = 64
# Comparing this many vectors one by one takes about as long as a search of all (benchmarks/LOG.md).
_ONE_BY_ONE = 300
# A condition of many keys takes longer than looking at twice as many hits.
_NEARLY_ALL = 2
_MORE = 4


class VectorTables:
    """The vector tables of an open library. The methods raise StoreError and its kinds."""

    def __init__(self, place: Place, location: str) -> None:
        """`place` is that of the index at `location`."""
        self._place = place
        self._location = location
        self._known: set[str] = set()
        self._by_key: dict[str, RowsByKey] = {}

    def embedders(self) -> list[str]:
        """Return the names of the embedders whose vectors are stored."""
        with mapped("read", self._location):
            names = ((table.schema.metadata or {}).get(EMBEDDER_KEY, b"?").decode() for _, table in self._all())
            return sorted(names)

    def keys(self, spec: EmbedderSpec) -> Any:
        """Return the keys with a vector, as an Arrow array of strings."""
        with mapped("read", self._location):
            table = self._table(spec)
            return pa.array([], pa.string()) if table is None else arrow(table, ["key"])["key"].combine_chunks()

    def add(self, spec: EmbedderSpec, keys: Sequence[str], vectors: Vectors) -> None:
        """Store one vector for each key; `vectors` has the shape (len(keys), spec.dimension)."""
        with mapped("written", self._location):
            table = self._table(spec)
            schema = vector_schema(spec, location=self._location)
            if table is None:
                self._place.database.create_table(spec.table, schema=schema, exist_ok=True)
                table = self._place.open(spec.table)
            flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), spec.dimension)
            rows = pa.table({"key": pa.array(keys, pa.string()), "vector": flat}, schema=schema)
            self._place.put(table, rows, on=VECTOR_KEY)

    def drop_unused(self, wanted: Any) -> None:
        """Delete the vectors whose keys are not among `wanted`; in a large table, only once there are many."""
        for name, table in self._all():
            keys = arrow(table, ["key"])["key"]
            unused = keys.filter(pc.invert(pc.is_in(keys, wanted))).to_pylist()
            if len(keys) < INDEX_ROWS or len(unused) >= PUT_OFF_ROWS:
                delete(table, "key", unused)
            optimize(table, self._place.kept(name))

    def tidy(self, spec: EmbedderSpec, *, indexed_rows: int) -> int:
        """Merge small files, and build the vector index of a large table, again when it has doubled.

        `indexed_rows` is how many rows the table had when its index was built. Returns that number after the call.
        """
        with mapped("tidied", self._location):
            table = self._table(spec)
            if table is None:
                return indexed_rows
            optimize(table, self._place.kept(spec.table))
            rows = int(table.count_rows())
            if rows < INDEX_ROWS or rows < 2 * indexed_rows:
                return indexed_rows
            from bunko.store.quick_lancedb import IvfRq

            table.create_index("vector", config=IvfRq(distance_type="dot", num_partitions=partitions(rows)))
            index_column(table, "key")
            return rows

    def count(self, spec: EmbedderSpec) -> int:
        """Return the number of an embedder's vectors."""
        with mapped("read", self._location):
            table = self._table(spec)
            return 0 if table is None else int(table.count_rows())

    def nearest(self, spec: EmbedderSpec, vector: Vectors, *, limit: int, within: str = "") -> dict[str, float]:
        """Return the keys of the nearest vectors with their cosine similarity, best first.

        `within` is a condition on their key.
        """
        with mapped("searched", self._location):
            table = self._table(spec)
            if table is None:
                return {}
            probed, refined = self._effort(table, limit)
            search = table.search(vector).distance_type("dot").nprobes(probed)
            search = search.refine_factor(refined).select(["key", "_distance"])
            search = search.where(within, prefilter=True) if within else search
            found = search.limit(limit).to_arrow()
            # The vectors have length 1; LanceDB's dot distance is 1 - dot.
            similarities = (1 - distance for distance in found["_distance"].to_pylist())
            return dict(zip(found["key"].to_pylist(), similarities, strict=True))

    def nearest_among(
        self, spec: EmbedderSpec, vector: Vectors, keys: Sequence[str], *, limit: int
    ) -> dict[str, float]:
        """Return what `nearest` does, among these keys only.

        A few are compared one by one. More are a condition of the search; of nearly all, so many more of the nearest
        are taken that enough of them are likely to be wanted.
        """
        if len(keys) <= _ONE_BY_ONE:
            found = self.similarities(spec, keys, vector)
            return dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))[:limit])
        wanted, total = frozenset(keys), self.count(spec)
        if _NEARLY_ALL * len(wanted) < total:
            return self.nearest(spec, vector, limit=limit, within=one_of("key", keys))
        searched = 0
        while True:
            searched = min(total, _MORE * max(limit, searched))
            nearest = self.nearest(spec, vector, limit=searched)
            found = {key: score for key, score in nearest.items() if key in wanted}
            if len(found) >= limit or len(nearest) < searched or searched >= total:
                return dict(list(found.items())[:limit])

    def similarities(self, spec: EmbedderSpec, keys: Sequence[str], vector: Vectors) -> dict[str, float]:
        """Return the cosine similarity of the vectors with these keys; keys without a vector are left out."""
        scores: dict[str, float] = {}
        with mapped("searched", self._location):
            table = self._table(spec) if keys else None
            if table is None:
                return {}
            rows = self._by_key.setdefault(spec.table, RowsByKey(self._location)).look_up(
                table, keys, ["key", "vector"]
            )
            if rows.num_rows:
                matrix = rows["vector"].combine_chunks().flatten().to_numpy().reshape(rows.num_rows, -1)
                scores.update(zip(rows["key"].to_pylist(), (matrix @ vector).tolist(), strict=True))
        return scores

    def prewarm(self, spec: EmbedderSpec) -> None:
        """Read the indexes of an embedder's vectors into memory, as far as they fit."""
        with mapped("read", self._location):
            if (table := self._table(spec)) is not None:
                prewarm(table)

    def _effort(self, table: Any, limit: int) -> tuple[int, int]:
        """Return how many partitions of the index a search reads, and how many times `limit` it compares whole.

        On a disk, all partitions. On an object store, a candidate that is compared whole is a request, and a partition
        that no search has read yet is several (docs/decisions/018).
        """
        if not is_remote(self._location):
            return _ALL_PARTITIONS, -(-_COMPARED // limit)
        return probes(table.count_rows()), 1

    def _all(self) -> list[tuple[str, Any]]:
        return [(name, self._place.open(name)) for name in self._place.names() if name.startswith(VECTORS_PREFIX)]

    def _table(self, spec: EmbedderSpec) -> Any | None:
        name = spec.table
        if name not in self._known and name not in self._place.names():
            return None
        self._known.add(name)
        return self._place.open(name)


def vector_schema(spec: EmbedderSpec, *, location: str) -> Any:
    """Return the columns of an embedder's vectors; on an object store, with a primary key."""
    fields = [("key", pa.string()), ("vector", pa.list_(pa.float32(), spec.dimension))]
    schema = pa.schema(fields).with_metadata({EMBEDDER_KEY: spec.name})
    return with_primary_key(schema, VECTOR_KEY) if is_remote(location) else schema


def to_embed(rows: Any, spec: EmbedderSpec, known: Any) -> Any:
    """Return which rows lack a vector. A text in a script that the embedder does not know never gets one."""
    foreign = [language for language in sorted(OTHER_SCRIPTS) if not spec.knows(language)]
    wanted = pc.invert(pc.is_in(rows["language"], pa.array(foreign, pa.string())))
    return pc.and_(wanted, pc.invert(pc.is_in(rows["key"], known)))


def probes(rows: int) -> int:
    """Return how many partitions a search on an object store reads: all of a small index, then a smaller part.

    >>> probes(100_000), probes(1_000_000), probes(100_000_000)
    (25, 64, 632)
    """
    return min(partitions(rows), max(_FEW_PARTITIONS, int(4 * partitions(rows) ** 0.5)))


def partitions(rows: int) -> int:
    """Return the number of partitions for an index of this many rows."""
    return max(1, rows // 4_000)
