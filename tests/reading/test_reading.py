"""Files of many kinds become text; broken ones become a sentence that says what is wrong."""

from __future__ import annotations

import email.message
import json
from pathlib import Path

import pytest

from bunko.errors import NeedsOcr, ReadError, UnsupportedFormat
from bunko.reading.read import read_file
from bunko.reading.text.plain import markdown_headings
from bunko.settings import ReadingSettings
from bunko.types import Document
from tests.reading.files import docx, pdf, xlsx, zipped
from tests.reading.pdfs import PICTURE
from tests.reading.pdfs import pdf as scan

CAT = "The cat sleeps on the roof."
LIMITS = ReadingSettings()
NEKO = "吾輩は猫である。名前はまだ無い。"


def read(folder: Path, name: str, content: bytes | str, settings: ReadingSettings = LIMITS) -> Document:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path, name, settings=settings)


def test_text_is_read_as_it_is(tmp_path: Path) -> None:
    text = f"{CAT}\n\n  {NEKO} \n"
    document = read(tmp_path, "a.txt", text)
    assert (document.text, document.pages, document.headings, document.path) == (text, (), (), "a.txt")


@pytest.mark.parametrize("name", ["notes", "data.csv", "program.py", "a.log", "a.json", "a.日本語"])
def test_whatever_is_text_is_read_as_text(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, name, CAT).text == CAT


def test_markdown_keeps_its_text_and_tells_its_headings(tmp_path: Path) -> None:
    text = f"# Book\n\n{CAT}\n\n## 第一章 *Part*\n\n{NEKO}\n\n```\n# no heading\n```\n\n# Next\n"
    document = read(tmp_path, "a.MD", text)
    assert document.text == text
    assert [(span.label, span.level) for span in document.headings] == [("Book", 1), ("第一章 Part", 2), ("Next", 1)]
    book, part, following = document.headings
    assert text[book.start :].startswith("# Book")
    assert book.end == part.end == following.start
    assert following.end == len(text)


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("# Title", "Title"),
        ("###### Deep", "Deep"),
        ("## Closed ##", "Closed"),
        ("  # Indented", "Indented"),
        ("# [Link](there) and `code`", "Link and code"),
        ("#No space", None),
        ("    # code", None),
        ("####### seven", None),
        ("#", None),
    ],
)
def test_a_heading_is_what_markdown_calls_one(line: str, label: str | None) -> None:
    assert [span.label for span in markdown_headings(line)] == ([label] if label else [])


def test_headings_of_markdown_may_be_underlined(tmp_path: Path) -> None:
    text = (
        "---\ntitle: x\n---\nBook\n====\n\nPart *one*\n---\ntext\nof two lines\n---\n\n- item\n---\n\n"
        "| a | b |\n|---|---|\n\n```\nno\n===\n```\n"
    )
    document = read(tmp_path, "a.md", text)
    assert [(span.label, span.level) for span in document.headings] == [("Book", 1), ("Part one", 2)]
    assert [text[span.start :].partition("\n")[0] for span in document.headings] == ["Book", "Part *one*"]
    assert [span.label for span in document.tables] == ["a | b"]


def test_word_documents_keep_their_headings(tmp_path: Path) -> None:
    document = read(tmp_path, "a.docx", docx("報告書", CAT, NEKO))
    assert CAT in document.text
    assert NEKO in document.text
    assert [span.label for span in document.headings] == ["報告書"]
    assert document.format == "docx"


def test_a_workbook_is_read_by_its_cells(tmp_path: Path) -> None:
    text = read(tmp_path, "a.xlsx", xlsx([["City", "人口"], ["Kobe", "1510917"]])).text
    for cell in ("City", "人口", "Kobe", "1510917"):
        assert cell in text


def test_a_web_page_is_read_without_its_scripts(tmp_path: Path) -> None:
    page = (
        '<html><head><meta charset="utf-8"><title>T</title><script>var hidden = 1</script></head>'
        f"<body><h1>見出し</h1><p>{CAT}</p><p>{NEKO}</p></body></html>"
    )
    document = read(tmp_path, "a.html", page)
    assert CAT in document.text
    assert NEKO in document.text
    assert "hidden" not in document.text
    assert "見出し" in [span.label for span in document.headings]


