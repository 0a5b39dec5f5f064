"""Drop what can't be read of an index on an object store. In: its URL. Out: what was wrong. A sync fills it again."""

from __future__ import annotations

from bunko.errors import StoreDamaged
from bunko.store.checking import check_store
from bunko.store.control import CONTROL
from bunko.store.creation import CORE_TABLES, create
from bunko.store.faults import mapped
from bunko.store.lease import acquire
from bunko.store.published import Publisher, recover
from bunko.store.remote import connect
from bunko.store.tables import table_names


def mend_remote(location: str, *, wait_s: float) -> tuple[str, ...]:
    """Drop the tables that can't be read, and publish the rest; return what was wrong, or nothing if all is whole.

    Waits up to `wait_s` seconds for another writer. Raises StoreBusy, StoreError.
    """
    with mapped("mended", location):
        database = connect(location)
    with acquire(database, location, wait_s=wait_s) as lease:
        try:
            publisher, _ = recover(database, location, lease)
            found = {problem.table: problem.detail for problem in check_store(location, origin="user")}
        except StoreDamaged as error:  # a published version is gone: all is made again
            publisher = Publisher(database, location, lease)
            found = dict.fromkeys(CORE_TABLES, error.message)
        if not found:
            return ()
        damaged = {*found, *CORE_TABLES} if any(name in CORE_TABLES for name in found) else set(found)
        with mapped("mended", location):
            for name in sorted(damaged):
                lease.check()
                database.drop_table(name, ignore_missing=True)
            create(database, location)
            names = [name for name in table_names(database) if name != CONTROL]
            versions = {name: int(database.open_table(name).version) for name in names}
        publisher.publish(versions)
    return tuple(f"The index was damaged, and is mended: {table}: {detail}." for table, detail in sorted(found.items()))
