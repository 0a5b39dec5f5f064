"""Keep a library on disk: LanceDB tables of files, documents, chunks and vectors. Start reading in store.py."""

from bunko.store.rows import FORMAT, Entry, FileRecord, Record
from bunko.store.store import Missing, Store

__all__ = ["FORMAT", "Entry", "FileRecord", "Missing", "Record", "Store"]
