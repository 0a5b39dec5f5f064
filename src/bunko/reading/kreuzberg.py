"""Read office files, PDFs, web pages and mails with Kreuzberg. In: a path. Out: Document."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import kreuzberg

from bunko.errors import MissingExtra, NeedsOcr, NeedsPassword, ReadError
from bunko.reading.plain import markdown_headings
from bunko.types import Document, Span

# Formats with pages are read as plain text: Kreuzberg's page boundaries count in that, not in its Markdown.
_PAGED = frozenset({".pdf", ".pptx", ".ppt", ".pptm"})
_PICTURES = frozenset(".pdf .png .jpg .jpeg .tif .tiff .bmp .gif .webp".split())


def read_with_kreuzberg(path: Path, relative: str) -> Document:
    """Return the file's text, with pages where the format has them, else with headings. Raises ReadError."""
    suffix = path.suffix.lower()
    paged = suffix in _PAGED
    config = kreuzberg.ExtractionConfig(
        use_cache=False,  # the cache would be a folder of its making in the working directory
        disable_ocr=True,
        output_format="plain" if paged else "markdown",
        pages=kreuzberg.PageConfig(extract_pages=True) if paged else None,
    )
    try:
        result = kreuzberg.extract_file_sync(path, config=config)
    except (kreuzberg.KreuzbergError, ValueError, RuntimeError, OSError) as error:
        raise _as_read_error(error, suffix) from error
    except BaseException as error:
        # A Rust panic arrives as pyo3's PanicException, which is no Exception: one broken file is no reason to stop.
        if type(error).__name__ != "PanicException":
            raise
        raise ReadError("The file is broken: its parser gave up.", "Open and save it again in its program.") from error
    content = result.content
    if suffix in _PICTURES and not content.strip():
        raise NeedsOcr(
            "The file holds pictures of text and needs OCR.", "Run it through an OCR program, and add the result."
        )
    text, pages = _with_pages(content, result.metadata) if paged else (_unix_lines(content), ())
    return Document(
        path=relative,
        text=text,
        pages=pages,
        headings=() if paged else markdown_headings(text),
        format=suffix.removeprefix("."),
    )


def _with_pages(content: str, metadata: Any) -> tuple[str, tuple[Span, ...]]:
    """Return the text and its pages. Kreuzberg's boundaries count UTF-8 bytes; ours count characters."""
    boundaries = ((metadata or {}).get("pages") or {}).get("boundaries") or []
    data = content.encode("utf-8")
    starts = sorted({(min(item["byte_start"], len(data)), int(item["page_number"])) for item in boundaries})
    if not starts:
        return _unix_lines(content), ()
    text = _unix_lines(data[: starts[0][0]].decode("utf-8", "ignore"))
    pages: list[Span] = []
    for (start, number), (following, _) in itertools.pairwise([*starts, (len(data), 0)]):
        piece = _unix_lines(data[start:following].decode("utf-8", "ignore"))
        pages.append(Span(start=len(text), end=len(text) + len(piece), label=str(number)))
        text += piece
    return text, tuple(pages)


def _unix_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _as_read_error(error: Exception, suffix: str) -> ReadError | MissingExtra:
    detail = " ".join(str(error).split())[:200]
    lowered = detail.lower()
    if "password" in lowered or "encrypt" in lowered:
        return NeedsPassword("The file is locked with a password.", "Save a copy without the password.")
    if "ocr" in lowered or "tesseract" in lowered:
        return NeedsOcr("The file needs OCR.", "Run it through an OCR program, and add the result.")
    if isinstance(error, kreuzberg.MissingDependencyError):
        return ReadError(f"Reading {suffix} needs another program: {detail}.", "Convert the file to PDF.")
    return ReadError(f"The file can't be read: {detail}.", "Open and save it again in its program.")
