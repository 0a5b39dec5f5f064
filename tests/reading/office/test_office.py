"""Presentations, documents, workbooks, books and pictures, also locked ones."""

from __future__ import annotations

import contextlib
import io
import random
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import kreuzberg
import pytest

import bunko.reading.images.read as pictures_module
import bunko.reading.office.kreuzberg as kreuzberg_module
import bunko.reading.office.pictures as office_pictures
from bunko.errors import NeedsOcr, NeedsPassword, ReadError
from bunko.reading.read import read_file
from bunko.settings import ReadingSettings
from bunko.types import Document
from tests.reading.files import docx, xlsx, zipped

CAT = "The cat sleeps on the roof."
NEKO = "吾輩は猫である。"
NO_OCR = ReadingSettings(ocr="off")
_DRAW = 'xmlns:a="urn:a" xmlns:p="urn:p" xmlns:c="urn:c" xmlns:r="urn:officeDocument/relationships"'
_RELS = '<Relationships xmlns="urn:rels">{}</Relationships>'
_ODF = 'xmlns:office="urn:o" xmlns:draw="urn:d" xmlns:text="urn:t" xmlns:table="urn:tb" xmlns:presentation="urn:p"'


def read(folder: Path, name: str, content: bytes, settings: ReadingSettings = NO_OCR) -> Document:
    path = folder / name
    path.write_bytes(content)
    return read_file(path, name, settings=settings)


def relation(name: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{name}" Type="urn:relationships/{kind}" Target="{target}"/>'


def shape(*paragraphs: str, kind: str = "") -> str:
    place = f'<p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>' if kind else ""
    body = "".join(f"<a:p>{paragraph}</a:p>" for paragraph in paragraphs)
    return f"<p:sp>{place}<p:txBody>{body}</p:txBody></p:sp>"


def run(text: str) -> str:
    return f"<a:r><a:t>{text}</a:t></a:r>"


def pptx(*slides: str, **parts: str) -> bytes:
    """Return a presentation; `parts` are the relationships of the first slide and what they lead to."""
    numbers = range(1, len(slides) + 1)
    listed = "".join(f'<p:sldId id="{255 + n}" r:id="rId{n}"/>' for n in numbers)
    members = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "ppt/presentation.xml": f"<p:presentation {_DRAW}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": _RELS.format(
            "".join(relation(f"rId{n}", "slide", f"slides/slide{len(slides) + 1 - n}.xml") for n in numbers)
        ),
    }
    for n, tree in enumerate(slides):
        name = f"ppt/slides/slide{len(slides) - n}.xml"  # the names do not tell the order
        members[name] = f"<p:sld {_DRAW}><p:cSld><p:spTree>{tree}</p:spTree></p:cSld></p:sld>"
    members |= {name.replace("__", "/").replace("_X", ".xml"): text for name, text in parts.items()}
    return zipped(members)


def test_slides_are_pages_with_their_titles_as_headings(tmp_path: Path) -> None:
    first = (
        shape(run("報告"), kind="title") + shape(run("Mill"), run("Roof"), kind="body") + shape(run("7"), kind="sldNum")
    )
    document = read(tmp_path, "a.pptx", pptx(first, shape(run("Second"), kind="ctrTitle") + shape(run(NEKO))))
    assert document.text == f"報告\n\nMill\nRoof\n\nSecond\n\n{NEKO}"
    assert [document.text[page.start : page.end] for page in document.pages] == [
        "報告\n\nMill\nRoof",
        f"Second\n\n{NEKO}",
    ]
    assert [(span.label, span.level) for span in document.headings] == [("報告", 1), ("Second", 1)]


def test_a_change_of_formatting_sets_no_space_within_a_word(tmp_path: Path) -> None:
    assert read(tmp_path, "a.pptx", pptx(shape(run("東京") + run("都の") + run("歴史")))).text == "東京都の歴史"


