"""Small Word documents and workbooks, written by hand, part by part."""

from __future__ import annotations

from collections.abc import Mapping

from tests.reading.files import zipped

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
W = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    f'xmlns:r="{_OFFICE}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" xmlns:v="urn:schemas-microsoft-com:vml"'
)
STYLES = "".join(
    f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/>{more}</w:style>'
    for key, name, more in (
        ("H1", "heading 1", '<w:pPr><w:outlineLvl w:val="0"/></w:pPr>'),
        ("H2", "heading 2", '<w:basedOn w:val="H1"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr>'),
        ("Name", "Title", ""),
        ("Secret", "Secret", "<w:rPr><w:vanish/></w:rPr>"),
    )
)


def word(body: str, parts: Mapping[str, str] | None = None) -> bytes:
    """Return a Word document; `parts` are the insides of parts by their kind: footnotes, header, numbering, …

    The relationship of a part is named like its kind.
    """
    inner = {"styles": STYLES, **(parts or {})}
    tags = {"header": "hdr", "footer": "ftr"}
    members = {
        "word/document.xml": f"{_XML}<w:document {W}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": relations({kind: (kind, f"{kind}.xml") for kind in inner}),
    }
    for kind, text in inner.items():
        tag = tags.get(kind, kind)
        members[f"word/{kind}.xml"] = f"{_XML}<w:{tag} {W}>{text}</w:{tag}>"
    return _packed("wordprocessingml.document", "word/document.xml", members)


def relations(targets: Mapping[str, tuple[str, str]]) -> str:
    """Return relationships: by identifier, the kind and the target."""
    items = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{items}</Relationships>'


def paragraph(*runs: str, properties: str = "") -> str:
    """Return a paragraph of runs; a run that is no element is text."""
    inner = "".join(run if run.startswith("<") else text(run) for run in runs)
    return f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}{inner}</w:p>"


def text(words: str, properties: str = "") -> str:
    """Return a run."""
    marks = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{marks}<w:t xml:space="preserve">{words}</w:t></w:r>'


def table(*rows: str) -> str:
    """Return a table of Word."""
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"


def cell(words: str, properties: str = "") -> str:
    """Return a cell; words that are no element are a paragraph."""
    inner = words if words.startswith("<") else paragraph(words)
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inner}</w:tc>"


def workbook(
    *sheets: str,
    formats: tuple[str, ...] = (),
    more: str = "",
    states: tuple[str, ...] = (),
    parts: Mapping[str, str] | None = None,
) -> bytes:
    """Return a workbook of sheets A, B, …, the insides of `worksheet`. Cell style 1 has the first of `formats`."""
    names = [chr(65 + n) for n in range(len(sheets))]
    states = (*states, *["visible"] * (len(sheets) - len(states)))
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" state="{state}" r:id="s{n}"/>'
        for n, (name, state) in enumerate(zip(names, states, strict=True), 1)
    )
    targets = {f"s{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)}
    coded = "".join(
        f'<numFmt numFmtId="{200 + n}" formatCode="{code.replace(chr(34), "&quot;").replace("<", "&lt;")}"/>'
        for n, code in enumerate(formats)
    )
    used = "".join(f'<xf numFmtId="{200 + n}"/>' for n in range(len(formats)))
    members = {
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}">{more}<sheets>{listed}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": relations({**targets, "styles": ("styles", "styles.xml")}),
        "xl/styles.xml": f'<styleSheet xmlns="{_SHEETS}"><numFmts>{coded}</numFmts><cellXfs><xf numFmtId="0"/>{used}'
        "</cellXfs></styleSheet>",
        **(parts or {}),
    }
    for n, inner in enumerate(sheets, 1):
        members[f"xl/worksheets/sheet{n}.xml"] = (
            f'{_XML}<worksheet xmlns="{_SHEETS}" xmlns:r="{_OFFICE}">{inner}</worksheet>'
        )
    return _packed("spreadsheetml.sheet", "xl/workbook.xml", members)


def rows(*lines: tuple[str | float, ...], before: str = "", after: str = "") -> str:
    """Return the insides of a sheet with one row a line; a text that begins with < is a cell's XML."""
    made = ""
    for n, line in enumerate(lines, 1):
        cells = "".join(_cell(f"{chr(65 + m)}{n}", value) for m, value in enumerate(line) if value != "")
        made += f'<row r="{n}">{cells}</row>'
    return f"{before}<sheetData>{made}</sheetData>{after}"


def _cell(place: str, value: str | float) -> str:
    if isinstance(value, str) and value.startswith("<"):
        return value.replace("<c", f'<c r="{place}"', 1)
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def _packed(kind: str, main: str, members: Mapping[str, str]) -> bytes:
    types = (
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{main}" ContentType="{_OPEN_XML}.{kind}.main+xml"/></Types>'
    )
    start = relations({"main": ("officeDocument", main)})
    return zipped({"[Content_Types].xml": types, "_rels/.rels": start, **members})
