"""Read office files and the like with Kreuzberg. In: a path. Out: a Document in Markdown. Raises ReadError.

PDFs, presentations, books and web pages have readers of their own: see benchmarks/LOG.md for why.
"""

from __future__ import annotations

import re
from pathlib import Path

import kreuzberg

from bunko.errors import ReadError
from bunko.reading.office.locked import locked_error, unlocked
from bunko.reading.text.plain import markdown_headings
from bunko.reading.text.tables import markdown_tables
from bunko.settings import ReadingSettings
from bunko.types import Document

_WORKBOOKS = frozenset({".xlsb", ".xls"})
# Bounded, so that a file of brackets takes no longer than another.
_WORDS = r"(?:[^\[\]\\\n]|\\.){0,500}"
_TARGET = r"(?:[^()\\\n]|\\.|\([^()\n]{0,200}\)){0,2000}"
_PICTURE = re.compile(rf"!\[{_WORDS}\]\({_TARGET}\)")
_LINK = re.compile(rf"(?<!!)\[({_WORDS})\]\({_TARGET}\)")
_BOLD = re.compile(r"(?:\\?\*){2}(?=\S)([^*\n]+?)(?:\\?\*){2}")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]<>()#+.!~-])")  # not the | of cells
_FENCE = re.compile(r"^```.*?^```[ \t]*$", re.MULTILINE | re.DOTALL)
_BLANK_LINES = re.compile(r"\n{3,}")
_RULE = re.compile(r"^-{3,}$", re.MULTILINE)  # between slides
_ROW_END = re.compile(r"\t{2,}")
_FIELD = re.compile(
    r" ?\b(?:HYPERLINK|PAGEREF|NOTEREF|STYLEREF|REF|TOC|SEQ|INCLUDEPICTURE)"
    r"(?: +(?:\"[^\"\n]{0,2000}\"|\\[a-z*@#]|_\w{1,40})){1,20} ?"
)
_BLANK_ROW = re.compile(r"^\|[ |]*\|$")
_MEND = "Open and save it again in its program."


def read_with_kreuzberg(path: Path, relative: str, *, settings: ReadingSettings) -> Document:
    """Return the file's text with its headings and tables; a workbook's sheets are headings of the first level."""
    suffix = path.suffix.lower()
    source = unlocked(path, settings)
    markdown = _extract(source, path, settings)
    if suffix in _WORKBOOKS:
        text = _by_sheets(markdown)
    else:
        text = (
            old_word(markdown) if suffix == ".doc" else tidy(_RULE.sub("", markdown) if suffix == ".ppt" else markdown)
        )
    return Document(
        path=relative,
        text=text,
        headings=markdown_headings(text),
        tables=markdown_tables(text),
        format=suffix.removeprefix("."),
    )


def _extract(source: Path | bytes, path: Path, settings: ReadingSettings) -> str:
    # use_cache would create a folder in the working directory. The Markdown of a .doc loses its paragraphs.
    output = "plain" if path.suffix.lower() == ".doc" else "markdown"
    config = kreuzberg.ExtractionConfig(use_cache=False, disable_ocr=True, output_format=output)
    try:
        if isinstance(source, bytes):
            kind = kreuzberg.detect_mime_type_from_path(path)
            result = kreuzberg.extract_bytes_sync(source, kind, config=config)
        else:
            result = kreuzberg.extract_file_sync(source, config=config)
    except (kreuzberg.KreuzbergError, ValueError, RuntimeError, OSError) as error:
        raise _as_read_error(error, path.suffix.lower(), settings) from error
    except BaseException as error:
        # A Rust panic is raised as pyo3's PanicException, which is not an Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise ReadError("The file is broken: its parser crashed.", _MEND) from error
    content: str = result.content
    return content.replace("\r\n", "\n").replace("\r", "\n")


def _as_read_error(error: Exception, suffix: str, settings: ReadingSettings) -> ReadError:
    detail = " ".join(str(error).split())[:200]
    lowered = detail.lower()
    if "password" in lowered or "encrypt" in lowered:
        return locked_error(settings)
    if isinstance(error, kreuzberg.MissingDependencyError):
        return ReadError(f"Reading {suffix} needs another program: {detail}.", "Convert the file to PDF.")
    return ReadError(f"The file can't be read: {detail}.", _MEND)


def old_word(text: str) -> str:
    r"""Return the plain text of a .doc with one table row a line, and fields without their codes.

    >>> old_word('See  HYPERLINK "https://example.org"the page.\nYear\tVisitors\t\t1901\t1,200\t\tEnd.')
    'See the page.\nYear\tVisitors\n1901\t1,200\nEnd.'
    """
    # The end of a row is marked like that of a cell, after the last one.
    return _BLANK_LINES.sub("\n\n", _ROW_END.sub("\n", _FIELD.sub("", text))).strip("\n")


def tidy(markdown: str) -> str:
    r"""Return Markdown without pictures, link targets, bold marks and escapes. Code stays.

    >>> tidy("**See** [the page](https://example.org/a_(b)): ![x](y.png) 5 \\* 3\n\n```\n**x**\n```")
    'See the page:  5 * 3\n\n```\n**x**\n```'
    """
    pieces: list[str] = []
    at = 0
    for fence in _FENCE.finditer(markdown):
        pieces += [_tidy(markdown[at : fence.start()]), fence.group()]
        at = fence.end()
    pieces.append(_tidy(markdown[at:]))
    return _BLANK_LINES.sub("\n\n", "".join(pieces)).strip("\n")


def _tidy(text: str) -> str:
    text = _BOLD.sub(r"\1", _LINK.sub(r"\1", _PICTURE.sub("", text)))
    return _ESCAPED.sub(r"\1", text)


def _by_sheets(markdown: str) -> str:
    """Return a workbook with its sheets as headings of the first level, and a table for each block of rows."""
    lines: list[str] = []
    begins = False
    for line in markdown.split("\n"):
        if line.startswith("## "):
            lines.append(line[1:])
        elif _BLANK_ROW.match(line):
            begins = True
        elif begins and line.startswith("|"):
            columns = len(re.findall(r"(?<!\\)\|", line)) - 1
            # After a blank first row there is already a row of dashes.
            if set(line) <= set("|- "):
                continue
            lines += ["", line, "|" + " --- |" * columns]
            begins = False
        else:
            begins = begins and line.startswith("|")
            lines.append(line)
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n")
