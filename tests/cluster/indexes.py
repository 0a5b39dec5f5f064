"""Tell the indexes of a library's large tables. In: its place. Out: JSON; of an object store, the published version."""

from __future__ import annotations

import json
import sys
from typing import Any

from bunko.store import Store
from bunko.store.remote import connect
from bunko.store.tables import INDEX_ROWS


def indexes(location: str) -> dict[str, dict[str, Any]]:
    """Return rows, fragments, and for each index its kind and the rows that it lacks, by the names of the tables."""
    published = Store(location, access="read").published()
    found: dict[str, dict[str, Any]] = {}
    database = connect(location)
    for name, version in (published.tables if published else dict.fromkeys(database.list_tables().tables, 0)).items():
        table = database.open_table(name)
        if version:
            table.checkout(version)
        if table.count_rows() >= INDEX_ROWS:
            kinds = {index.name: [index.index_type, _lacking(table, index.name)] for index in table.list_indices()}
            fragments = table.stats()["fragment_stats"]["num_fragments"]
            found[name.partition("_")[0]] = {"rows": table.count_rows(), "fragments": fragments, "indexes": kinds}
    return found


def _lacking(table: Any, name: str) -> int:
    return int(table.index_stats(name).num_unindexed_rows)


if __name__ == "__main__":  # in a process that reaches the object store
    sys.stdout.write(json.dumps(indexes(sys.argv[1])))