def test_a_slides_table_chart_notes_and_comments_are_read(tmp_path: Path) -> None:
    cells = "".join(f"<a:tc><p:txBody><a:p>{run(text)}</a:p></p:txBody></a:tc>" for text in ("City", "人口"))
    frame = "<p:graphicFrame><a:graphic><a:graphicData>{}</a:graphicData></a:graphic></p:graphicFrame>"
    table = frame.format(f"<a:tbl><a:tr>{cells}</a:tr></a:tbl>")
    chart = frame.format('<c:chart r:id="rId9"/>')
    points = '<c:pt idx="0"><c:v>{}</c:v></c:pt><c:pt idx="1"><c:v>{}</c:v></c:pt>'
    series = (
        f"<c:ser><c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>Ducks</c:v></c:pt></c:strCache></c:strRef></c:tx>"
        f"<c:cat><c:strRef><c:strCache>{points.format(2019, 2020)}</c:strCache></c:strRef></c:cat>"
        f"<c:val><c:numRef><c:numCache>{points.format('4.2999999999999998', 5)}</c:numCache></c:numRef></c:val></c:ser>"
    )
    title = f"<c:title><a:p>{run('Birds')}</a:p></c:title>"
    parts = {
        "ppt__slides___rels__slide1.xml.rels": _RELS.format(
            relation("rId9", "chart", "../charts/chart1.xml")
            + relation("rId8", "notesSlide", "../notesSlides/n.xml")
            + relation("rId7", "comments", "../comments/c.xml")
        ),
        "ppt__charts__chart1_X": f"<c:chartSpace {_DRAW}><c:chart>{title}{series}</c:chart></c:chartSpace>",
        "ppt__notesSlides__n_X": f"<p:notes {_DRAW}><p:cSld><p:spTree>{shape(run('Say this.'), kind='body')}"
        "</p:spTree></p:cSld></p:notes>",
        "ppt__comments__c_X": f"<p:cmLst {_DRAW}><p:cm><p:text>Why?</p:text></p:cm></p:cmLst>",
    }
    document = read(tmp_path, "a.pptx", pptx(table + chart, **parts))
    assert "Birds\n\n|  | Ducks |\n| --- | --- |\n| 2019 | 4.3 |\n| 2020 | 5 |" in document.text
    assert [span.label for span in document.tables] == ["City | 人口", " | Ducks"]
    assert "Notes:\nSay this." in document.text
    assert "Comment: Why?" in document.text


def test_an_opendocument_presentation_is_read(tmp_path: Path) -> None:
    page = (
        '<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>見出し</text:p></draw:text-box>'
        "</draw:frame>"
        f"<draw:frame><draw:text-box><text:p>{CAT[:7]}<text:span>{CAT[7:]}</text:span></text:p></draw:text-box></draw:frame>"
        "<draw:frame><table:table><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell>"
        "<table:table-cell><text:p>B<text:s text:c='2'/>C</text:p></table:table-cell></table:table-row></table:table>"
        f"</draw:frame><presentation:notes><text:p>{NEKO}</text:p></presentation:notes></draw:page>"
    )
    content = f"<office:document-content {_ODF}>{page}</office:document-content>"
    document = read(tmp_path, "a.odp", zipped({"content.xml": content}))
    assert document.text == f"見出し\n\n{CAT}\n\n| A | B C |\n| --- | --- |\n\nNotes:\n{NEKO}"
    assert [span.label for span in document.headings] == ["見出し"]
    assert len(document.pages) == 1


@pytest.mark.parametrize("name", ["a.pptx", "a.odp", "a.epub"])
def test_entities_that_multiply_are_refused(tmp_path: Path, name: str) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    members = {"ppt/presentation.xml": bomb, "content.xml": bomb, "META-INF/container.xml": bomb}
    with pytest.raises(ReadError, match="entities"):
        read(tmp_path, name, zipped(members))


def test_the_sheets_of_a_workbook_are_headings_and_its_blocks_are_tables(tmp_path: Path) -> None:
    document = read(
        tmp_path, "a.xlsx", xlsx([["City", "人口"], ["Kobe", "15"], ["", ""], ["River", "Length"], ["Yodo", "75"]])
    )
    assert [(span.label, span.level) for span in document.headings] == [("Sheet1", 1)]
    assert [span.label for span in document.tables] == ["City | 人口", "River | Length"]
    assert document.text[document.tables[1].start : document.tables[1].end].endswith("| Yodo | 75 |")


def test_a_word_in_several_runs_stays_in_one_piece(tmp_path: Path) -> None:
    runs = "東京</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>都</w:t></w:r><w:r><w:t>の歴史"
    assert "東京都の歴史" in read(tmp_path, "a.docx", docx("見出し", runs)).text


