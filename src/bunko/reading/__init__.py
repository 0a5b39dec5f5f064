"""Read a file into documents. In: a file's path. Out: Documents. Knows nothing of chunks, models or storage.

    folder.py      which files there are
    worker.py      the process that reads them, under limits of time and memory
    members.py     files inside files, and their limits
    plain.py …     one module for each family of formats
    unseen.py      leaves out characters that nobody sees; hidden.py, pdf_unseen.py: parts of pages

Most files hold one document; archives, mails, mailboxes and JSON Lines hold many.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from bunko.errors import ReadError, UnsupportedFormat
from bunko.reading.containers.archives import read_compressed, read_tar, read_zip, refuse_archive
from bunko.reading.containers.mail import read_mail, read_mailbox
from bunko.reading.containers.members import Budget, Context, Items, PageRead
from bunko.reading.folder import FileEntry, list_files
from bunko.reading.html.read import read_html
from bunko.reading.office.epub import read_epub
from bunko.reading.office.slides import read_odp
from bunko.reading.text.data import read_toml, read_xml, read_yaml
from bunko.reading.text.markup import read_asciidoc, read_dokuwiki, read_mediawiki, read_notebook, read_org, read_rst
from bunko.reading.text.plain import looks_binary, read_markdown, read_text
from bunko.reading.text.records import read_json, read_json_lines
from bunko.reading.text.subtitles import read_subtitles
from bunko.reading.text.tables import read_csv
from bunko.reading.text.unseen import seen
from bunko.settings import ReadingSettings
from bunko.types import Document, FailedFile

__all__ = ["FileEntry", "endings", "list_files", "read_documents", "read_file"]

_Reader: TypeAlias = Callable[[Path, str, Context], Items]


def read_documents(path: Path, relative: str, *, settings: ReadingSettings) -> Items:
    """Yield what a file holds, one document at a time; a member that can't be read is a FailedFile of its own.

    In between come PageReads, which hold nothing: they tell whoever watches that a long document gets on.

    Raises ReadError where the file as a whole can't be read, also after some documents were yielded.
    """
    yield from _read(path, relative, Context(settings=settings, budget=Budget(settings), read=_read))


def read_file(path: Path, relative: str, *, settings: ReadingSettings) -> Document:
    """Return the first document of a file. Raises ReadError (or one of its kinds) where there is none."""
    for item in read_documents(path, relative, settings=settings):
        if isinstance(item, Document):
            return item
    raise ReadError(_EMPTY, _MEANT)


# --- which reader reads what -----------------------------------------------------------------------------------


def _by_pdfium(path: Path, relative: str, context: Context) -> Items:
    from bunko.reading.pdf.read import read_pdf

    yield from read_pdf(path, relative, settings=context.settings)


def _by_kreuzberg(path: Path, relative: str, context: Context) -> Items:
    from bunko.reading.office.kreuzberg import read_with_kreuzberg

    yield read_with_kreuzberg(path, relative, settings=context.settings)


def _picture(path: Path, relative: str, context: Context) -> Items:
    from bunko.reading.images.read import read_picture

    yield from read_picture(path, relative, settings=context.settings)


def _pptx(path: Path, relative: str, context: Context) -> Items:
    from bunko.reading.office.locked import unlocked
    from bunko.reading.office.slides import read_pptx

    yield read_pptx(unlocked(path, context.settings), relative)


def _unsettled(read: Callable[[Path, str], Document]) -> _Reader:
    return lambda path, relative, _: iter((read(path, relative),))


def _as_text(read: Callable[[bytes, str], Document]) -> _Reader:
    def reader(path: Path, relative: str, context: Context) -> Items:
        del context
        data = path.read_bytes()
        if looks_binary(data):
            raise UnsupportedFormat(
                f"{path.suffix.lower() or 'A file without an ending'} is not a kind of file that can be read.",
                "Add it to .bunkoignore, or convert it to PDF or text.",
            )
        yield read(data, relative)

    return reader


# Whatever is not named here is read as text if it is text. An ending of two parts goes before its last part.
_READERS: Mapping[str, _Reader] = {
    ending: reader
    for endings, reader in (
        (".md .markdown .mdown .mkd", _as_text(read_markdown)),
        (".pdf", _by_pdfium),
        (".png .jpg .jpeg .tif .tiff .bmp .gif .webp", _picture),
        (".docx .docm .doc .ppt .xlsx .xlsm .xlsb .xls .odt .ods .rtf .fb2 .msg .tex", _by_kreuzberg),
        (".pptx .pptm .ppsx", _pptx),
        (".odp", _unsettled(read_odp)),
        (".epub", _unsettled(read_epub)),
        (".html .htm .xhtml", _as_text(read_html)),
        (".csv .tsv .tab", _as_text(read_csv)),
        (".jsonl .ndjson .jsonl.gz .ndjson.gz", read_json_lines),
        (".json", read_json),
        (".yaml .yml", _as_text(read_yaml)),
        (".toml", _as_text(read_toml)),
        (".xml .rss .atom", _as_text(read_xml)),
        (".rst .rest", _as_text(read_rst)),
        (".org", _as_text(read_org)),
        (".adoc .asciidoc", _as_text(read_asciidoc)),
        (".mediawiki .wiki", _as_text(read_mediawiki)),
        (".dokuwiki", _as_text(read_dokuwiki)),
        (".ipynb", _as_text(read_notebook)),
        (".srt .vtt", _as_text(read_subtitles)),
        (".eml", read_mail),
        (".mbox", read_mailbox),
        (".zip", read_zip),
        (".tar .tar.gz .tgz .tar.bz2 .tbz2 .tar.xz .txz", read_tar),
        (".gz .bz2 .xz", read_compressed),
        (".7z .rar .lzh .cab .zst .tar.zst", refuse_archive),
    )
    for ending in endings.split()
}
_TEXT = _as_text(read_text)


_PLAIN = (".txt", ".text", ".log")


def endings(*, archives: bool) -> list[str]:
    """Return the endings that name a kind of file that can be read; a text may have any other, or none."""
    unread = {refuse_archive} if archives else {refuse_archive, read_zip, read_tar, read_compressed}
    return sorted({*_PLAIN, *(ending for ending, reader in _READERS.items() if reader not in unread)})


def _reader(path: Path) -> _Reader:
    endings = ["".join(path.suffixes[-2:]).lower(), path.suffix.lower()]
    return next((_READERS[ending] for ending in endings if ending in _READERS), _TEXT)


# --- limits ----------------------------------------------------------------------------------------------------

_EMPTY, _MEANT = "The file holds no text.", "Nothing to do if it is meant to be empty."


def _read(path: Path, relative: str, context: Context) -> Items:
    """Yield what a file holds, within the limits. Raises ReadError."""
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
        for item in map(_seen, _reader(path)(path, relative, context)):
            empty = empty and isinstance(item, PageRead)
            error = _fault(item, settings) if isinstance(item, Document) else None
            if not error or isinstance(item, PageRead):
                yield item
            elif item.path == relative:
                raise error
            else:
                yield FailedFile(path=item.path, error=error.message, hint=error.hint)
        if empty:
            raise ReadError(_EMPTY, _MEANT)
    except OSError as error:
        raise ReadError(f"The file can't be opened: {error.strerror or error}.", "Check its permissions.") from error


def _seen(item: Document | FailedFile | PageRead) -> Document | FailedFile | PageRead:
    return seen(item) if isinstance(item, Document) else item


def _fault(document: Document, settings: ReadingSettings) -> ReadError | None:
    if not document.text.strip():
        return ReadError(_EMPTY, _MEANT)
    if len(document.text) > settings.max_characters:
        return ReadError(
            f"It holds {len(document.text):,} characters of text; the limit is {settings.max_characters:,}.",
            "Raise reading.max_characters to read it.",
        )
    return None
