"""What lies on a page of a PDF: filled fields, comments, attached files; and what of it is not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.settings import ReadingSettings
from bunko.types import page_at
from tests.reading.files import read_all
from tests.reading.pdfs import PICTURE, Text, lines, pdf

NO_OCR = ReadingSettings(ocr="off")
SPACE = "A guest may stay for three nights and pays on the day of arrival."


def text_field(value: str, box: str, name: str = "f", more: str = "") -> str:
    return f"/Subtype /Widget /FT /Tx /T ({name}) /V ({value}) /Rect [{box}] /F 4 {more}"


def tick(on: bool, box: str, name: str = "t", value: str = "Yes") -> str:
    state = value if on else "Off"
    shown = f"/AP << /N << /{value} 3 0 R >> >>"
    return f"/Subtype /Widget /FT /Btn /T ({name}) /V /{state} /AS /{state} /Rect [{box}] /F 4 {shown}"


def comment(kind: str, words: str, more: str = "", box: str = "40 100 200 120") -> str:
    return f"/Subtype /{kind} /Contents ({words}) /Rect [{box}] {more}"


def read(folder: Path, content: bytes) -> str:
    (document, *_), _ = read_all(folder, "a.pdf", content, NO_OCR)
    return document.text


def test_the_values_of_a_form_follow_their_labels(tmp_path: Path) -> None:
    page = [
        *lines("Name of owner:", "Length of boat: ______ metres", "Harbour", "I agree to the rules", "Insured:"),
        Text(text="Date:", x=400, y=700),
    ]
    values = [
        text_field("Petra Holm", "140 696 300 714", "a"),
        text_field("9.4", "130 680 160 696", "b"),
        text_field("2 May", "440 696 560 714", "c"),
        "/Subtype /Widget /FT /Ch /T (d) /Opt [(East basin) (West basin)] /V (East basin) /Rect [100 664 300 680] /F 4",
        tick(True, "20 650 32 662", "e"),
        tick(False, "100 634 112 646", "g"),
    ]
    text = read(tmp_path, pdf(page, annotations=values))
    assert "Name of owner: Petra Holm" in text
    assert "Date: 2 May" in text
    assert "Length of boat: 9.4 ______ metres" in text or "Length of boat: ______ 9.4 metres" in text
    assert "Harbour East basin" in text
    assert "☑ Yes I agree to the rules" in text
    assert "Insured: ☐" in text


def test_a_label_may_be_above_its_field_and_in_japanese(tmp_path: Path) -> None:
    page = [Text(text="氏名", x=40, y=700), Text(text="First name", x=40, y=600), Text(text="Last name", x=300, y=600)]
    values = [
        f"/Subtype /Widget /FT /Tx /T (n) /V <feff{'山田太郎'.encode('utf-16-be').hex()}> /Rect [80 696 300 714] /F 4",
        text_field("Petra", "40 575 200 595", "a"),
        text_field("Holm", "300 575 500 595", "b"),
    ]
    text = read(tmp_path, pdf(page, annotations=values))
    assert "氏名 山田太郎" in text
    assert "First name Petra" in text and "Last name Holm" in text


@pytest.mark.parametrize("turned", [0, 90])
def test_a_value_without_words_beside_it_has_its_name(tmp_path: Path, turned: int) -> None:
    values = [text_field("Petra", "400 100 500 120", "owner", "/TU (Name of the owner)")]
    text = read(tmp_path, pdf(lines(SPACE), annotations=values, turned=turned))
    assert "Name of the owner: Petra" in text.split("\n")


def test_what_nobody_sees_of_a_form_is_left_out(tmp_path: Path) -> None:
    hidden = [
        text_field("secret", "140 696 300 714", "a").replace("/F 4", "/F 2"),
        text_field("secret", "-300 696 -140 714", "b"),
        text_field("secret", "140 696 140 696", "c"),
        text_field("secret", "140 600 300 620", "d", "/Ff 8192"),
        comment("FreeText", "secret", box="900 900 950 950"),
        comment("Text", "secret", "/F 2"),
    ]
    assert read(tmp_path, pdf(lines(SPACE), annotations=hidden)) == SPACE


def test_comments_are_on_their_page(tmp_path: Path) -> None:
    notes = [
        comment("FreeText", "The warranty was extended to five years."),
        comment("Text", "Call Bram first.", "/T (Ann)"),
        comment("Highlight", "Is this still true?"),
        comment("Highlight", SPACE),  # some programs write what is marked into the comment
        comment("Popup", "Call Bram first."),
    ]
    (document,), _ = read_all(tmp_path, "a.pdf", pdf(lines(SPACE), lines("The end."), annotations=notes), NO_OCR)
    assert document.text.split("\n") == [
        SPACE,
        "The warranty was extended to five years.",
        "Comment (Ann): Call Bram first.",
        "Comment: Is this still true?",
        "",
        "The end.",
    ]
    assert page_at(document.pages, document.text.index("Bram")) == 1


def test_comments_leave_the_running_lines_alone(tmp_path: Path) -> None:
    pages = [lines("Guide", *[f"Line {m} of page {n} is here." for m in "abcde"], f"{n}") for n in range(1, 5)]
    text = read(tmp_path, pdf(*pages, annotations=[comment("Text", "Mind this.")]))
    assert text.count("Guide") == 1


def test_attached_files_are_documents(tmp_path: Path) -> None:
    inner = pdf(lines("The inner page has a price of 640 euros."), files={"deep.txt": b"Deep down."})
    content = pdf(lines(SPACE), files={"list.txt": b"A list.", "inner.pdf": inner, "x.exe": b"MZ\x00\x01" * 99})
    documents, failed = read_all(tmp_path, "a.pdf", content, NO_OCR)
    assert {document.path: document.text for document in documents} == {
        "a.pdf": SPACE,
        "a.pdf#list.txt": "A list.",
        "a.pdf#inner.pdf": "The inner page has a price of 640 euros.",
        "a.pdf#inner.pdf#deep.txt": "Deep down.",
    }
    assert [item.path for item in failed] == ["a.pdf#x.exe"]
    _, failed = read_all(tmp_path, "a.pdf", content, ReadingSettings(ocr="off", archive_depth=1))
    assert "levels deep" in failed[0].error


def test_a_pdf_of_attachments_alone_is_read(tmp_path: Path) -> None:
    documents, failed = read_all(tmp_path, "a.pdf", pdf([], files={"list.txt": b"A list."}), NO_OCR)
    assert [document.path for document in documents] == ["a.pdf#list.txt"]
    assert not failed


def test_what_is_not_read_is_listed(tmp_path: Path) -> None:
    half = PICTURE.replace("600 0 0 800", "300 0 0 400")
    content = pdf(
        [*lines(SPACE), half],
        lines("The end."),
        [*lines(SPACE), half],
        annotations=[comment("Stamp", ""), comment("Ink", "")],
    )
    (document,), _ = read_all(tmp_path, "a.pdf", content, NO_OCR)
    (said,) = document.left_out
    assert "2 pictures (pages 1, 3)" in said
    assert "1 stamp (page 1)" in said
    assert "1 drawing by hand (page 1)" in said