def test_links_show_their_words_and_pictures_nothing() -> None:
    assert (
        kreuzberg_module.tidy("![](a.png)[text](https://example.org) **bold** 2 \\* 3\n\n\n\nend")
        == "text bold 2 * 3\n\nend"
    )


def test_a_document_of_nothing_but_pictures_needs_ocr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = io.BytesIO(docx("", ""))
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr("word/media/image1.png", b"a picture")
    with pytest.raises(NeedsOcr, match="only pictures"):
        read(tmp_path, "a.docx", made.getvalue())
    monkeypatch.setattr(office_pictures, "ocr_languages", lambda settings: ("eng",))
    monkeypatch.setattr(office_pictures, "recognise", lambda picture, kind, *, settings: f"{kind}: {len(picture)}")
    assert read(tmp_path, "a.docx", made.getvalue()).text == "image/png: 9"


def test_a_picture_is_read_where_there_is_ocr_and_told_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NeedsOcr, match="switched off"):
        read(tmp_path, "a.png", b"a picture")
    monkeypatch.setattr(pictures_module, "ocr_languages", lambda settings: ("jpn",))
    monkeypatch.setattr(pictures_module, "recognise", lambda picture, kind, *, settings: NEKO)
    assert read(tmp_path, "a.jpeg", b"a picture").text == NEKO
    monkeypatch.setattr(pictures_module, "recognise", lambda picture, kind, *, settings: "")
    with pytest.raises(ReadError, match="No text was found"):
        read(tmp_path, "a.png", b"a picture")


def test_a_books_chapters_come_in_the_order_of_its_spine(tmp_path: Path) -> None:
    page = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body><h1>{}</h1><p>{}</p></body></html>'
    book = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="n" href="nav.xhtml" properties="nav"/>'
        '<item id="b" href="b.xhtml"/><item id="a" href="%E7%AB%A0.xhtml"/></manifest>'
        '<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>'
    )
    members = {
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="O/book.opf"/></rootfiles></container>',
        "O/book.opf": book,
        "O/nav.xhtml": page.format("Contents", "Chapter list"),
        "O/章.xhtml": page.format("第一章", "<ruby>吾輩<rp>（</rp><rt>わがはい</rt><rp>）</rp></ruby>は猫である。"),
        "O/b.xhtml": page.format("Chapter Two", CAT),
    }
    document = read(tmp_path, "a.epub", zipped(members))
    assert document.text == f"# 第一章\n\n{NEKO}\n\n# Chapter Two\n\n{CAT}"
    assert [span.label for span in document.headings] == ["第一章", "Chapter Two"]
    locked = '<encryption><CipherData><CipherReference URI="O/b.xhtml"/></CipherData></encryption>'
    with pytest.raises(ReadError, match="copy-protected"):
        read(tmp_path, "b.epub", zipped(members | {"META-INF/encryption.xml": locked}))


@pytest.mark.parametrize(
    ("name", "plain"), [("a.docx", docx("T", CAT)), ("a.xlsx", xlsx([["A", CAT]])), ("a.pptx", pptx(shape(run(CAT))))]
)
def test_locked_office_files_open_with_a_password_of_the_file(tmp_path: Path, name: str, plain: bytes) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    large = io.BytesIO(plain)  # the library's encryption, which only tests need, fails on files under 4,096 bytes
    with zipfile.ZipFile(large, "a") as archive:
        archive.writestr("filler.bin", random.Random(0).randbytes(9_000))
    locked = io.BytesIO()
    OOXMLFile(large).encrypt("秘密 pass", locked)
    with pytest.raises(NeedsPassword) as caught:
        read(tmp_path, name, locked.getvalue())
    assert "--password-file" in caught.value.hint
    known = tmp_path / "passwords.txt"
    known.write_text("wrong\n秘密 pass\n", encoding="utf-8")
    settings = ReadingSettings(password_file=str(known))
    assert CAT in read(tmp_path, name, locked.getvalue(), settings).text
    known.write_text("wrong\nother\n", encoding="utf-8")
    with pytest.raises(NeedsPassword, match="none of the 2"):
        read(tmp_path, name, locked.getvalue(), settings)


