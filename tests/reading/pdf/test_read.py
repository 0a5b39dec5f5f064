"""PDFs: what stands on which page, in reading order, and what happens where there is no text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import bunko.reading.pdf.read as pdf_module
from bunko.errors import NeedsOcr, NeedsPassword, ReadError
from bunko.reading.containers.members import PageRead
from bunko.reading.images.ocr import Bitmap
from bunko.reading.read import read_documents
from bunko.settings import ReadingSettings
from bunko.types import Document, FailedFile
from tests.reading.pdfs import PICTURE, Text, lines, pdf

CAT = "The cat sleeps on the roof of the old mill every day."
NO_OCR = ReadingSettings(ocr="off")


def items(folder: Path, content: bytes, settings: ReadingSettings = NO_OCR) -> list[Document | FailedFile]:
    path = folder / "a.pdf"
    path.write_bytes(content)
    return [item for item in read_documents(path, "a.pdf", settings=settings) if not isinstance(item, PageRead)]


def read(folder: Path, content: bytes, settings: ReadingSettings = NO_OCR) -> Document:
    (document,) = items(folder, content, settings)
    assert isinstance(document, Document)
    return document


def pages(document: Document) -> list[str]:
    return [document.text[page.start : page.end] for page in document.pages]


def test_each_page_has_its_own_words(tmp_path: Path) -> None:
    document = read(tmp_path, pdf(lines(CAT), lines("吾輩は猫である。"), [], lines("The end.")))
    assert pages(document) == [CAT, "吾輩は猫である。", "", "The end."]
    assert [page.label for page in document.pages] == ["1", "2", "3", "4"]


def test_a_wrapped_japanese_line_goes_on_without_a_space(tmp_path: Path) -> None:
    first = "この文書は自由な文書として誰もが配布することがで"
    text = read(tmp_path, pdf(lines(first, "きる。次の文。", "・項目その一", "短い行", "別の短い行"))).text
    assert text == f"{first}きる。次の文。\n・項目その一\n短い行\n別の短い行"


def test_a_japanese_sentence_goes_on_over_the_end_of_a_page(tmp_path: Path) -> None:
    first = "この文書は自由な文書として誰もが配布することがで"
    document = read(tmp_path, pdf(lines(first), lines("きる。次の文。")))
    assert document.text == f"{first}きる。次の文。"
    assert pages(document) == [first, "きる。次の文。"]


def test_running_headers_and_page_numbers_are_left_out_after_the_first(tmp_path: Path) -> None:
    body = ["Mills grind.", "Cats sleep.", "Trees grow.", "Rain falls."]
    made = [
        lines(f"Annual Report {2020}  page {n}") + lines(text, "More of it.", top=600) + lines(f"- {n} -", top=40)
        for n, text in enumerate(body, 1)
    ]
    document = read(tmp_path, pdf(*made))
    assert document.text.count("Annual Report") == 1
    assert "- 2 -" not in document.text
    assert all(text in page for text, page in zip(body, pages(document), strict=True))


@pytest.mark.parametrize(
    ("first", "following", "elsewhere", "expected"),
    [
        ("a place of infor-", "mation for all", "", "information"),
        ("the method of Lucene-", "BM25 is old", "", "Lucene-BM25"),
        ("this is a well-", "known fact now", "it is well-known", "well-known"),
        ("it costs 100-", "dollar bills only", "", "100-\ndollar"),
    ],
)
def test_a_word_divided_at_a_lines_end_is_mended_if_that_is_safe(
    tmp_path: Path, first: str, following: str, elsewhere: str, expected: str
) -> None:
    assert expected in read(tmp_path, pdf(lines(first, following, "", elsewhere))).text


def test_bookmarks_are_headings_where_their_words_stand(tmp_path: Path) -> None:
    made = pdf(
        lines("Preface", CAT, "1.  History  of mills", CAT),
        lines(CAT, "第二章 水車", CAT),
        bookmarks=[("History of mills", 0), ("第二章水車", 1), ("Not on its page", 1)],
    )
    document = read(tmp_path, made)
    starts = [document.text[span.start :].split("\n")[0] for span in document.headings]
    assert sorted(span.label for span in document.headings) == ["History of mills", "Not on its page", "第二章水車"]
    assert any(start.startswith("History") for start in starts)
    assert any(start.startswith("第二章 水車") for start in starts)


def test_larger_letters_are_headings_where_there_are_no_bookmarks(tmp_path: Path) -> None:
    page = lines("Mills of Ashwood", size=24) + lines("History", top=650, size=16)
    page += lines(*[CAT] * 10, top=620) + lines("水車の歴史について", top=300, size=16) + lines(*[CAT] * 5, top=270)
    document = read(tmp_path, pdf(page))
    assert [(span.label, span.level) for span in document.headings] == [
        ("Mills of Ashwood", 1),
        ("History", 2),
        ("水車の歴史について", 2),
    ]


def test_vertical_japanese_is_read_from_right_to_left(tmp_path: Path) -> None:
    columns = ["吾輩は猫である。名前はまだ無い。", "どこで生れたか見当がつかぬ。", "薄暗い所で泣いていた。"]
    upper = [Text(text=text, x=500 - 40 * n, vertical=True) for n, text in enumerate(columns)]
    lower = [Text(text=text, x=500 - 40 * n, y=350, vertical=True) for n, text in enumerate(["下段一。", "下段二。"])]
    assert read(tmp_path, pdf([*reversed(upper), *lower])).text == "\n".join([*columns, "下段一。", "下段二。"])


def test_a_scan_is_never_an_empty_success(tmp_path: Path) -> None:
    with pytest.raises(NeedsOcr):
        read(tmp_path, pdf([PICTURE], [PICTURE]))


def test_a_scan_with_nothing_but_page_numbers_is_a_scan(tmp_path: Path) -> None:
    with pytest.raises(NeedsOcr):
        read(tmp_path, pdf([PICTURE, *lines("Page 1")], [PICTURE, *lines("Page 2")]))


def test_text_on_a_picture_is_text(tmp_path: Path) -> None:
    assert read(tmp_path, pdf([PICTURE, *lines(CAT)])).text == CAT


def test_pages_that_were_not_read_are_told(tmp_path: Path) -> None:
    document, *failed = items(tmp_path, pdf(lines(CAT), [PICTURE], [PICTURE], lines("The end."), [PICTURE]))
    assert isinstance(document, Document)
    assert pages(document) == [CAT, "", "", "The end.", ""]
    (told,) = failed
    assert isinstance(told, FailedFile)
    assert told.path == "a.pdf#pages 2-3, 5"
    assert told.hint


def test_pages_that_are_pictures_go_through_ocr_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Bitmap] = []

    def recognise(bitmap: Bitmap, *, settings: ReadingSettings) -> str:
        seen.append(bitmap)
        return "Read from a picture.\n絵から読んだ。"

    languages: Sequence[str] = ("eng",)
    monkeypatch.setattr(pdf_module, "ocr_languages", lambda settings: languages)
    monkeypatch.setattr(pdf_module, "recognise_bitmap", recognise)
    document = read(tmp_path, pdf(lines(CAT), [PICTURE, *lines("2")]), ReadingSettings())
    assert pages(document) == [CAT, "Read from a picture.\n絵から読んだ。"]
    assert (seen[0].width, seen[0].height) == (2500, 3334)  # 600 x 800 points at 300 dots per inch
    assert len(seen[0].pixels) == 2500 * 3334


def test_a_page_without_text_goes_through_ocr_if_it_shows_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_module, "ocr_languages", lambda settings: ("eng",) if settings.ocr == "auto" else ())
    monkeypatch.setattr(pdf_module, "recognise_bitmap", lambda bitmap, settings: "Drawn.")
    made = pdf(lines(CAT), [], ["40 684 300 9 re 60 686 9 5 re f"])  # as text looks that was turned into outlines
    assert pages(read(tmp_path, made, ReadingSettings())) == [CAT, "", "Drawn."]
    assert pages(read(tmp_path, made)) == [CAT, "", ""]


def test_pictures_in_which_ocr_finds_nothing_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    languages: Sequence[str] = ("eng",)
    monkeypatch.setattr(pdf_module, "ocr_languages", lambda settings: languages)
    monkeypatch.setattr(pdf_module, "recognise_bitmap", lambda bitmap, settings: "")
    with pytest.raises(ReadError, match="OCR found no text"):
        read(tmp_path, pdf([PICTURE]), ReadingSettings())


def test_a_page_that_is_there_many_times_is_kept(tmp_path: Path) -> None:
    page = lines("Closed on Mondays.", "Open at nine.", "Ring twice.")
    text = "Closed on Mondays.\nOpen at nine.\nRing twice."
    assert pages(read(tmp_path, pdf(page, page, page))) == [text] * 3


def test_an_empty_pdf_is_no_scan(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no text and no pictures"):
        read(tmp_path, pdf([]))


def test_a_locked_pdf_says_which_flag_helps(tmp_path: Path) -> None:
    with pytest.raises(NeedsPassword) as caught:
        read(tmp_path, pdf(lines(CAT), password="geheim"))
    assert "--password-file" in caught.value.hint


def test_passwords_are_tried_in_turn_and_never_told(tmp_path: Path) -> None:
    locked = pdf(lines(CAT), password="geheim")
    known = tmp_path / "passwords.txt"
    settings = ReadingSettings(password_file=str(known))
    known.write_text("wrong\ngeheim\nother\n", encoding="utf-8")
    assert read(tmp_path, locked, settings).text == CAT
    known.write_text("wrong\nother\n", encoding="utf-8")
    with pytest.raises(NeedsPassword, match="none of the 2") as caught:
        read(tmp_path, locked, settings)
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\nnothing", pdf(lines(CAT))[:300]])
def test_a_broken_pdf_says_so(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ReadError) as caught:
        read(tmp_path, content)
    assert caught.value.hint
