"""Texts and sheets of OpenDocument: what they show, and what is reported as left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.errors import NeedsPassword, ReadError
from bunko.settings import ReadingSettings
from bunko.types import Document, FailedFile
from tests.reading.files import labels, read_all, zipped

_URN = "urn:oasis:names:tc:opendocument:xmlns"
_NAMES = " ".join(f'xmlns:{name}="{_URN}:{name}:1.0"' for name in ("office", "text", "table", "style", "draw")) + (
    ' xmlns:fo="urn:fo" xmlns:dc="urn:dc"'
)
_SETTINGS = ReadingSettings(ocr="off")


def read_both(
    folder: Path, name: str, body: str, *, styles: str = "", master: str = ""
) -> tuple[Document, list[FailedFile]]:
    kind = "text" if name.endswith(".odt") else "spreadsheet"
    content = (
        f"<office:document-content {_NAMES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    look = f"<office:document-styles {_NAMES}>{master}</office:document-styles>"
    documents, failed = read_all(folder, name, zipped({"content.xml": content, "styles.xml": look}), _SETTINGS)
    return documents[0], failed


def read_text(folder: Path, body: str, *, styles: str = "", master: str = "") -> Document:
    document, failed = read_both(folder, "a.odt", body, styles=styles, master=master)
    assert not failed
    return document


def p(*inner: str) -> str:
    return f"<text:p>{''.join(inner)}</text:p>"


def cell(words: str = "", attributes: str = "") -> str:
    return f"<table:table-cell {attributes}>{p(words) if words else ''}</table:table-cell>"


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def test_tabs_readings_notes_and_comments_are_read_in_their_place(tmp_path: Path) -> None:
    note = (
        '<text:note text:note-class="{}"><text:note-citation>{}</text:note-citation><text:note-body><text:p>{}</text:p>'
        "</text:note-body></text:note>"
    )
    ruby = "<text:ruby><text:ruby-base>髙橋</text:ruby-base><text:ruby-text>たかはし</text:ruby-text></text:ruby>"
    comment = "<office:annotation><dc:creator>Ana</dc:creator><dc:date>2026</dc:date>"
    comment += "<text:p>Why?</text:p></office:annotation>"
    body = p("Room<text:tab/>204<text:line-break/>Seats<text:s text:c='2'/>18")
    body += p(
        "It closed.", note.format("footnote", "1", "48,000 pounds."), " Why?", note.format("endnote", "i", "Fire.")
    )
    body += p("担当は", ruby, "さん。", comment)
    assert read_text(tmp_path, body).text == (
        "Room\t204\nSeats  18\n\nIt closed.[^1] Why?[^i]\n\nFootnote 1: 48,000 pounds.\n\nEndnote i: Fire.\n\n"
        "担当は髙橋さん。\n\nComment (Ana): Why?"
    )


def test_hidden_deleted_struck_and_raised_text(tmp_path: Path) -> None:
    style = '<style:style style:name="{}" style:family="text"><style:text-properties {}/></style:style>'
    styles = style.format("H", 'text:display="none"') + style.format("W", 'fo:color="#ffffff"')
    styles += style.format("S", 'style:text-line-through-style="solid"') + style.format(
        "U", 'style:text-position="super 58%"'
    )
    styles += style.format("B", 'fo:color="#ffffff" fo:background-color="#000000"')
    span = '<text:span text:style-name="{}">{}</text:span>'
    gone = "<text:tracked-changes><text:deletion><text:p>old words</text:p></text:deletion></text:tracked-changes>"
    body = gone + p("12 m", span.format("U", "2"), " ", span.format("S", "50"), " 45", span.format("B", " shown"))
    assert read_text(tmp_path, body, styles=styles).text == "12 m² (struck out: 50) 45 shown"
    for name in "HW":
        document, failed = read_both(tmp_path, "a.odt", body + p("a", span.format(name, "secret")), styles=styles)
        assert "secret" not in document.text
        assert [item.path for item in failed] == ["a.odt#hidden text"]
    section = '<text:section text:display="none"><text:p>secret</text:p></text:section>'
    assert [item.path for item in read_both(tmp_path, "a.odt", body + section, styles=styles)[1]] == [
        "a.odt#hidden text"
    ]


def test_lists_and_headings_are_numbered(tmp_path: Path) -> None:
    level = '<text:list-level-style-number text:level="{}" style:num-format="{}" style:num-suffix="{}" '
    level += 'text:display-levels="{}"/>'
    styles = (
        f'<text:list-style style:name="L">{level.format(1, "1", ".", 1)}{level.format(2, "1", "", 2)}</text:list-style>'
    )
    item = "<text:list-item>{}</text:list-item>"
    inner = f"<text:list>{item.format(p('b'))}{item.format(p('c'))}</text:list>"
    body = f'<text:list text:style-name="L">{item.format(p("a") + inner)}{item.format(p("d"))}</text:list>'
    body += (
        p("between")
        + f'<text:list text:style-name="L" text:continue-numbering="true">{item.format(p("e"))}</text:list>'
    )
    assert read_text(tmp_path, body, styles=styles).text == "1. a\n\n1.1 b\n\n1.2 c\n\n2. d\n\nbetween\n\n3. e"
    outline = '<text:outline-level-style text:level="{}" style:num-format="1" text:display-levels="{}"/>'
    both = outline.format(1, 1) + outline.format(2, 2)
    master = f"<office:styles><text:outline-style>{both}</text:outline-style></office:styles>"
    heading = '<text:h text:outline-level="{}">x</text:h>'
    document = read_text(tmp_path, heading.format(1) + heading.format(2) + heading.format(2), master=master)
    assert labels(document) == [(1, "1 x"), (2, "1.1 x"), (2, "1.2 x")]


def test_headers_and_merged_cells(tmp_path: Path) -> None:
    master = (
        "<office:master-styles><style:master-page><style:header><text:p>Reference HR-2291<text:tab/>Page "
        "<text:page-number>1</text:page-number></text:p></style:header></style:master-page></office:master-styles>"
    )
    table = "<table:table>{}</table:table>".format(
        row(cell("Region"), cell("Quarter")) + row(cell("North", 'table:number-rows-spanned="2"'), cell("Q1"))
        + row("<table:covered-table-cell/>", cell("Q2"))
    )  # fmt: skip
    document = read_text(tmp_path, table, master=master)
    assert document.text == (
        "Header: Reference HR-2291\n\n| Region | Quarter |\n| --- | --- |\n| North | Q1 |\n| North | Q2 |"
    )


def test_sheets_show_what_their_cells_show(tmp_path: Path) -> None:
    hide = (
        '<style:style style:name="X" style:family="table"><style:table-properties table:display="false"/></style:style>'
    )
    note = "<office:annotation><text:p>Recount</text:p></office:annotation>"
    lines = row(cell("Item"), cell("Value"))
    lines += row(cell("Fee"), cell("7.5%", 'office:value-type="percentage" office:value="0.075"'))
    lines += row(cell("Hours"), f'<table:table-cell office:time-value="PT37H45M">{note}{p("37:45")}</table:table-cell>')
    lines += row(cell("Sum"), '<table:table-cell table:formula="of:=SUM([.B2:.B3])"/>')
    lines += row(cell("Hidden"), cell("5"), attributes='table:visibility="collapse"')
    lines += row(cell("", 'table:number-columns-repeated="16384"'), attributes='table:number-rows-repeated="1048500"')
    body = f'<table:table table:name="表">{lines}</table:table>'
    body += f'<table:table table:name="Old" table:style-name="X">{row(cell("ZX-81"))}</table:table>'
    document, failed = read_both(tmp_path, "a.ods", body, styles=hide)
    assert document.text == (
        "# 表\n\n| Item | Value |\n| --- | --- |\n| Fee | 7.5% |\n| Hours | 37:45 |\n| Sum | =SUM([.B2:.B3]) |\n\n"
        "Comment on B3 (Hours, Value): Recount"
    )
    assert [item.path for item in failed] == [
        "a.ods#Old: hidden sheet", "a.ods#表: hidden rows and columns", "a.ods#表: formulas"
    ]  # fmt: skip


def test_repeated_cells_and_entities_are_bounded_and_locked_files_are_named(tmp_path: Path) -> None:
    many = row(
        cell("y" * 100, 'table:number-columns-repeated="16384"'), attributes='table:number-rows-repeated="1048576"'
    )
    with pytest.raises(ReadError, match="characters of text"):
        read_both(tmp_path, "a.ods", f'<table:table table:name="A">{many}</table:table>')
    bomb = '<!DOCTYPE x [<!ENTITY a "ha">]><x>&a;</x>'
    for name in ("a.odt", "a.ods"):
        with pytest.raises(ReadError, match="entities"):
            read_all(tmp_path, name, zipped({"content.xml": bomb}))
        locked = zipped({"META-INF/manifest.xml": "<m><encryption-data/></m>", "content.xml": "noise"})
        with pytest.raises(NeedsPassword):
            read_all(tmp_path, name, locked)
