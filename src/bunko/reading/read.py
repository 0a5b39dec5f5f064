"""Read a file within limits. In: a path. Out: Documents. Knows nothing of formats, chunks, models or storage."""

from __future__ import annotations

import errno
import math
import os
from pathlib import Path

from bunko.errors import ReadError
from bunko.reading.containers.members import Budget, Context, Items, PageRead
from bunko.reading.formats import reader_of
from bunko.reading.left_out import with_bad_places
from bunko.reading.properties.choose import with_facts
from bunko.reading.storable import storable
from bunko.reading.text.unseen import seen
from bunko.settings import ReadingSettings
from bunko.types import Document, FailedFile

# What stands in memory for each of them takes a thousand times the bytes of the file.
_MOST_SPANS = 200_000
_MOST_LABELS = 10_000_000
_EMPTY, _MEANT = "The file holds no text.", "Nothing to do if it is meant to be empty."


def read_documents(path: Path, relative: str, *, settings: ReadingSettings) -> Items:
    """Yield the documents of a file, one at a time; a member that can't be read is a FailedFile.

    PageReads in between report that a long document makes progress.

    Raises ReadError if the file as a whole can't be read, also after some documents were yielded.
    """
    yield from _read(path, relative, Context(settings=settings, budget=Budget(settings), read=_read))


def read_file(path: Path, relative: str, *, settings: ReadingSettings) -> Document:
    """Return the first document of a file. Raises ReadError, or one of its kinds, if there is none."""
    for item in read_documents(path, relative, settings=settings):
        if isinstance(item, Document):
            return item
    raise ReadError(_EMPTY, _MEANT)


def _read(path: Path, relative: str, context: Context) -> Items:
    """Yield the documents of a file, within the limits. Raises ReadError."""
    settings = context.settings
    try:
        size = path.stat().st_size
        if size > settings.max_file_mb * 1_000_000:
            whole = math.ceil(size / 1e6)
            raise ReadError(
                f"The file has {whole} MB; the limit is {settings.max_file_mb} MB.",
                f"Raise reading.max_file_mb to read it: --set reading.max_file_mb={whole}",
            )
        empty = True
        for item in map(_seen, reader_of(path)(path, relative, context)):
            empty = empty and isinstance(item, PageRead)
            error = _fault(item, settings) if isinstance(item, Document) else None
            if not error or isinstance(item, PageRead):
                one = item if isinstance(item, Document) and item.path == relative else None
                yield storable(with_facts(one, path)) if one else item
            elif item.path == relative:
                raise error
            else:
                yield FailedFile(path=item.path, error=error.message, hint=error.hint)
        if empty:
            raise ReadError(_EMPTY, _MEANT)
    except OSError as error:
        kind = "folder" if os.path.isdir(path) else "file"  # noqa: PTH112 - it must not raise
        hint = "Shorten its path." if error.errno == errno.ENAMETOOLONG else "Check its permissions."
        raise ReadError(f"The {kind} can't be opened: {error.strerror or error}.", hint) from error


def _seen(item: Document | FailedFile | PageRead) -> Document | FailedFile | PageRead:
    if isinstance(item, PageRead):
        return item
    return with_bad_places(storable(seen(item))) if isinstance(item, Document) else storable(item)


def _fault(document: Document, settings: ReadingSettings) -> ReadError | None:
    if not document.text.strip():
        return ReadError(_EMPTY, _MEANT)
    if len(document.text) > settings.max_characters:
        return ReadError(
            f"It holds {len(document.text):,} characters of text; the limit is {settings.max_characters:,}.",
            "Raise reading.max_characters to read it.",
        )
    spans = (*document.pages, *document.headings, *document.tables)
    if len(spans) > _MOST_SPANS or sum(len(span.label) for span in spans) > _MOST_LABELS:
        return ReadError(
            f"It has {len(spans):,} pages, headings and tables; the limit is {_MOST_SPANS:,}, "
            f"with {_MOST_LABELS:,} characters.",
            "Split it.",
        )
    return None
