"""Read what lies on a PDF's page and is not part of it: filled fields, comments. In: a page. Out: their texts.

PDFium's text of a page has none of them. Hidden ones, and those beside the page, are left out. Knows nothing of lines.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pypdfium2
import pypdfium2.raw as pdfium

from bunko.reading.pdf.lines import clean

Box: TypeAlias = tuple[float, float, float, float]  # left, bottom, right, top, in points from the lower left corner

_HIDDEN = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
_PASSWORD = 1 << 13  # PDF 32000-1, table 228
_SMALLEST = 2.0  # points
_TICKED, _UNTICKED = "☑", "☐"
_TICKS = frozenset({pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON})
_LISTS = frozenset({pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX})
_NO_WORDS = frozenset({"", "on", "off", "0", "1"})
_SILENT = frozenset({pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP, pdfium.FPDF_ANNOT_WIDGET})
_UNREAD: Mapping[int, str] = {
    pdfium.FPDF_ANNOT_FREETEXT: "text box",
    pdfium.FPDF_ANNOT_STAMP: "stamp",
    pdfium.FPDF_ANNOT_INK: "drawing by hand",
    pdfium.FPDF_ANNOT_SOUND: "sound",
    pdfium.FPDF_ANNOT_MOVIE: "film",
    pdfium.FPDF_ANNOT_SCREEN: "film",
    pdfium.FPDF_ANNOT_THREED: "3D model",
    pdfium.FPDF_ANNOT_RICHMEDIA: "film",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a form with what is in it."""

    box: Box
    value: str
    """What was written or chosen; for a box to tick, whether it is ticked."""
    name: str = ""
    is_tick: bool = False


@dataclass(slots=True, kw_only=True)
class Annotations:
    """What lies on a page."""

    fields: list[Field] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """What has no text that could be read: stamps, drawings, films."""
    files: list[pypdfium2.PdfAttachment] = field(default_factory=list)


def annotations_of(pdf: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, text: str) -> Annotations:
    """Return what lies on a page; `text` is the page's own. A comment that only repeats it is left out."""
    found = Annotations()
    frame, plain = page.get_bbox(), "".join(text.split())
    for n in range(pdfium.FPDFPage_GetAnnotCount(page)):
        with _opened(page, n) as item:
            if item is None or pdfium.FPDFAnnot_GetFlags(item) & _HIDDEN:
                continue
            kind, box = pdfium.FPDFAnnot_GetSubtype(item), _box_of(item)
            if kind == pdfium.FPDF_ANNOT_FILEATTACHMENT:
                if raw := pdfium.FPDFAnnot_GetFileAttachment(item):
                    found.files.append(pypdfium2.PdfAttachment(raw, pdf))
            elif kind in (pdfium.FPDF_ANNOT_WIDGET, pdfium.FPDF_ANNOT_FREETEXT) and not _is_seen(box, frame):
                continue
            elif kind == pdfium.FPDF_ANNOT_WIDGET and pdf.formenv:
                _add_field(pdf.formenv, item, box, found)
            comment = _text(pdfium.FPDFAnnot_GetStringValue, item, b"Contents") if kind not in _SILENT else ""
            if comment and "".join(comment.split()) not in plain:
                author = _text(pdfium.FPDFAnnot_GetStringValue, item, b"T")
                head = f"Comment ({author}): " if author else "Comment: "
                found.comments.append(comment if kind == pdfium.FPDF_ANNOT_FREETEXT else head + comment)
            elif kind in _UNREAD and not comment:
                found.unread.append(_UNREAD[kind])
    return found


@contextmanager
def _opened(page: pypdfium2.PdfPage, n: int) -> Iterator[Any]:
    item = pdfium.FPDFPage_GetAnnot(page, n)
    try:
        yield item or None
    finally:
        if item:
            pdfium.FPDFPage_CloseAnnot(item)


def _add_field(form: Any, item: Any, box: Box, found: Annotations) -> None:
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, item)
    if kind == pdfium.FPDF_FORMFIELD_SIGNATURE:
        found.unread.append("signature")
    if kind in (pdfium.FPDF_FORMFIELD_SIGNATURE, pdfium.FPDF_FORMFIELD_PUSHBUTTON):
        return
    if pdfium.FPDFAnnot_GetFormFieldFlags(form, item) & _PASSWORD and kind == pdfium.FPDF_FORMFIELD_TEXTFIELD:
        return
    name = _of_form(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, item)
    name = name or _of_form(pdfium.FPDFAnnot_GetFormFieldName, form, item).rpartition(".")[2]
    if kind in _TICKS:
        ticked = pdfium.FPDFAnnot_IsChecked(form, item)
        words = _of_form(pdfium.FPDFAnnot_GetFormFieldExportValue, form, item)
        value = " ".join(filter(None, (_TICKED, "" if words.lower() in _NO_WORDS else words))) if ticked else _UNTICKED
    else:
        value = _chosen(form, item) if kind in _LISTS else ""
        value = value or _of_form(pdfium.FPDFAnnot_GetFormFieldValue, form, item)
    if value:
        found.fields.append(Field(box=box, value=value, name=name, is_tick=kind in _TICKS))


def _chosen(form: Any, item: Any) -> str:
    """Return the chosen options of a list."""
    count = min(pdfium.FPDFAnnot_GetOptionCount(form, item), 1_000)
    chosen = [n for n in range(count) if pdfium.FPDFAnnot_IsOptionSelected(form, item, n)]
    return ", ".join(_text(lambda *rest: pdfium.FPDFAnnot_GetOptionLabel(form, *rest), item, n) for n in chosen)


def _of_form(read: Callable[..., int], form: Any, item: Any) -> str:
    return _text(lambda *rest: read(form, *rest), item)


def _text(read: Callable[..., int], *given: Any) -> str:
    """Return a text of PDFium in one line; `read` takes a buffer and its size last, and returns the size in bytes."""
    size = read(*given, None, 0)
    buffer = ctypes.create_string_buffer(max(2, size))
    read(*given, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    return " ".join(clean(buffer.raw[: max(0, size - 2)].decode("utf-16-le", "replace").replace("\r", " ")).split())


def _box_of(item: Any) -> Box:
    rectangle = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(item, rectangle)
    across, up = sorted((rectangle.left, rectangle.right)), sorted((rectangle.bottom, rectangle.top))
    return across[0], up[0], across[1], up[1]


def _is_seen(box: Box, frame: Box) -> bool:
    inside = box[2] > frame[0] and box[0] < frame[2] and box[3] > frame[1] and box[1] < frame[3]
    return inside and min(box[2] - box[0], box[3] - box[1]) >= _SMALLEST