def test_rich_text_is_read_without_its_commands(tmp_path: Path) -> None:
    assert CAT in read(tmp_path, "a.rtf", r"{\rtf1\ansi\deff0 {\fonttbl {\f0 Times;}} \f0\fs24 " + CAT + r"\par}").text


def test_a_mail_is_read_with_its_subject(tmp_path: Path) -> None:
    mail = email.message.EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.org", "b@example.org", "議事録の件"
    mail.set_content(f"{CAT}\n{NEKO}\n")
    text = read(tmp_path, "a.eml", bytes(mail)).text
    assert CAT in text
    assert NEKO in text
    assert "議事録の件" in text


def test_a_notebook_is_read_by_its_cells(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": [f"# Title\n{CAT}"]},
        {"cell_type": "code", "metadata": {}, "source": ["total = 42"], "outputs": [], "execution_count": 1},
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    text = read(tmp_path, "a.ipynb", json.dumps(notebook)).text
    assert CAT in text
    assert "total = 42" in text


def test_the_pages_of_a_pdf_are_known(tmp_path: Path) -> None:
    document = read(tmp_path, "a.pdf", pdf(CAT, "The dog barks at night.", "The end is here."))
    assert [page.label for page in document.pages] == ["1", "2", "3"]
    pages = [document.text[page.start : page.end] for page in document.pages]
    assert [CAT in page for page in pages] == [True, False, False]
    assert [("dog" in page) for page in pages] == [False, True, False]
    assert document.pages[-1].end == len(document.text)


def test_a_pdf_of_pictures_says_that_it_needs_ocr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bunko.reading.pdf.read.ocr_languages", lambda settings: ())
    with pytest.raises(NeedsOcr) as caught:
        read(tmp_path, "scan.pdf", scan([PICTURE]))
    assert "That needs OCR" in caught.value.message
    assert "Tesseract" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"%PDF-1.7\nnothing"),
        ("b.pdf", pdf(CAT)[:200]),
        ("a.docx", b"PK\x03\x04 no archive"),
        ("b.docx", zipped({"word/document.xml": "<not <xml"})),
        ("a.xlsx", b"\x00" * 100),
        ("a.epub", zipped({"mimetype": "application/epub+zip"})),
        ("a.ipynb", "{not json"),
    ],
)
def test_a_broken_file_says_so_and_what_to_do(tmp_path: Path, name: str, content: bytes | str) -> None:
    with pytest.raises(ReadError) as caught:
        read(tmp_path, name, content)
    assert caught.value.message
    assert caught.value.hint
    assert "Traceback" not in caught.value.message


def test_a_file_that_is_no_text_is_no_document(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat, match=r"\.exe"):
        read(tmp_path, "a.exe", bytes(range(256)) * 9)


@pytest.mark.parametrize("content", ["", " \n\t\n", "\ufeff"])
def test_a_file_without_text_is_called_empty(tmp_path: Path, content: str) -> None:
    with pytest.raises(ReadError, match="no text"):
        read(tmp_path, "a.txt", content)


def test_files_over_the_limits_name_the_setting_that_raises_them(tmp_path: Path) -> None:
    with pytest.raises(ReadError) as size:
        read(tmp_path, "a.txt", CAT * 50_000, settings=ReadingSettings(max_file_mb=1))
    assert "reading.max_file_mb" in size.value.hint
    with pytest.raises(ReadError) as length:
        read(tmp_path, "a.txt", CAT, settings=ReadingSettings(max_characters=5))
    assert "reading.max_characters" in length.value.hint


def test_a_file_that_vanished_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="can't be opened"):
        read_file(tmp_path / "gone.txt", "gone.txt", settings=ReadingSettings())


def test_reading_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    read(tmp_path, "a.html", f"<p>{CAT}</p>")
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]
