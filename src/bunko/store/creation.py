"""Create the tables of an index, and recognise those of another version. In: a database. Knows no rows."""

from __future__ import annotations

from typing import Any

from bunko.errors import StoreTooNew
from bunko.installation import this_installation
from bunko.store.place import Place
from bunko.store.remote import is_remote
from bunko.store.rows import CHUNKS, DOCUMENTS, FILES, FORMAT, PRIMARY_KEYS, STATE, format_of, with_primary_key
from bunko.store.tables import table_names
from bunko.store.word_index import index_words

_SCHEMAS = {"files": FILES, "documents": DOCUMENTS, "chunks": CHUNKS, "state": STATE}
CORE_TABLES = tuple(_SCHEMAS)
"""The tables beside those of vectors. What one has lost, the others don't replace."""


def is_complete(place: Place, location: str) -> bool:
    """Return whether all tables are there, in this version's format. Raises StoreTooNew for a newer one's."""
    names = place.names()
    found = _format(place.database, names)
    if found > FORMAT:
        raise StoreTooNew(
            f"The index in {location!r} has format {found}, from a newer Bunko; this one reads {FORMAT}.",
            f"To upgrade it: {this_installation().update()}",
        )
    return found == FORMAT and set(names).issuperset(CORE_TABLES)


def create(database: Any, location: str) -> None:
    """Create the tables that are missing. Of an older format, drop the others, but the vectors, which took time.

    The caller holds the writer's lock; another process may have been first.
    """
    if _format(database, table_names(database)) < FORMAT:
        for name in reversed(CORE_TABLES):  # "files" has the format
            database.drop_table(name, ignore_missing=True)
    for name, schema in _SCHEMAS.items():
        if name not in table_names(database):
            keyed = with_primary_key(schema, PRIMARY_KEYS[name]) if is_remote(location) else schema
            database.create_table(name, schema=keyed, exist_ok=True)
        if name == "chunks":
            _index_words(database)  # before the last table: where that is missing, a creator was killed


def _format(database: Any, names: list[str]) -> int:
    """Return the format of the tables; that of this version where there are none."""
    if "files" not in names:
        return 1 if "documents" in names else FORMAT
    return format_of(database.open_table("files"))


def _index_words(database: Any) -> None:
    chunks = database.open_table("chunks")
    if not any("search" in index.columns for index in chunks.list_indices()):
        index_words(chunks)
