"""Read the files inside files: of archives, mails and compressed files. In: bytes and a name. Out: Documents.

Unpacked bytes are counted while unpacking; the sizes in headers are not trusted.
"""

from __future__ import annotations

import itertools
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TypeAlias

from bunko.errors import ReadError
from bunko.settings import ReadingSettings
from bunko.types import Document, FailedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRead:
    """Signals progress on a document of many pages, so that a long one does not reach the timeout."""


Items: TypeAlias = Iterator[Document | FailedFile | PageRead]
_BLOCK = 1 << 16


class LimitReached(ReadError):
    """The file as a whole unpacks to more than the limit. Readers of members must not catch it."""


class Budget:
    """How much more may be unpacked from one file on disk, including archives within it."""

    def __init__(self, settings: ReadingSettings) -> None:
        self._settings = settings
        self._bytes = settings.archive_mb * 1_000_000
        self._files = settings.archive_files

    def take_bytes(self, count: int) -> None:
        """Count unpacked bytes. Raises LimitReached."""
        self._bytes -= count
        if self._bytes < 0:
            raise LimitReached(
                f"It unpacks to more than {self._settings.archive_mb} MB.", "Raise reading.archive_mb to read it."
            )

    def take_file(self) -> None:
        """Count a file. Raises LimitReached."""
        self._files -= 1
        if self._files < 0:
            raise LimitReached(
                f"It holds more than {self._settings.archive_files:,} files.", "Raise reading.archive_files to read it."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a reader needs besides the file."""

    settings: ReadingSettings
    budget: Budget
    read: Callable[[Path, str, Context], Items]
    """Reads an unpacked file of any format."""
    depth: int = 0
    """The number of archives around the file."""

    def within_archive(self) -> Context:
        """Return the context of an archive's members."""
        return replace(self, depth=self.depth + 1)


def read_member(stream: IO[bytes], relative: str, context: Context, *, name: str) -> Items:
    """Yield the documents of a member; an error is a FailedFile. The ending of `name` decides its format.

    The member is unpacked to a temporary file. Raises LimitReached.
    """
    limit = context.settings.max_file_mb * 1_000_000
    with tempfile.TemporaryDirectory(prefix="bunko-") as folder:
        path = Path(folder) / f"member{safe_suffix(name)}"
        size = 0
        with path.open("wb") as file:
            for block in blocks(stream):
                context.budget.take_bytes(len(block))
                size += len(block)
                if size <= limit:  # the rest is unpacked anyway to reach the next member
                    file.write(block)
        if size > limit:
            message = f"The file has more than {context.settings.max_file_mb} MB."
            yield FailedFile(path=relative, error=message, hint="Raise reading.max_file_mb to read it.")
            return
        try:
            yield from context.read(path, relative, context)
        except LimitReached:
            raise
        except ReadError as error:
            yield FailedFile(path=relative, error=error.message, hint=error.hint)


def safe_suffix(name: str) -> str:
    """Return a name's ending, such as .tar.gz, if it is valid on every system.

    >>> safe_suffix("a/b.TAR.gz"), safe_suffix("Vol. 1/notes"), safe_suffix("../..")
    ('.tar.gz', '', '')
    """
    match = re.search(r"(?:\.[a-z0-9]{1,10}){0,1}\.[a-z0-9]{1,12}$", name.rpartition("/")[2].lower())
    return match.group() if match else ""


def blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield a stream's bytes piece by piece."""
    while block := stream.read(_BLOCK):
        yield block


class UniqueNames:
    """Makes names unique. Keeps only their hashes, since there may be a million."""

    def __init__(self) -> None:
        self._taken: set[int] = set()

    def __call__(self, *wanted: str) -> str:
        """Return the first unused name of these, or the last one with a number added."""
        numbered: Iterable[str] = (f"{wanted[-1]} ({n})" for n in itertools.count(2))
        for name in itertools.chain(wanted, numbered):
            if hash(name) not in self._taken:
                self._taken.add(hash(name))
                return name
        raise AssertionError("counting never ends")
