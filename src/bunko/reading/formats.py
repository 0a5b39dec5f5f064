"""Choose the reader of a file by its ending. In: a path. Out: a reader. Knows nothing of limits.

To add a format, write a module with a function that takes bytes, or a path, and a relative path, and register the
function in `READERS`. A reader that needs a large library is imported inside a function here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from bunko.errors import UnsupportedFormat
from bunko.reading.containers.archives import read_compressed, read_tar, read_zip, refuse_archive
from bunko.reading.containers.mail import read_mail, read_mailbox
from bunko.reading.containers.members import Context, Items
from bunko.reading.html.main_text import read_main_part
from bunko.reading.html.read import read_html
from bunko.reading.office.epub import read_epub
from bunko.reading.office.slides import read_odp
from bunko.reading.text.data import read_toml, read_xml, read_yaml
from bunko.reading.text.markup import read_asciidoc, read_dokuwiki, read_mediawiki, read_notebook, read_org, read_rst
from bunko.reading.text.plain import looks_binary, read_markdown, read_text
from bunko.reading.text.records import read_json, read_json_lines
from bunko.reading.text.subtitles import read_subtitles
from bunko.reading.text.tables import read_csv
from bunko.types import Document

Reader: TypeAlias = Callable[[Path, str, Context], Items]


def _by_pdfium(path: Path, relative: str, context: Context) -> Items:
    from bunko.reading.pdf.read import read_pdf

    yield from read_pdf(path, relative, context)


def _by_kreuzberg(path: Path, relative: str, context: Context) -> Items:
    from bunko.reading.left_out_packages import kreuzberg_for

    kreuzberg_for(f"{path.suffix.lower()} files")
    from bunko.reading.office.kreuzberg import read_with_kreuzberg

    yield read_with_kreuzberg(path, relative, settings=context.settings)


def _docx(path: Path, relative: str, context: Context) -> Items:
    from bunko.reading.office.word.read import read_docx

    yield from read_docx(path, relative, settings=context.settings)


def _xlsx(path: Path, relative: str, context: Context) -> Items:
    from bunko.reading.office.excel.read import read_xlsx

    yield from read_xlsx(path, relative, settings=context.settings)


def _odt(path: Path, relative: str, context: Context) -> Items:
    from bunko.reading.office.opendocument.text import read_odt

    yield from read_odt(path, relative, settings=context.settings)


def _ods(path: Path, relative: str, context: Context) -> Items:
    from bunko.reading.office.opendocument.sheets import read_ods

    yield from read_ods(path, relative, settings=context.settings)


def _parquet(path: Path, relative: str, context: Context) -> Items:
    from bunko.reading.text.parquet import read_parquet

    yield from read_parquet(path, relative, context)


def _picture(path: Path, relative: str, context: Context) -> Items:
    from bunko.reading.images.read import read_picture

    yield from read_picture(path, relative, settings=context.settings)


def _pptx(path: Path, relative: str, context: Context) -> Items:
    from bunko.reading.office.locked import unlocked
    from bunko.reading.office.slides import read_pptx

    yield read_pptx(unlocked(path, context.settings), relative)


def _one_document(read: Callable[[Path, str], Document]) -> Reader:
    return lambda path, relative, _: iter((read(path, relative),))


def _as_text(read: Callable[[bytes, str], Document]) -> Reader:
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


DOWNLOADED_PAGE = ".bunko-page"
"""The ending of a page that was just downloaded, for `bunko add`. No file in a folder is named like this."""
_main_part = _as_text(read_main_part)
# A file with another ending is read as text if it is text. The longest ending wins: .tar.gz before .gz.
READERS: Mapping[str, Reader] = {
    ending: reader
    for endings, reader in (
        (".md .markdown .mdown .mkd", _as_text(read_markdown)),
        (".pdf", _by_pdfium),
        (".png .jpg .jpeg .tif .tiff .bmp .gif .webp", _picture),
        (".docx .docm", _docx),
        (".xlsx .xlsm", _xlsx),
        (".odt", _odt),
        (".ods", _ods),
        (".doc .ppt .xlsb .xls .rtf .fb2 .msg .tex", _by_kreuzberg),
        (".pptx .pptm .ppsx", _pptx),
        (".odp", _one_document(read_odp)),
        (".epub", _one_document(read_epub)),
        (".html .htm .xhtml", _as_text(read_html)),
        (DOWNLOADED_PAGE, _main_part),
        (".csv .tsv .tab", _as_text(read_csv)),
        (".parquet", _parquet),
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
_ARCHIVES = (read_zip, read_tar, read_compressed)


def endings() -> list[str]:
    """Return the endings of the formats that are always read. A text may have any other ending, or none."""
    unread = (refuse_archive, _main_part, *_ARCHIVES)
    return sorted({*_PLAIN, *(ending for ending, reader in READERS.items() if reader not in unread)})


def archive_endings() -> list[str]:
    """Return the endings of the archives and compressed files that can be read."""
    return sorted(ending for ending, reader in READERS.items() if reader in _ARCHIVES)


def reader_of(path: Path) -> Reader:
    """Return the reader of a file."""
    possible = ["".join(path.suffixes[-2:]).lower(), path.suffix.lower()]
    return next((READERS[ending] for ending in possible if ending in READERS), _TEXT)
