"""Keep a library on disk: LanceDB tables of files, documents, chunks and vectors. Start reading in store.py."""

from bunko.store.checking import Problem
from bunko.store.opening import check, mend, open_for_sync, open_store
from bunko.store.rows import FORMAT, Entry, FileRecord, Record
from bunko.store.store import Missing, Store

__all__ = [
    "FORMAT",
    "Entry",
    "FileRecord",
    "Missing",
    "Problem",
    "Record",
    "Store",
    "check",
    "mend",
    "open_for_sync",
    "open_store",
]
