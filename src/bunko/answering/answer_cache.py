"""Store answers. In: a question and everything that its answer depends on. Out: the stored Answer, or None.

The answers are in one SQLite file in the index's folder, and are deleted with it; those of an index on an object store
are in a folder of the cache.
A file that can't be read, written or parsed counts as empty: a question can always be answered again. So does an
answer that this user's installation did not sign: the file may have come with the folder. Knows the index only by its
files, and loads neither it nor a model.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import importlib.util
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bunko
from bunko.answering.prompt_files import state_of_prompts
from bunko.errors import UsageError
from bunko.models.fingerprints import fingerprint_of
from bunko.models.gguf.adapters import adapter_states
from bunko.private_files import is_plain, make_place, remove_foreign
from bunko.reader.cards import state_of_reader
from bunko.reading.folder import FileEntry, content_digest, list_files
from bunko.settings import ServerSettings, Settings
from bunko.signing import is_signed, signature
from bunko.types import Answer, Event, Finished, ReasoningDelta, Remembered, Retrieved, TextDelta, Usage

if TYPE_CHECKING:
    import sqlite3

FILE = "answers.sqlite"
_PURPOSE = "bunko answers 1"
_BESIDE = ("-journal", "-wal", "-shm")
# Another process writes an answer in milliseconds, but several may write at once.
_WAIT_S = 0.5
_WAIT_TO_WRITE_S = 2.0
# Packages that affect answers, besides this one.
_ENGINES = ("xllamacpp", "onnxruntime", "tokenizers", "lancedb")
_PROGRAM = (".py", ".toml", ".txt", ".json")
_TABLES = (
    "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, state TEXT, at REAL, answer TEXT)",
    "CREATE TABLE IF NOT EXISTS folders (state TEXT PRIMARY KEY, folder TEXT)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """The files of a folder when the index was in step with it."""

    listing: str
    """Hash of the path, size and time stamp of every file."""
    unsettled: Mapping[str, str] = field(default_factory=dict)
    """Digests, by path, of files written so recently that their time stamps prove nothing."""
    failed: int = 0
    """Number of files that could not be read."""


# --- what an answer depends on -------------------------------------------------------------------------------------


def state_of(location: str) -> str:
    """Return a hash of the index's files, which changes with every write; empty if there is no index.

    Each table has a file for each of its versions.
    """
    if "://" in location:
        return ""
    versions = sorted([*Path(location).glob("*.lance/_versions/*"), *Path(location).glob("published.json")])
    digest = hashlib.blake2b(digest_size=16)
    try:
        for path in versions:
            state = path.stat()
            digest.update(f"{path.parent.parent.name}/{path.name} {state.st_size} {state.st_mtime_ns}\n".encode())
    except OSError:  # it is being written
        return ""
    return digest.hexdigest() if versions else ""


def key_of(question: str, *, state: str, settings: Settings) -> str:
    """Return a hash of a question and everything that its answer depends on; empty if the answer can't be cached.

    It can't for a model on a server, which may change, nor for temperatures above 0, which are random.
    """
    models = [fingerprint_of(name, settings=settings) for name in (settings.model, settings.embedder)]
    if not (state and all(models)) or settings.generation.temperature > 0:
        return ""
    # The index and the models are in `state` and `models`. These settings have no effect on an answer.
    answers = dataclasses.replace(settings.answers, keep=0)
    decisive = dataclasses.replace(
        settings, sets=(), store="", cache_dir="", offline=False, answers=answers, server=ServerSettings()
    )
    try:
        adapters = adapter_states(settings.generation.adapters)
        prompts = state_of_prompts(settings)
        reader = state_of_reader(settings.reader)
    except (OSError, UsageError):
        return ""
    parts = [question, state, *models, adapters, repr(decisive), prompts, reader, bunko.__version__, _program()]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


@functools.cache  # what runs here was read when it was imported
def _program() -> str:
    """Return a hash of the files of the installed program: answers of an older one must not be given again."""
    specs = [importlib.util.find_spec(name) for name in _ENGINES]
    places = [Path(folder, name) for folder, _, names in os.walk(Path(bunko.__file__).parent) for name in names]
    files = sorted(place for place in places if place.suffix in _PROGRAM)
    files += [Path(spec.origin) for spec in specs if spec and spec.origin]
    states = [(str(path), status.st_size, status.st_mtime_ns) for path in files for status in (path.stat(),)]
    return hashlib.blake2b(repr(states).encode(), digest_size=16).hexdigest()


def _listing(files: Sequence[FileEntry]) -> str:
    """Return a hash of a folder's files as listed."""
    lines = "\n".join(f"{file.path}\t{file.size}\t{file.modified_ns}" for file in files)
    return hashlib.blake2b(lines.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def folder_of(files: Sequence[FileEntry], unsettled: Mapping[str, str], *, failed: int) -> Folder:
    """Return the record of a folder's files."""
    return Folder(listing=_listing(files), unsettled=dict(unsettled), failed=failed)


def is_as_it_was(root: Path, folder: Folder, *, settings: Settings) -> bool:
    """Return whether a folder is unchanged. Raises LibraryNotFound."""
    files = list_files(root, ignore=settings.reading.ignore)
    if _listing(files) != folder.listing:
        return False
    return all(content_digest(file) == folder.unsettled[file.path] for file in files if file.path in folder.unsettled)


# --- storage -------------------------------------------------------------------------------------------


class Memory:
    """The stored answers from one index."""

    def __init__(self, location: str, *, keep: int) -> None:
        """Open nothing yet. The file is in the folder `location`; the newest `keep` answers are kept."""
        self._path = None if "://" in location else Path(location, FILE)
        self._keep = keep

    def answer(self, key: str) -> Answer | None:
        """Return a stored answer, with its original cost in `remembered` and without timings; None if there is none."""
        row = self._one("SELECT at, answer FROM answers WHERE key = ?", key)
        if row is None:
            return None
        try:
            from bunko.contract.parse import from_json

            text = _opened(row[1], "answer", key)
            return _given_before(from_json(Answer, json.loads(text)), at=row[0])
        except (ValueError, TypeError, KeyError, AttributeError):
            return None

    def keep(self, answer: Answer, *, key: str, state: str) -> None:
        """Store an answer; delete those from earlier states of the index, and the oldest beyond the limit."""
        from bunko.contract.serialise import to_json

        text = json.dumps(to_json(answer, surface="cache"), ensure_ascii=False, default=float)  # numpy's numbers
        text = _sealed(text, "answer", key)
        oldest = "SELECT key FROM answers ORDER BY at DESC LIMIT -1 OFFSET ?"
        self._write(
            ("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", (key, state, time.time(), text)),
            *_all_but(state),
            (f"DELETE FROM answers WHERE key IN ({oldest})", (self._keep,)),
        )

    def folder(self, state: str) -> Folder | None:
        """Return the files of the folder when the index, in this state, was in step with it."""
        row = self._one("SELECT folder FROM folders WHERE state = ?", state)
        try:
            return Folder(**json.loads(_opened(row[0], "folder", state))) if row else None
        except (ValueError, TypeError):
            return None

    def keep_folder(self, folder: Folder, *, state: str) -> None:
        """Store the files of the folder, with which the index is in step."""
        if self.folder(state) != folder:
            text = _sealed(json.dumps(dataclasses.asdict(folder)), "folder", state)
            self._write(("INSERT OR REPLACE INTO folders VALUES (?, ?)", (state, text)), *_all_but(state))

    def forget(self, *, but: str = "") -> None:
        """Delete all answers, or all but those from one state of the index."""
        if self._path is not None and is_plain(self._path):
            self._write(*_all_but(but))

    def _one(self, query: str, value: str) -> tuple[Any, ...] | None:
        if self._path is None or not is_plain(self._path):
            return None
        found: list[tuple[Any, ...]] = []
        with _without_faults(), contextlib.closing(self._open(wait_s=_WAIT_S)) as database:
            found = database.execute(query, (value,)).fetchmany(1)
        return found[0] if found else None

    def _write(self, *changes: tuple[str, tuple[object, ...]]) -> None:
        """Make all changes or none. A file that is not a database is replaced; so is a link, which is not followed."""
        if self._path is None:
            return
        with _without_faults():
            import sqlite3

            make_place(self._path)
            try:
                self._change(changes)
            except sqlite3.OperationalError:  # locked, read-only, the disk is full
                raise
            except sqlite3.DatabaseError:
                self._path.unlink(missing_ok=True)
                make_place(self._path)
                self._change(changes)

    def _change(self, changes: Sequence[tuple[str, tuple[object, ...]]]) -> None:
        with contextlib.closing(self._open(wait_s=_WAIT_TO_WRITE_S)) as database, database:
            database.execute("BEGIN IMMEDIATE")
            for table in _TABLES:
                database.execute(table)
            for statement, values in changes:
                database.execute(statement, values)

    def _open(self, *, wait_s: float) -> sqlite3.Connection:
        import sqlite3

        for ending in _BESIDE:  # SQLite opens these by their names
            remove_foreign(Path(f"{self._path}{ending}"))
        database = sqlite3.connect(str(self._path), timeout=wait_s)
        # Nothing waits for the disk while the file is locked. A killed process loses nothing by that; a machine that
        # loses its power may lose the file, which then counts as empty.
        database.execute("PRAGMA synchronous = OFF")
        # Deleted rows are overwritten, so that no text of a deleted document remains.
        database.execute("PRAGMA secure_delete = ON")
        return database


def _sealed(text: str, kind: str, key: str) -> str:
    """Return a text under this user's signature. Without a key, one that is never believed."""
    return f"{signature(_PURPOSE, kind.encode(), key.encode(), text.encode('utf-8', 'surrogatepass'))}\n{text}"


def _opened(sealed: str, kind: str, key: str) -> str:
    """Return the text under a signature. Raises ValueError where it is not this user's."""
    mark, _, text = sealed.partition("\n")
    if not is_signed(mark, _PURPOSE, kind.encode(), key.encode(), text.encode("utf-8", "surrogatepass")):
        raise ValueError("another installation wrote this")
    return text


def _all_but(state: str) -> list[tuple[str, tuple[object, ...]]]:
    return [(f"DELETE FROM {table} WHERE state != ?", (state,)) for table in ("answers", "folders")]


def _without_faults() -> contextlib.suppress:
    """Return a context that ignores errors of the file. Some Pythons are built without SQLite."""
    try:
        import sqlite3
    except ImportError:
        return contextlib.suppress(ImportError)
    return contextlib.suppress(sqlite3.Error, OSError)


# --- answers given again --------------------------------------------------------------------------------------------


def replay(answer: Answer) -> Iterator[Event]:
    """Yield the events of an answer that was given before."""
    yield Retrieved(question=answer.standalone_question, evidence=answer.evidence, hits=answer.hits)
    if answer.reasoning:
        yield ReasoningDelta(text=answer.reasoning)
    yield TextDelta(text=answer.text)
    yield Finished(answer=answer)


def _given_before(answer: Answer, *, at: float) -> Answer:
    """Return a cached answer for display, with its usage and timings in `remembered`. Raises KeyError."""
    when = datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M")
    took = answer.timings["total"] / 1000
    note = f"You asked this on {when}, and nothing has changed since: this is the same answer ({took:.1f} s then)."
    return dataclasses.replace(
        answer,
        notes=(*answer.notes, f"{note} --no-cache asks again."),
        usage=Usage(),
        timings={},
        remembered=Remembered(at=at, timings=answer.timings, usage=answer.usage),
    )
