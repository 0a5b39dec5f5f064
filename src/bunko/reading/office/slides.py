"""Read presentations: .pptx and .odp. In: a path or bytes. Out: a Document whose pages are the slides.

Kreuzberg refuses .odp and slides with linked pictures, and sets a space where the formatting changes within a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from bunko.errors import ReadError
from bunko.reading.office.package import Package, chart_text
from bunko.reading.text.pipe_table import pipe_table
from bunko.reading.text.plain import sections
from bunko.reading.text.tables import markdown_tables
from bunko.types import Document, Span

_DECORATION = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})  # kinds of placeholders without content
_TITLES = frozenset({"title", "ctrTitle"})


@dataclass(slots=True, kw_only=True)
class _Slide:
    title: str = ""
    blocks: list[str] = field(default_factory=list)

    def text(self) -> str:
        return "\n\n".join(block for block in [self.title, *self.blocks] if block.strip())


def read_pptx(source: Path | bytes, relative: str) -> Document:
    """Return the slides in their order, with tables, charts, notes and comments. Raises ReadError."""
    with Package(source) as package:
        presentation = package.tree("ppt/presentation.xml")
        if presentation is None:
            raise ReadError("The file is broken: it holds no slides.", "Open and save it again in its program.")
        parts = package.targets("ppt/presentation.xml")
        names = [parts.get(item.get("r:id", ""), ("", ""))[1] for item in presentation.iter("sldId")]
        slides = [_pptx_slide(package, name) for name in names]
    return _document(slides, relative, "pptx")


def read_odp(source: Path | bytes, relative: str) -> Document:
    """Return the slides in their order, with tables and notes. Raises ReadError."""
    with Package(source) as package:
        content = package.tree("content.xml")
    pages = list(content.iter("page")) if content is not None else []
    return _document([_odp_slide(page) for page in pages], relative, "odp")


def _document(slides: Iterable[_Slide], relative: str, kind: str) -> Document:
    text = ""
    pages: list[Span] = []
    found: list[tuple[int, int, str]] = []
    for number, slide in enumerate(slides, 1):
        piece = slide.text()
        text += "\n\n" if text and piece else ""
        if piece and slide.title:
            found.append((len(text), 1, " ".join(slide.title.split())))
        pages.append(Span(start=len(text), end=len(text) + len(piece), label=str(number)))
        text += piece
    return Document(
        path=relative,
        text=text,
        pages=tuple(pages),
        headings=sections(found, len(text)),
        tables=markdown_tables(text),
        format=kind,
    )


# --- PowerPoint ------------------------------------------------------------------------------------------------


def _pptx_slide(package: Package, name: str) -> _Slide:
    tree = package.tree(name)
    slide = _Slide()
    if tree is None:
        return slide
    parts = package.targets(name)
    for shape in _shapes(tree.find("cSld/spTree")):
        kind = _placeholder(shape)
        if kind in _TITLES and not slide.title:
            slide.title = "\n".join(_paragraphs(shape.find("txBody")))
        elif kind not in _DECORATION:
            slide.blocks.append(_shape_text(shape, package, parts))
    for kind, part in parts.values():
        if kind == "notesSlide" and (notes := _notes(package.tree(part))):
            slide.blocks.append(f"Notes:\n{notes}")
        elif kind == "comments" and (comments := package.tree(part)) is not None:
            slide.blocks += _comments(comments)
    return slide


def _shapes(tree: Element | None) -> Iterator[Element]:
    """Yield the shapes, also those in groups; of alternatives the first, which is the newer."""
    for item in tree if tree is not None else ():
        if item.tag == "grpSp":
            yield from _shapes(item)
        elif item.tag == "AlternateContent":
            yield from _shapes(item.find("Choice"))
        elif item.tag in ("sp", "graphicFrame", "cxnSp"):
            yield item


def _placeholder(shape: Element) -> str:
    place = next(shape.iter("ph"), None)
    return place.get("type", "body") if place is not None else ""


def _shape_text(shape: Element, package: Package, parts: dict[str, tuple[str, str]]) -> str:
    data = shape.find("graphic/graphicData")
    if data is None:
        return "\n".join(_paragraphs(shape.find("txBody")))
    blocks = [
        pipe_table(
            [["\n".join(_paragraphs(cell.find("txBody"))) for cell in row.iter("tc")] for row in table.iter("tr")]
        )
        for table in data.iter("tbl")
    ]
    for item in data:
        _, part = parts.get(item.get("r:id") or item.get("r:dm") or "", ("", ""))
        tree = package.tree(part) if part else None
        if tree is not None and item.tag == "chart":
            blocks.append(chart_text(tree))
        elif tree is not None and item.tag == "relIds":  # a diagram of boxes: SmartArt
            blocks.append("\n".join(line for point in tree.iter("t") for line in _paragraphs(point)))
    return "\n\n".join(filter(None, blocks))


def _paragraphs(body: Element | None) -> Iterator[str]:
    """Yield the paragraphs, list items below the first level with a dash."""
    for paragraph in body.iter("p") if body is not None else ():
        text = "".join(_run(item) for item in paragraph).strip()
        properties = paragraph.find("pPr")
        if text:
            is_item = properties is not None and properties.get("lvl", "0") != "0"
            yield f"- {text}" if is_item else text


def _run(item: Element) -> str:
    if item.tag == "br":
        return "\n"
    if item.tag == "m":  # a formula
        return "".join(text.text or "" for text in item.iter("t"))
    return (item.findtext("t") or "") if item.tag in ("r", "fld") else ""


def _notes(tree: Element | None) -> str:
    shapes = _shapes(tree.find("cSld/spTree")) if tree is not None else ()
    shown = (shape for shape in shapes if _placeholder(shape) not in _DECORATION)
    lines = [line for shape in shown for line in _paragraphs(shape.find("txBody"))]
    return "\n".join(lines)


def _comments(tree: Element) -> Iterator[str]:
    """Yield the comments and replies, in the old format (`text`) and the new (`txBody`)."""
    for item in tree.iter():
        text = item.text or "" if item.tag == "text" else ""
        text = " ".join(_paragraphs(item)) if item.tag == "txBody" else text
        if text.strip():
            yield f"Comment: {text.strip()}"


# --- OpenDocument ----------------------------------------------------------------------------------------------


def _odp_slide(page: Element) -> _Slide:
    slide = _Slide()
    for item in page:
        if item.tag == "notes":
            notes = "\n".join(_odf_blocks(item))
            slide.blocks.append(f"Notes:\n{notes}" if notes else "")
        elif item.get("class") == "title" and not slide.title:
            slide.title = "\n".join(_odf_blocks(item))
        else:
            slide.blocks.append("\n".join(_odf_blocks(item)))
    return slide


def _odf_blocks(item: Element, *, depth: int = 0) -> Iterator[str]:
    """Yield the paragraphs and tables below an element; items of lists within lists with a dash."""
    if item.tag in ("p", "h"):
        text = _odf_text(item).strip()
        if text:
            yield f"- {text}" if depth > 1 else text
    elif item.tag == "table":
        rows = [
            [" ".join(_odf_blocks(cell)) for cell in row if cell.tag.endswith("cell")] for row in item.iter("table-row")
        ]
        yield pipe_table(rows)
    elif item.tag not in ("image", "page-thumbnail", "event-listeners", "desc", "title"):
        for child in item:
            yield from _odf_blocks(child, depth=depth + (item.tag == "list"))


def _odf_text(item: Element) -> str:
    parts = [item.text or ""]
    for child in item:
        if child.tag == "s":
            parts.append(" " * min(int(child.get("c", "1")), 100))
        elif child.tag in ("tab", "line-break"):
            parts.append("\t" if child.tag == "tab" else "\n")
        elif child.tag != "annotation":
            parts.append(_odf_text(child))
        parts.append(child.tail or "")
    return "".join(parts)
