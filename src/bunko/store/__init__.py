"""Keep a library on disk: LanceDB tables of files, documents, chunks and vectors. Start reading in store.py."""

from bunko.store.checking import Problem
from bunko.store.opening import check, mend, open_for_sync, open_store
from bunko.store.place import Access
from bunko.store.rows import FORMAT, Entry, FileRecord, Listed, Record
from bunko.store.store import Missing, Store
from bunko.store.within import StoreWithin

__all__ = [
    "FORMAT",
    "Access",
    "Entry",
    "FileRecord",
    "Listed",
    "Missing",
    "Problem",
    "Record",
    "Store",
    "StoreWithin",
    "check",
    "mend",
    "open_for_sync",
    "open_store",
]
