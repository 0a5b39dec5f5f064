"""Small files of many kinds, written by hand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bunko.reading.read import read_documents
from bunko.settings import ReadingSettings
from bunko.types import Document, FailedFile

OPEN_ARCHIVES = ReadingSettings(archives=True)


def read_all(
    folder: Path, name: str, content: bytes | str, settings: ReadingSettings = OPEN_ARCHIVES
) -> tuple[list[Document], list[FailedFile]]:
    """Write a file and read it: its documents, and what failed."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    items = list(read_documents(path, name, settings=settings))
    documents = [item for item in items if isinstance(item, Document)]
    return documents, [item for item in items if isinstance(item, FailedFile)]


def read_one(folder: Path, name: str, content: bytes | str) -> Document:
    """Write a file that holds one document, and read it."""
    documents, failed = read_all(folder, name, content)
    assert not failed
    assert len(documents) == 1
    return documents[0]


def labels(document: Document) -> list[tuple[int, str]]:
    """Return the levels and labels of a document's headings, each of which must stand within the text."""
    assert all(0 <= span.start <= span.end <= len(document.text) for span in document.headings)
    return [(span.level, span.label) for span in document.headings]


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """Return a zip archive of these texts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OPEN_XML = "application/vnd.openxmlformats-officedocument"


def _package(kind: str, main: str, members: Mapping[str, str]) -> bytes:
    types = (
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{main}" ContentType="{_OPEN_XML}.{kind}.main+xml"/></Types>'
    )
    relations = (
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="{main}"/></Relationships>'
    )
    return zipped({"[Content_Types].xml": types, "_rels/.rels": relations, **members})


def docx(heading: str, *paragraphs: str) -> bytes:
    """Return a Word document with a heading and paragraphs."""
    words = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = f'<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>{heading}</w:t></w:r></w:p>'
    body += "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    document = f'{_XML}<w:document xmlns:w="{words}"><w:body>{body}</w:body></w:document>'
    return _package("wordprocessingml.document", "word/document.xml", {"word/document.xml": document})


def xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    """Return a workbook with one sheet of texts."""
    sheets = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    cells = "".join(
        f'<row r="{n}">'
        + "".join(f'<c r="{chr(65 + m)}{n}" t="inlineStr"><is><t>{text}</t></is></c>' for m, text in enumerate(row))
        + "</row>"
        for n, row in enumerate(rows, 1)
    )
    workbook = (
        f'{_XML}<workbook xmlns="{sheets}" xmlns:r="{_OFFICE}">'
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    relations = (
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    )
    members = {
        "xl/workbook.xml": workbook,
        "xl/_rels/workbook.xml.rels": relations,
        "xl/worksheets/sheet1.xml": f'{_XML}<worksheet xmlns="{sheets}"><sheetData>{cells}</sheetData></worksheet>',
    }
    return _package("spreadsheetml.sheet", "xl/workbook.xml", members)


def pdf(*pages: str) -> bytes:
    """Return a PDF with one line of ASCII text on each page; an empty one has no text at all."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for text in pages:
        number = len(objects) + 1
        kids.append(f"{number} 0 R")
        content = f"BT /F1 18 Tf 40 700 Td ({text}) Tj ET" if text else ""
        font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {number + 1} 0 R "
            f"/Resources << /Font << /F1 {font} >> >> >>",
            f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        ]
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start = len(out)
    size = len(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n".encode()
    return out + f"startxref\n{start}\n%%EOF\n".encode()
