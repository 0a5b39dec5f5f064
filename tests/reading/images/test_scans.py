"""Real OCR of scans: whether its text is right in both languages, whichever way up, page by page."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.errors import ReadError
from bunko.reading.containers.members import PageRead
from bunko.reading.images.ocr import ocr_languages
from bunko.reading.images.read import tiff_pages
from bunko.reading.read import read_documents, read_file
from bunko.settings import ReadingSettings
from bunko.types import Document
from tests.reading.scans import japanese_font, scan_pdf, scan_tiff, scanned

needs_tesseract = pytest.mark.skipif(
    ocr_languages(ReadingSettings()) != ("eng", "jpn"), reason="Tesseract's English and Japanese data is not there"
)
needs_font = pytest.mark.skipif(japanese_font() is None, reason="no Japanese font is there to draw a scan with")

ENGLISH = ("The mill at Ashwood was built in 1873 by Henry Carter.", "It burned down in 1902 and was never rebuilt.")
JAPANESE = (
    "水車小屋は明治六年に建てられました。所有者は田中氏で、",
    "屋根の修理には２０２６年１１月までかかる見込みです。",
    "入館料は300円、学生は150円です。",
)


def read(folder: Path, name: str, content: bytes) -> Document:
    path = folder / name
    path.write_bytes(content)
    return read_file(path, name, settings=ReadingSettings())


def pages(document: Document) -> list[str]:
    return [document.text[page.start : page.end] for page in document.pages]


@needs_tesseract
@needs_font
def test_english_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "a.pdf", scan_pdf(scanned(*ENGLISH))).text == "\n".join(ENGLISH)


@needs_tesseract
@needs_font
def test_japanese_is_read_without_spaces_between_its_characters(tmp_path: Path) -> None:
    text = read(tmp_path, "a.pdf", scan_pdf(scanned(*JAPANESE))).text
    assert "建てられました。所有者は田中氏で、屋根の修理には2026年11月までかかる見込みです。" in text
    assert "300円、学生は150円です。" in text


@needs_tesseract
@needs_font
def test_a_page_that_stands_on_its_head_is_read_like_the_others(tmp_path: Path) -> None:
    upright, other = scanned(*ENGLISH), scanned(*JAPANESE)
    document = read(tmp_path, "a.pdf", scan_pdf(upright, upright.upside_down(), other.upside_down()))
    assert pages(document)[:2] == ["\n".join(ENGLISH)] * 2
    assert "学生は150円です。" in pages(document)[2]


@needs_tesseract
@needs_font
@pytest.mark.parametrize("order", ["<", ">"])
def test_all_pages_of_a_tiff_are_read(tmp_path: Path, order: str) -> None:
    document = read(tmp_path, "a.tif", scan_tiff([scanned(ENGLISH[0]), scanned(ENGLISH[1])], order=order))
    assert pages(document) == list(ENGLISH)


@needs_tesseract
def test_a_photograph_that_stands_on_its_head_is_read(tmp_path: Path) -> None:
    photograph = Path(__file__).with_name("upside-down.jpg").read_bytes()
    assert read(tmp_path, "a.jpg", photograph).text == ENGLISH[0]


@needs_tesseract
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
@pytest.mark.parametrize("content", [b"no picture at all", b"\xff\xd8\xff\xe0 nor this", b""])
def test_a_broken_picture_says_so(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(ReadError) as caught:
        read(tmp_path, name, content)
    assert caught.value.hint


@needs_tesseract
@needs_font
def test_every_page_gives_a_sign_of_life(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(scan_pdf(*[scanned(ENGLISH[0])] * 3))
    items = [type(item) for item in read_documents(path, "a.pdf", settings=ReadingSettings())]
    assert items == [PageRead, PageRead, PageRead, Document]


def test_a_tiff_whose_pages_lead_in_a_circle_or_nowhere_ends() -> None:
    circle = b"II*\0" + (8).to_bytes(4, "little") + b"\0\0" + (8).to_bytes(4, "little")
    assert list(tiff_pages(circle)) == [circle]
    nowhere = b"II*\0" + (900).to_bytes(4, "little")
    assert list(tiff_pages(nowhere)) == [nowhere]
    assert list(tiff_pages(b"other")) == [b"other"]
