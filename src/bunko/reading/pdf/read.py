"""Read a PDF with PDFium. In: a path. Out: a Document, and a FailedFile for pages that need OCR. Knows no other format.

PDFium gives characters and lines; lines.py mends them. Kreuzberg reads PDFs with the same engine, but does not say
where a line ended with a hyphen, which bookmarks there are, or which pages are pictures.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from bunko.errors import ReadError
from bunko.facts import Facts
from bunko.reading.containers.members import Context, Items, PageRead
from bunko.reading.images.bitmaps import bitmap_of_page, shows_anything
from bunko.reading.images.ocr import needs_ocr, ocr_languages, recognise_bitmap
from bunko.reading.office.locked import locked_error, passwords_of
from bunko.reading.pdf.annotations import Field, annotations_of
from bunko.reading.pdf.attachments import attachments_of, read_attachments
from bunko.reading.pdf.fields import place_fields
from bunko.reading.pdf.lines import Line, clean, joined, mend_hyphens
from bunko.reading.pdf.page_lines import lines_of
from bunko.reading.pdf.pictures import count_pictures, ranges
from bunko.reading.pdf.table_lines import spans_of_tables, with_tables
from bunko.reading.pdf.tables import FoundTable, Layout, layout_of
from bunko.reading.pdf.unseen import shown_text
from bunko.reading.pdf.vertical import text_page_of, vertical_lines
from bunko.reading.properties.pdf import facts_of_pdf
from bunko.reading.text.plain import sections
from bunko.settings import ReadingSettings
from bunko.types import Document, FailedFile, Span, member_path

_STRAY_LETTERS = 16  # a scan with a page number, a stamp or a file name has up to about this many
_PICTURE_SHARE = 0.4  # of a page that is covered by pictures
_MANY_PATHS = 50  # text converted to outlines has one path for each letter
_LETTER = re.compile(r"[^\W\d_]")
_LARGER = 1.15  # than the text of the document: a heading
_HEADING_LEVELS = 3
_SAMPLE = 200  # characters of a page to examine
_CONTROL = re.compile("[\x00\x01\x03-\x08\x0e-\x1f]")  # \x02 is PDFium's hyphen


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    lines: list[Line]
    tables: Sequence[FoundTable] = ()
    """Each has a blank line in its place, with its number."""
    is_picture: bool = False
    """A page that was not read, because OCR is missing."""
    went_through_ocr: bool = False
    beside: list[Line] = field(default_factory=list)
    """Comments, and values of fields that have no words beside them."""
    unread: list[str] = field(default_factory=list)
    """What is on the page and was not read: pictures, stamps."""
    files: list[pypdfium2.PdfAttachment] = field(default_factory=list)

    @property
    def has_text(self) -> bool:
        """Whether anything was read."""
        return bool(self.lines or self.beside)


def read_pdf(path: Path, relative: str, context: Context) -> Items:
    """Yield the document, a FailedFile that lists the unread pages, and the attachments as `file.pdf#name`.

    Before the document, it yields a PageRead for each page.

    Raises NeedsPassword, NeedsOcr if no page can be read without OCR, and ReadError for a broken file.
    """
    settings = context.settings
    pdf = open_pdf(path, settings)
    try:
        pages = yield from _pages(pdf, settings)
        outline = list(_outline(pdf))
        files = attachments_of(pdf, [file for page in pages for file in page.files])
        yield from _document(
            pages, outline, relative, settings, is_shell=bool(files), has_xfa=_has_xfa(pdf), facts=facts_of_pdf(pdf)
        )
        yield from read_attachments(files, relative, context)
    except pypdfium2.PdfiumError as error:
        raise _broken(error) from error
    finally:
        pdf.close()


def _document(
    pages: Sequence[_Page],
    outline: Sequence[tuple[int, int, str]],
    relative: str,
    settings: ReadingSettings,
    *,
    is_shell: bool,
    has_xfa: bool,
    facts: Facts,
) -> Items:
    """Yield the document of the pages. `is_shell`: the PDF has attachments, and may have no text of its own."""
    if is_shell and not any(page.has_text or page.is_picture for page in pages):
        return
    if not any(page.has_text or page.is_picture for page in pages):
        if any(page.went_through_ocr for page in pages):
            raise ReadError(
                "OCR found no text in the PDF's pictures.", "Leave it out with .bunkoignore if it has none."
            )
        raise ReadError("The PDF shows no text and no pictures.", "If a viewer shows some, print it to a new PDF.")
    unread = [n for n, page in enumerate(pages, 1) if page.is_picture]
    if unread and not any(page.has_text for page in pages if not page.is_picture):
        raise needs_ocr(settings)
    kept = mend_hyphens(with_tables([page.lines for page in pages], [page.tables for page in pages]))
    mended = [[*lines, *page.beside] for lines, page in zip(kept, pages, strict=True)]
    text, spans, starts = joined(mended)
    found = _by_outline(outline, text, spans) if outline else _by_size(mended, starts)
    yield Document(
        path=relative,
        text=text,
        pages=tuple(Span(start=start, end=end, label=str(n)) for n, (start, end) in enumerate(spans, 1)),
        headings=sections(found, len(text)),
        tables=spans_of_tables(mended, starts),
        format="pdf",
        left_out=_left_out(pages, has_xfa),
        facts=facts,
    )
    if unread:
        listed = "pages " + ranges(unread) if len(unread) > 1 else f"page {unread[0]}"
        missing = needs_ocr(settings, message=f"{listed.capitalize()}: pictures of text, which were not read.")
        yield FailedFile(path=member_path(relative, listed), error=missing.message, hint=missing.hint)


def open_pdf(path: Path, settings: ReadingSettings) -> pypdfium2.PdfDocument:
    """Open a PDF without a password, which also opens copy-protected ones, then with each known password.

    Raises NeedsPassword, and ReadError for a broken file.
    """
    for password in (None, *passwords_of(settings)):
        if (pdf := _unlocked(path, password)) is not None:
            return pdf
    raise locked_error(settings)


def _unlocked(path: Path, password: str | None) -> pypdfium2.PdfDocument | None:
    try:
        pdf = pypdfium2.PdfDocument(path, password=password)
        if pdf.get_formtype() != pdfium.FORMTYPE_NONE:
            pdf.init_forms()  # before the first page is opened
        return pdf
    except pypdfium2.PdfiumError as error:
        if error.err_code != pdfium.FPDF_ERR_PASSWORD:
            raise _broken(error) from error
        return None


def _broken(error: Exception) -> ReadError:
    detail = str(error).removeprefix("Failed to load document ").strip("().")
    return ReadError(f"The PDF is broken: {detail}.", "Open it in a viewer, and print it to a new PDF.")


# --- pages -----------------------------------------------------------------------------------------------------


def _pages(pdf: pypdfium2.PdfDocument, settings: ReadingSettings) -> Generator[PageRead, None, list[_Page]]:
    pages: list[_Page] = []
    for number in range(len(pdf)):
        pages.append(_read_page(pdf, number, settings))
        yield PageRead()
    return pages


def _has_xfa(pdf: pypdfium2.PdfDocument) -> bool:
    return pdf.get_formtype() in (pdfium.FORMTYPE_XFA_FULL, pdfium.FORMTYPE_XFA_FOREGROUND)


def _left_out(pages: Sequence[_Page], has_xfa: bool) -> tuple[str, ...]:
    """Return what is on the pages and was not read, as a sentence; empty if there is nothing."""
    kinds = Counter(kind for page in pages for kind in page.unread)
    parts = []
    for kind, count in kinds.items():
        numbers = [n for n, page in enumerate(pages, 1) if kind in page.unread]
        where = f"page{'s' if len(numbers) > 1 else ''} {ranges(numbers)}"
        parts.append(f"{count} {kind}{'s' if count > 1 else ''} ({where})")
    if has_xfa:
        parts.append("the parts of the form that are written in XFA")
    return (f"On the pages, and not read: {', '.join(parts)}.",) if parts else ()


def _read_page(pdf: pypdfium2.PdfDocument, number: int, settings: ReadingSettings) -> _Page:
    page = pdf[number]
    try:
        text_page = text_page_of(page)
        raw = shown_text(page, text_page)
        is_picture = _is_cipher(text_page) or _is_picture(page, raw)
        if not ocr_languages(settings):
            if is_picture:
                return _Page(lines=[], is_picture=True)
        elif is_picture or (not raw.strip() and shows_anything(page)):
            text = recognise_bitmap(bitmap_of_page(page), settings=settings)
            return _Page(lines=[Line(text=line) for line in text.splitlines()], went_through_ocr=True)
        found = annotations_of(pdf, page, raw)
        lines = vertical_lines(text_page, raw)
        # Beyond the Basic Multilingual Plane, and on turned pages, it is not known which words are beside a field.
        can_place = not lines and page.get_rotation() == 0 and len(raw) == text_page.count_chars()
        placed = place_fields(raw, text_page.get_charbox, found.fields) if can_place and found.fields else None
        others = found.fields if placed is None else placed.others
        # The values of a form stand between the characters of its labels: they would be lost in the cells of a table.
        layout = Layout() if lines or found.fields else layout_of(page, text_page, raw)
        inserts = placed.inserts if placed else {}
        return _Page(
            lines=lines or lines_of(text_page, raw, inserts=inserts, layout=layout),
            tables=layout.tables,
            beside=[Line(text=text) for text in [*map(_named, others), *found.comments]],
            unread=[*found.unread, *["picture"] * count_pictures(page)],
            files=found.files,
        )
    finally:
        page.close()


def _named(field: Field) -> str:
    """Return a value without words beside it, under the name that the form has for it."""
    return f"{field.name}: {field.value}" if field.name else field.value


def _is_picture(page: pypdfium2.PdfPage, raw: str) -> bool:
    """Return whether a page has hardly any letters, and shows something that may be text."""
    if len(_LETTER.findall(raw)) >= _STRAY_LETTERS:
        return False
    width, height = page.get_size()
    covered, paths = 0.0, 0
    for item in page.get_objects(max_depth=3):
        if item.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = item.get_bounds()
            covered += abs((right - left) * (top - bottom))
        paths += item.type == pdfium.FPDF_PAGEOBJ_PATH
    return covered > _PICTURE_SHARE * width * height or (not raw.strip() and (covered > 0 or paths > _MANY_PATHS))


def _is_cipher(text_page: pypdfium2.PdfTextPage) -> bool:
    """Return whether the font does not map its glyphs to letters, so that the text is glyph numbers.

    Many fonts without a map are read well nevertheless. But glyph numbers as small as control characters, such as 3 for
    a space, are letters in no alphabet.
    """
    count = text_page.count_chars()
    sample = range(0, count, max(1, count // _SAMPLE))
    if sum(pdfium.FPDFText_HasUnicodeMapError(text_page, n) for n in sample) <= 0.5 * len(sample):
        return False
    text: str = text_page.get_text_bounded()
    return len(_CONTROL.findall(text)) > 0.03 * len(text)


# --- headings --------------------------------------------------------------------------------------------------


def _outline(pdf: pypdfium2.PdfDocument) -> Iterator[tuple[int, int, str]]:
    """Yield the bookmarks: page index, level, title."""
    for mark in pdf.get_toc(max_depth=6):
        target = mark.get_dest()
        index = target.get_index() if target else None
        title = " ".join(clean(mark.get_title()).split())
        if index is not None and title:
            yield index, mark.level + 1, title


def _by_outline(
    outline: Sequence[tuple[int, int, str]], text: str, spans: Sequence[tuple[int, int]]
) -> list[tuple[int, int, str]]:
    """Return start, level and label of each bookmark; it starts at its words on the page, else with the page."""
    found: list[tuple[int, int, str]] = []
    for index, level, title in outline:
        if index >= len(spans):
            continue
        start, end = spans[index]
        words = r"\s*".join(map(re.escape, re.sub(r"\s", "", title)))
        match = re.compile(words).search(text, max(start, found[-1][0] + 1 if found else 0), end)
        found.append((match.start() if match else start, level, title))
    return sorted(found, key=lambda item: item[0])


def _by_size(pages: Sequence[Sequence[Line]], starts: Sequence[Sequence[int]]) -> list[tuple[int, int, str]]:
    """Return start, level and label of the lines larger than the body text; none if there are too many."""
    lines = [
        (start, line)
        for page, places in zip(pages, starts, strict=True)
        for line, start in zip(page, places, strict=True)
    ]
    letters: Counter[float] = Counter()
    for _, line in lines:
        letters[line.size] += len(line.text) if line.size else 0
    if not letters:
        return []
    usual = letters.most_common(1)[0][0]
    large = [(start, line) for start, line in lines if _looks_like_heading(line, usual)]
    if len(large) > 0.2 * len(lines):
        return []
    ranks = _ranks([line.size for _, line in large])
    merged: list[tuple[int, int, str]] = []
    last_end, last_size = -1, 0.0
    for start, line in large:
        if merged and start - last_end <= 1 and line.size == last_size:  # a heading of two lines
            first, level, label = merged.pop()
            merged.append((first, level, f"{label} {line.text.strip()}"))
        else:
            merged.append((start, ranks[line.size], line.text.strip()))
        last_end, last_size = start + len(line.text), line.size
    return merged


def _ranks(sizes: Sequence[float]) -> dict[float, int]:
    """Return the heading level for each size, the largest first; sizes within a tenth are one level."""
    ranks: dict[float, int] = {}
    level, largest = 0, float("inf")
    for size in sorted(set(sizes), reverse=True):
        if size < 0.9 * largest:
            level, largest = level + 1, size
        ranks[size] = min(level, _HEADING_LEVELS)
    return ranks


def _looks_like_heading(line: Line, usual: float) -> bool:
    text = line.text.strip()
    letters = len(_LETTER.findall(text))
    is_title = 2 <= letters > 0.5 * len(text) - 4 and len(text) <= 120 and not text.endswith((".", "。", ",", "、"))
    return is_title and line.size >= _LARGER * usual
