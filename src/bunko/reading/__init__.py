"""Read a file into documents. In: a file's path. Out: Documents. Knows nothing of chunks, models or storage.

    folder.py      which files there are
    worker.py      the process that reads them, under limits of time and memory
    plain.py …     one module for each family of formats

Most files hold one document; those of `_CONTAINERS` hold many.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bunko.errors import ReadError, UnsupportedFormat
from bunko.reading.folder import FileEntry, list_files
from bunko.reading.plain import looks_binary, read_markdown, read_text
from bunko.settings import ReadingSettings
from bunko.types import Document, FailedFile

__all__ = ["FileEntry", "list_files", "read_documents", "read_file"]

_MARKDOWN = frozenset({".md", ".markdown", ".mdown", ".mkd"})
# What Kreuzberg reads; everything else is read as text if it is text.
_BY_KREUZBERG = frozenset(
    ".pdf .docx .doc .pptx .ppt .xlsx .xls .odt .ods .rtf .epub .html .htm .xhtml .eml .msg .ipynb .tex "
    ".xlsm .xlsb .pptm .docm .fb2".split()
)
_IMAGES = frozenset(".png .jpg .jpeg .tif .tiff .bmp .gif .webp".split())
_EMPTY = "The file holds no text."


def read_documents(path: Path, relative: str, *, settings: ReadingSettings) -> Iterator[Document | FailedFile]:
    """Yield what a file holds, one document at a time; a member that can't be read is a FailedFile of its own.

    Raises ReadError where the file as a whole can't be read, also after some documents were yielded.
    """
    yield read_file(path, relative, settings=settings)


def read_file(path: Path, relative: str, *, settings: ReadingSettings) -> Document:
    """Return the file's text with its pages or headings.

    Raises ReadError (or one of its kinds) with what is wrong and what would help; OSError's are mapped too.
    """
    suffix = path.suffix.lower()
    try:
        size = path.stat().st_size
        if size > settings.max_file_mb * 1_000_000:
            raise ReadError(
                f"The file has {size / 1e6:.0f} MB; the limit is {settings.max_file_mb} MB.",
                "Raise reading.max_file_mb to read it.",
            )
        document = _read(path, relative, suffix)
    except OSError as error:
        raise ReadError(f"The file can't be opened: {error.strerror or error}.", "Check its permissions.") from error
    if not document.text.strip():
        raise ReadError(_EMPTY, "Nothing to do if it is meant to be empty.")
    if len(document.text) > settings.max_characters:
        raise ReadError(
            f"The file holds {len(document.text):,} characters of text; the limit is {settings.max_characters:,}.",
            "Raise reading.max_characters to read it.",
        )
    return document


def _read(path: Path, relative: str, suffix: str) -> Document:
    if suffix in _BY_KREUZBERG or suffix in _IMAGES:
        from bunko.reading.kreuzberg import read_with_kreuzberg

        return read_with_kreuzberg(path, relative)
    data = path.read_bytes()
    if looks_binary(data):
        raise UnsupportedFormat(
            f"{suffix or 'A file without an ending'} is not a kind of file that can be read.",
            "Add it to .bunkoignore, or convert it to PDF or text.",
        )
    return read_markdown(data, relative) if suffix in _MARKDOWN else read_text(data, relative)