def test_without_the_extra_a_locked_file_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "msoffcrypto", None)
    container = bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(NeedsPassword) as caught:
        read(tmp_path, "a.docx", container)
    assert "[office-passwords]" in caught.value.hint


@pytest.mark.parametrize("name", ["a.pptx", "a.odp", "a.epub", "a.docx", "a.xlsx", "a.doc", "a.xls"])
def test_files_with_damage_anywhere_are_reported(tmp_path: Path, name: str) -> None:
    text = f"<x>{CAT * 50}</x>"
    whole = zipped({"ppt/presentation.xml": text, "content.xml": text, "META-INF/container.xml": text})
    old = bytes.fromhex("d0cf11e0a1b11ae1") + whole
    for place in range(0, len(whole), 7):
        damaged = bytearray(old if name.endswith((".doc", ".xls")) else whole)
        damaged[place] ^= 0xAA
        with contextlib.suppress(ReadError):
            read(tmp_path, name, bytes(damaged))


@pytest.mark.parametrize("piece", ["![", "[", "[a](", "[a]((", "**a", "```\n", "\\["])
def test_much_of_the_same_mark_takes_no_longer_than_other_text(piece: str) -> None:
    begun = time.process_time()
    kreuzberg_module.tidy(piece * 20_000)
    assert time.process_time() - begun < 5


def test_opendocument_texts_and_sheets_keep_their_headings_and_tables(tmp_path: Path) -> None:
    urn = "urn:oasis:names:tc:opendocument:xmlns"
    names = " ".join(f'xmlns:{name}="{urn}:{name}:1.0"' for name in ("office", "text", "table"))
    row = "<table:table-row>{}</table:table-row>"
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = row.format(cell.format("City") + cell.format("人口")) + row.format(cell.format("神戸") + cell.format("15"))
    text = (
        '<office:text><text:h text:outline-level="1">第一章</text:h>'
        "<text:p>東京<text:span>都</text:span>の歴史。</text:p>"
        f"<table:table>{rows}</table:table></office:text>"
    )
    sheet = f'<office:spreadsheet><table:table table:name="都市">{rows}</table:table></office:spreadsheet>'
    table = "| City | 人口 |\n| --- | --- |\n| 神戸 | 15 |"
    for name, kind, body, expected in (
        ("a.odt", "text", text, f"# 第一章\n\n東京都の歴史。\n\n{table}"),
        ("a.ods", "spreadsheet", sheet, f"# 都市\n\n{table}"),
    ):
        content = f"<office:document-content {names}><office:body>{body}</office:body></office:document-content>"
        manifest = '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        members = {"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": content}
        document = read(tmp_path, name, zipped(members | {"META-INF/manifest.xml": manifest}))
        assert document.text == expected
        assert [span.label for span in document.tables] == ["City | 人口"]
        assert len(document.headings) == 1


def test_old_word_files_keep_paragraphs_and_rows_and_lose_the_code_of_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def extract(path: Path, *, config: Any) -> Any:
        asked.append(config.output_format)
        return SimpleNamespace(
            content='目次 TOC \\o "1-3" \\h \n第1章 PAGEREF _Toc123 \\h 3\n年\tVisitors\t\t1901\t1,200\t\t'
            '詳しくは HYPERLINK "https://example.org/a"こちら。\n\n\n\nThe REF manual *is* TOC-free.'
        )

    monkeypatch.setattr(kreuzberg, "extract_file_sync", extract)
    assert read(tmp_path, "a.doc", b"old").text == (
        "目次\n第1章3\n年\tVisitors\n1901\t1,200\n詳しくはこちら。\n\nThe REF manual *is* TOC-free."
    )
    assert asked == ["plain"]


def test_rules_between_old_slides_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = SimpleNamespace(content="-----\n\n## 一枚目\n\n雨。\n\n-----\n\n## Second\n\nSnow.\n")
    monkeypatch.setattr(kreuzberg, "extract_file_sync", lambda path, config: shown)
    document = read(tmp_path, "a.ppt", b"old")
    assert document.text == "## 一枚目\n\n雨。\n\n## Second\n\nSnow."
    assert [span.label for span in document.headings] == ["一枚目", "Second"]
