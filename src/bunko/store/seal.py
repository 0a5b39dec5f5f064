"""Know which files of an index this installation wrote. In: the index's folder. Out: a Verdict on each table.

`seal.json` in the index lists every file of its tables with size, time stamps and digest, under a signature with the
user's own key (bunko.signing). It is written when a writer is done. Whoever opens the index compares: a file whose size
and time stamps are those of the list is the same; any other is hashed. So opening reads no contents, and a copied or
restored index is hashed once.

    foreign   no seal, or one that this user's key did not make: the index came with the folder
    damaged   a listed file is missing or has another content, or there is one that is not listed

A writer that was killed leaves files that are not listed. A note in the user's own directory says so, and they are
believed. Knows nothing of what the tables hold, and nothing of object stores.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bunko.private_files import NO_LINK, is_open, leads_elsewhere, link_above, read_plain, write_plain
from bunko.signing import forget_writing, is_being_written, is_signed, note_writing, signature

SEAL = "seal.json"
_PURPOSE = "bunko index 1"
_MOST_BYTES = 100_000_000
_BLOCK = 1 << 20
_TRIES = 3
_MISSING, _NEW = "is missing", "was not written by this installation"
# What a killed writer leaves: files that are not listed yet, and old versions that were cleaned up.
_WHILE_WRITING = (_MISSING, _NEW)
_HINT = "_versions/latest_version_hint.json"  # the only file that LanceDB writes again

Depth = Literal["quick", "whole"]
"""How files are compared: by size and time stamps, or all by their contents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is wrong with an index; nothing if `is_foreign` is false and `faults` is empty."""

    is_foreign: bool = False
    """Whether this installation did not make the index."""
    faults: Mapping[str, str] = field(default_factory=dict)
    """The first fault of each damaged table, by the table's name: "data/1.lance is missing"."""

    @property
    def is_sound(self) -> bool:
        """Whether the index can be believed as it is."""
        return not (self.is_foreign or self.faults)


class Seal:
    """The seal of one index on this machine's disks."""

    def __init__(self, folder: Path) -> None:
        """Open nothing yet. `folder` is the index's."""
        self._folder = folder

    def judge(self, *, depth: Depth = "quick", signed: bool = True) -> Verdict:
        """Compare the tables' files with the seal. An index without tables is sound: there is nothing to believe.

        Without `signed`, for an index that the user named and others may write, only other contents under a listed
        name are a fault. Raises OSError.
        """
        if link_above(self._folder) is not None:
            return Verdict(is_foreign=True)
        for _ in range(_TRIES):
            sealed = self._read(signed=signed)
            verdict = self._judged(sealed, depth, signed)
            if verdict.is_sound or self._read(signed=signed) == sealed:
                break  # else a writer has finished meanwhile
        return verdict

    def _judged(self, sealed: Sealed | None, depth: Depth, signed: bool) -> Verdict:
        files = dict(_files(self._folder))
        if sealed is None:
            return Verdict(is_foreign=signed and bool(files))
        faults: dict[str, str] = {}
        for name in sorted({*files, *sealed.files}):
            table, _, rest = name.partition("/")
            fault = _fault(self._folder / name, files.get(name), sealed.files.get(name), depth)
            if not fault or table in faults:
                continue
            passes = fault in _WHILE_WRITING or rest == _HINT
            if not (passes and (not signed or self._is_being_written(sealed.id))):
                faults[table] = f"{rest} {fault}"
        return Verdict(faults=faults)

    def begin(self) -> None:
        """Note that a writer is at work. Before the first write, the index gets its id. Raises OSError."""
        sealed = self._read(signed=False)
        if sealed is None:
            sealed = Sealed(id=secrets.token_hex(16), files={})
            self._write(sealed)
        note_writing(self._name(sealed.id))

    def close(self) -> None:
        """Seal what is there now: the caller holds the writer's lock, and believes it. Raises OSError."""
        signed = self._read(signed=True)
        sealed = signed or self._read(signed=False) or Sealed(id=secrets.token_hex(16), files={})
        files: dict[str, list[Any]] = {}
        private = not is_open(self._folder)
        for name, state in _files(self._folder):
            path = self._folder / name
            if private and sys.platform != "win32" and state.st_mode & 0o077:
                with contextlib.suppress(OSError):
                    path.chmod(0o600)
                    state = os.lstat(path)  # noqa: PLW2901 - its time stamp has changed
            before = sealed.files.get(name)
            stamp = _stamp(state)
            files[name] = before if before and before[:-1] == stamp else [*stamp, _digest(path)]
        if signed is None or files != sealed.files:
            self._write(Sealed(id=sealed.id, files=files))
        forget_writing(self._name(sealed.id))

    def _is_being_written(self, identity: str) -> bool:
        """Return whether this installation is writing the index, or was interrupted."""
        return is_being_written(self._name(identity))

    def _name(self, identity: str) -> str:
        return f"{identity} {self._folder.resolve()}"

    def _read(self, *, signed: bool) -> Sealed | None:
        try:
            content = read_plain(self._folder / SEAL, most=_MOST_BYTES)
            tree = json.loads(content or b"")
            body = json.dumps(tree["seal"], sort_keys=True).encode()
            if signed and not is_signed(str(tree["signature"]), _PURPOSE, body):
                return None
            return Sealed(id=str(tree["seal"]["id"]), files={str(k): list(v) for k, v in tree["seal"]["files"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def _write(self, sealed: Sealed) -> None:
        tree = {"id": sealed.id, "files": sealed.files}
        mark = signature(_PURPOSE, json.dumps(tree, sort_keys=True).encode())
        write_plain(self._folder / SEAL, json.dumps({"signature": mark, "seal": tree}).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """The content of a seal. Each file has size, modified_ns, changed_ns and digest."""

    id: str
    files: Mapping[str, list[Any]]


def _files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the path within the index, and the state, of every file of its tables. No link is followed."""
    pending = [(entry, entry.name) for entry in _entries(str(folder)) if entry.name.endswith(".lance")]
    while pending:
        entry, name = pending.pop()
        try:
            # Windows keeps an older state in its listings.
            state = os.lstat(entry.path) if sys.platform == "win32" else entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # cleaned up by a writer
            continue
        if stat.S_ISDIR(state.st_mode) and not leads_elsewhere(state):
            pending += [(inner, f"{name}/{inner.name}") for inner in _entries(entry.path)]
        else:
            yield name, state


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except FileNotFoundError:
        return []


def _fault(path: Path, state: os.stat_result | None, sealed: list[Any] | None, depth: Depth) -> str:
    """Return what is wrong with a file; empty if nothing is."""
    if state is None:
        return _MISSING
    if not stat.S_ISREG(state.st_mode) or leads_elsewhere(state):
        return "is no plain file"
    if sealed is None:
        return _NEW
    *stamp, digest = sealed
    if state.st_size != stamp[0]:
        return f"has {state.st_size:,} bytes instead of {stamp[0]:,}"
    if depth == "quick" and _stamp(state) == stamp:
        return ""
    try:
        return "" if _digest(path) == digest else "has other contents than were written"
    except FileNotFoundError:
        return _MISSING


def _stamp(state: os.stat_result) -> list[int]:
    """Return size and time stamps. No program sets the time of a file's last change, as archives set the others.

    Windows has the time of creation in its place; the file's number there is one that no archive sets.
    """
    stamp = [state.st_size, state.st_mtime_ns, state.st_ctime_ns]
    return [*stamp, state.st_ino] if sys.platform == "win32" else stamp


def _digest(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=32)
    with os.fdopen(os.open(path, os.O_RDONLY | NO_LINK), "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
