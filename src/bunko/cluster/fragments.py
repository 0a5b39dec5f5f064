"""Commit what the tasks wrote, and let the nodes build the indexes. In: fragments. Out: new versions of the tables.

A commit changes one table. Those of one share of the work become visible together: an object store publishes them
(bunko.store.published), and on a shared folder the manifest comes last, as in a sync. Knows nothing of documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lance
import pyarrow.compute as pc

from bunko.cluster.work import open_table, table_uri
from bunko.language.words import STOP_WORDS
from bunko.store.faults import mapped
from bunko.store.remote import storage_options
from bunko.store.tables import INDEX_ROWS
from bunko.store.vectors import partitions
from bunko.store.word_index import LONGEST_WORD

# Deleted by row id in one expression.
_AT_ONCE = 5_000


def append(location: str, name: str, fragments: Sequence[str]) -> Any:
    """Add fragments to a table by one commit, and return it. Raises StoreError."""
    table = open_table(location, name)
    if not fragments:
        return table
    with mapped("written", location):
        return lance.LanceDataset.commit(
            table_uri(location, name),
            lance.LanceOperation.Append([lance.FragmentMetadata.from_json(each) for each in fragments]),
            read_version=table.version,
            storage_options=storage_options(location) or None,
        )


def append_vectors(location: str, name: str, fragments: Sequence[str], *, known_at: int) -> None:
    """Add vectors as `append` does, each key once.

    Tasks leave out the keys that had a vector at version `known_at`. What was added since is compared here.
    """
    before = {fragment.fragment_id for fragment in open_table(location, name, known_at).get_fragments()}
    table = append(location, name, fragments)
    with mapped("written", location):
        added = [fragment for fragment in table.get_fragments() if fragment.fragment_id not in before]
        if not added or not fragments:
            return
        rows = table.scanner(columns=["key"], with_row_id=True, fragments=added).to_table()
        first = rows.group_by("key").aggregate([("_rowid", "min")])["_rowid_min"]
        doubled = rows["_rowid"].filter(pc.invert(pc.is_in(rows["_rowid"], value_set=first))).to_pylist()
        for n in range(0, len(doubled), _AT_ONCE):
            table.delete(f"_rowid IN ({', '.join(map(str, doubled[n : n + _AT_ONCE]))})")


def build_indexes(location: str, vectors: str, *, workers: int) -> int:
    """Merge small fragments and build the indexes of large tables on the nodes.

    Does so where most rows have no index yet; a later sync adds the rest. Returns the number of vectors whose index
    was built, 0 for none. Raises StoreError.
    """
    import lance_ray

    options = {"storage_options": storage_options(location) or None, "num_workers": workers}
    built = 0
    with mapped("indexed", location):
        for name in ("chunks", "documents", "files", vectors):
            if open_table(location, name).count_rows() >= INDEX_ROWS:
                lance_ray.compact_files(table_uri(location, name), **options)
        chunks, keys = table_uri(location, "chunks"), table_uri(location, vectors)
        if _is_unindexed(open_table(location, "chunks"), "search_idx"):
            lance_ray.create_scalar_index(
                chunks, column="search", index_type="INVERTED", name="search_idx", base_tokenizer="icu",
                with_position=False, max_token_length=LONGEST_WORD, custom_stop_words=sorted(STOP_WORDS), **options,
            )  # fmt: skip
        for column in ("key", "path"):
            if _is_unindexed(open_table(location, "chunks"), f"{column}_idx"):
                lance_ray.create_scalar_index(
                    chunks, column=column, index_type="BTREE", name=f"{column}_idx", **options
                )
        table = open_table(location, vectors)
        if _is_unindexed(table, "key_idx"):
            lance_ray.create_scalar_index(keys, column="key", index_type="BTREE", name="key_idx", **options)
        if _is_unindexed(table, "vector_idx"):
            built = table.count_rows()
            lance_ray.create_index(
                keys, column="vector", index_type="IVF_RQ", name="vector_idx", metric="dot",
                num_partitions=partitions(built), num_bits=1, **options,
            )  # fmt: skip
    return built


def _is_unindexed(table: Any, name: str) -> bool:
    """Return whether an index of a large table is missing, or has less than half of the rows."""
    rows = table.count_rows()
    if rows < INDEX_ROWS:
        return False
    if name not in {index.name for index in table.describe_indices()}:
        return True
    return bool(2 * int(table.stats.index_stats(name)["num_indexed_rows"]) < rows)
