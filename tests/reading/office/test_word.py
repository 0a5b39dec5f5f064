"""Word documents: what a person who opens the file sees, and what is reported as left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.errors import ReadError
from bunko.settings import ReadingSettings
from bunko.types import Document, FailedFile
from tests.reading.files import read_all, zipped
from tests.reading.office.samples import cell, paragraph, table, text, word

_NUMBERED = '<w:numPr><w:ilvl w:val="{}"/><w:numId w:val="{}"/></w:numPr>'


def read(folder: Path, body: str, **parts: str) -> Document:
    documents, failed = read_all(folder, "a.docx", word(body, parts), ReadingSettings(ocr="off"))
    assert not failed
    return documents[0]


def read_both(folder: Path, body: str, **parts: str) -> tuple[str, list[FailedFile]]:
    documents, failed = read_all(folder, "a.docx", word(body, parts), ReadingSettings(ocr="off"))
    return documents[0].text, failed


def run(inner: str) -> str:
    return f"<w:r>{inner}</w:r>"


@pytest.mark.parametrize(
    ("inner", "shown"),
    [
        ("<w:t>Room</w:t><w:tab/><w:t>204</w:t><w:tab/><w:t>Seats</w:t>", "Room\t204\tSeats"),
        ("<w:t>left</w:t><w:ptab/><w:t>right</w:t>", "left\tright"),
        ("<w:t>AX</w:t><w:noBreakHyphen/><w:t>200</w:t>", "AX-200"),
        ("<w:t>soft</w:t><w:softHyphen/><w:t>ware</w:t>", "software"),
        ("<w:t>one</w:t><w:br/><w:t>two</w:t><w:cr/><w:t>three</w:t>", "one\ntwo\nthree"),
        ('<w:t>40</w:t><w:sym w:font="Symbol" w:char="F0B0"/><w:t>C</w:t>', "40°C"),
        ('<w:t>done </w:t><w:sym w:font="Wingdings" w:char="F0FE"/>', "done ☑"),
        ('<w:sym w:font="Webdings" w:char="F0C8"/><w:t>bike</w:t>', "�bike"),
        ('<w:rPr><w:rFonts w:ascii="Symbol"/></w:rPr><w:t>\uf061\uf0a3 5</w:t>', "α≤ 5"),
        ("<w:ruby><w:rt><w:r><w:t>たかはし</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>髙橋</w:t></w:r></w:rubyBase></w:ruby>",
         "髙橋"),
    ],
)  # fmt: skip
def test_signs_within_a_line_part_words_or_join_them_as_shown(tmp_path: Path, inner: str, shown: str) -> None:
    assert read(tmp_path, paragraph(run(inner))).text == shown


def test_raised_and_lowered_digits_stay_so_and_struck_words_are_marked(tmp_path: Path) -> None:
    raised, lowered = '<w:vertAlign w:val="superscript"/>', '<w:vertAlign w:val="subscript"/>'
    body = paragraph(
        "10", text("6", raised), " m", text("2", raised), ", H", text("2", lowered), "O, 1", text("st", raised)
    )
    assert read(tmp_path, body).text == "10⁶ m², H₂O, 1st"
    body = paragraph("Old ", text("50", "<w:strike/>"), text(" dollars", "<w:strike/>"), " 45 dollars")
    assert read(tmp_path, body).text == "Old (struck out: 50 dollars) 45 dollars"
    assert read(tmp_path, paragraph(text("九月", "<w:dstrike/>"), "十月")).text == "（取り消し線：九月）十月"
    assert read(tmp_path, paragraph(text("still", '<w:strike w:val="0"/>'))).text == "still"


def test_the_first_footnote_and_endnote_are_read_and_numbered_as_shown(tmp_path: Path) -> None:
    def notes(kind: str, *words: str) -> str:
        marks = f'<w:{kind} w:type="separator" w:id="-1"><w:p/></w:{kind}>'
        marks += f'<w:{kind} w:type="continuationSeparator" w:id="0"/>'
        return marks + "".join(
            f'<w:{kind} w:id="{n}">{paragraph(run(f"<w:{kind}Ref/>"), f" {word_}")}</w:{kind}>'
            for n, word_ in enumerate(words, 1)
        )

    def mark(kind: str, n: int) -> str:
        return run(f'<w:{kind}Reference w:id="{n}"/>')

    # The second note stands first in the text: its number is 1.
    body = paragraph("It closed.", mark("footnote", 2), " Why?", mark("footnote", 1), mark("endnote", 1))
    parts = {"footnotes": notes("footnote", "48,000 pounds.", "Nora Finch."), "endnotes": notes("endnote", "花火。")}
    assert read(tmp_path, body + paragraph("Next."), **parts).text == (
        "It closed.[^1] Why?[^2][^i]\n\nFootnote 1: Nora Finch.\n\nFootnote 2: 48,000 pounds.\n\nEndnote i: 花火。"
        "\n\nNext."
    )
    other = {"settings": '<w:footnotePr><w:numFmt w:val="upperLetter"/><w:numStart w:val="3"/></w:footnotePr>'}
    assert "Footnote C: Nora Finch." in read(tmp_path, body, **parts, **other).text
    custom = paragraph("See", run('<w:footnoteReference w:id="1" w:customMarkFollows="1"/><w:t>*</w:t>'))
    assert read(tmp_path, custom, **parts).text == "See*\n\nFootnote: 48,000 pounds."


def test_comments_follow_their_paragraph_with_their_author(tmp_path: Path) -> None:
    comments = (
        f'<w:comment w:id="3" w:author="Ana">{paragraph("Ask Jonas.")}{paragraph("Soon.")}</w:comment>'
        f'<w:comment w:id="4">{paragraph("誰？")}</w:comment>'
    )
    marked = '<w:commentRangeStart w:id="3"/>{}<w:commentRangeEnd w:id="3"/>'.format(text("Final."))
    reference = run('<w:commentReference w:id="3"/>')
    body = f"<w:p>{marked}{reference}</w:p>"
    body += table(
        cell("Key") + cell("Value"), cell("Rent") + cell(paragraph("900", run('<w:commentReference w:id="4"/>')))
    )
    assert read(tmp_path, body, comments=comments).text == (
        "Final.\n\nComment (Ana): Ask Jonas. Soon.\n\n| Key | Value |\n| --- | --- |\n| Rent | 900 |\n\nComment: 誰？"
    )


def test_headers_and_footers_come_first_without_page_numbers(tmp_path: Path) -> None:
    field = (
        run('<w:fldChar w:fldCharType="begin"/>') + run("<w:instrText> PAGE </w:instrText>")
        + run('<w:fldChar w:fldCharType="separate"/>') + text("3") + run('<w:fldChar w:fldCharType="end"/>')
    )  # fmt: skip
    header = paragraph("Reference HR-2291", run("<w:tab/>"), "Page ", field)
    section = '<w:sectPr><w:headerReference w:type="{}" r:id="header"/><w:footerReference r:id="footer"/>{}</w:sectPr>'
    parts = {"header": header, "footer": paragraph(field)}
    body = paragraph("Start", properties='<w:pStyle w:val="H1"/>')
    document = read(tmp_path, body + section.format("default", ""), **parts)
    assert document.text == "Header: Reference HR-2291\n\n# Start"
    assert document.headings[0].start == document.text.index("# Start")
    assert read(tmp_path, body + section.format("first", ""), **parts).text == "# Start"
    assert "HR-2291" in read(tmp_path, body + section.format("first", "<w:titlePg/>"), **parts).text
    assert read(tmp_path, body + section.format("even", ""), **parts).text == "# Start"


def test_tracked_changes_are_read_as_accepted(tmp_path: Path) -> None:
    body = paragraph("Rent ", "<w:del><w:r><w:delText>900</w:delText></w:r></w:del>", f"<w:ins>{text('1150')}</w:ins>")
    body += paragraph(f"<w:moveFrom>{text('The cellar is shared.')}</w:moveFrom>")
    body += paragraph(f"<w:moveTo>{text('The cellar is shared.')}</w:moveTo>")
    body += paragraph("One", properties="<w:rPr><w:del/></w:rPr>") + paragraph(" line.")
    gone = "<w:tr><w:trPr><w:del/></w:trPr>{}</w:tr>".format(cell("x") + cell("9"))
    body += table(cell("Key") + cell("Value"), cell("a") + cell("1")).replace("</w:tbl>", f"{gone}</w:tbl>")
    assert read(tmp_path, body).text == (
        "Rent 1150\n\nThe cellar is shared.\n\nOne line.\n\n| Key | Value |\n| --- | --- |\n| a | 1 |"
    )


@pytest.mark.parametrize(
    "hidden",
    [
        text("Secret.", "<w:vanish/>"),
        text("Secret.", '<w:rStyle w:val="Secret"/>'),
        text("Secret.", '<w:sz w:val="2"/>'),
        text("Secret.", '<w:color w:val="FFFFFF"/>'),
    ],
)
def test_hidden_text_is_left_out_and_reported(tmp_path: Path, hidden: str) -> None:
    shown, failed = read_both(tmp_path, paragraph("Seen. ", hidden))
    assert shown == "Seen."
    assert [(item.path, item.error) for item in failed] == [
        ("a.docx#hidden text", "Hidden text in 1 paragraph or row was left out.")
    ]


@pytest.mark.parametrize(
    "seen",
    [
        text("Seen.", '<w:vanish w:val="0"/>'),
        text("Seen.", "<w:webHidden/>"),
        text("Seen.", '<w:color w:val="FFFFFF"/><w:shd w:fill="000000"/>'),
        text("Seen.", '<w:color w:val="FFFFFF"/><w:highlight w:val="black"/>'),
        text("Seen.", '<w:sz w:val="12"/>'),
    ],
)
def test_text_that_only_looks_like_hidden_text_is_read(tmp_path: Path, seen: str) -> None:
    assert read(tmp_path, paragraph(seen)).text == "Seen."
    white = text("Name", '<w:color w:val="FFFFFF"/>')
    head = cell(paragraph(white), '<w:shd w:fill="003366"/>') + cell("Age", '<w:shd w:fill="003366"/>')
    assert read(tmp_path, table(head, cell("Ada") + cell("36"))).text.startswith("| Name | Age |")


def numbering(*levels: tuple[str, str], more: str = "") -> str:
    made = "".join(
        f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{pattern}"/></w:lvl>'
        for n, (form, pattern) in enumerate(levels)
    )
    lists = "".join(
        f'<w:num w:numId="{n}"><w:abstractNumId w:val="0"/>{more if n == 2 else ""}</w:num>' for n in (1, 2)
    )
    return f'<w:abstractNum w:abstractNumId="0">{made}</w:abstractNum>{lists}'


def items(*places: tuple[int, int], styled: str = "") -> str:
    return "".join(paragraph("x", properties=styled + _NUMBERED.format(level, key)) for level, key in places)


@pytest.mark.parametrize(
    ("levels", "places", "labels"),
    [
        ((("decimal", "%1."), ("decimal", "%1.%2")), ((0, 1), (1, 1), (1, 1), (0, 1), (1, 1)), "1. 1.1 1.2 2. 2.1"),
        ((("upperRoman", "%1)"), ("lowerLetter", "(%2)")), ((0, 1), (1, 1), (1, 1)), "I) (a) (b)"),
        ((("decimal", "第%1条"), ("decimalFullWidth", "%2")), ((0, 1), (1, 1), (0, 1)), "第1条 １ 第2条"),
        ((("japaneseCounting", "第%1条"), ("aiueoFullWidth", "%2.")), ((0, 1), (1, 1), (1, 1)), "第一条 ア. イ."),
        ((("decimal", "%1."), ("bullet", "o")), ((0, 1), (0, 2), (0, 1)), "1. 2. 3."),
    ],
)
def test_the_numbers_of_clauses_are_counted(
    tmp_path: Path, levels: tuple[tuple[str, str], ...], places: tuple[tuple[int, int], ...], labels: str
) -> None:
    document = read(tmp_path, items(*places), numbering=numbering(*levels))
    assert document.text == "\n\n".join(f"{label} x" for label in labels.split())


def test_a_list_may_begin_anew_and_bullets_stand_line_below_line(tmp_path: Path) -> None:
    again = numbering(("decimal", "%1."), more='<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>')
    assert read(tmp_path, items((0, 1), (0, 1), (0, 2)), numbering=again).text == "1. x\n\n2. x\n\n1. x"
    bullets = numbering(("bullet", "\uf0b7"), ("bullet", "o"))
    assert read(tmp_path, items((0, 1), (1, 1), (0, 1)), numbering=bullets).text == "- x\n  - x\n- x"


def test_headings_have_their_numbers_and_a_title_is_above_them(tmp_path: Path) -> None:
    lists = numbering(("decimal", "%1"), ("decimal", "%1.%2"))
    body = items((0, 1), styled='<w:pStyle w:val="H1"/>') + items((1, 1), styled='<w:pStyle w:val="H2"/>')
    document = read(tmp_path, body, numbering=lists)
    assert [(span.level, span.label) for span in document.headings] == [(1, "1 x"), (2, "1.1 x")]
    title = paragraph("規程", properties='<w:pStyle w:val="Name"/>')
    document = read(tmp_path, title + body, numbering=lists)
    assert [(span.level, span.label) for span in document.headings] == [(1, "規程"), (2, "1 x"), (3, "1.1 x")]
    assert document.text == "# 規程\n\n## 1 x\n\n### 1.1 x"


def test_merged_cells_are_repeated_and_two_rows_of_names_are_one(tmp_path: Path) -> None:
    wide, tall, below = '<w:gridSpan w:val="2"/>', '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    document = read(
        tmp_path,
        table(
            cell("Region", tall) + cell("2025", wide),
            cell("", below) + cell("Q1") + cell("Q2"),
            cell("North", tall) + cell("310") + cell("420"),
            cell("", below) + cell("7") + cell("8"),
        ),
    )
    assert document.text.split("\n") == [
        "| Region | 2025 Q1 | 2025 Q2 |", "| --- | --- | --- |", "| North | 310 | 420 |", "| North | 7 | 8 |"
    ]  # fmt: skip
    assert [span.label for span in document.tables] == ["Region | 2025 Q1 | 2025 Q2"]
    assert document.text[document.tables[0].start : document.tables[0].end] == document.text


def test_tables_within_tables_and_tables_that_only_place_text(tmp_path: Path) -> None:
    inner = table(cell("Name") + cell("Age"), cell("Ada") + cell("36"))
    small = table(cell("left") + cell("right 77"))
    body = table(cell("Key") + cell("Value"), cell("a") + cell(small), cell("b") + cell(paragraph("see") + inner))
    assert read(tmp_path, body).text == (
        "| Key | Value |\n| --- | --- |\n| a | left: right 77 |\n| b | see |\n\n"
        "| Name | Age |\n| --- | --- |\n| Ada | 36 |"
    )
    heading = paragraph("Section", properties='<w:pStyle w:val="H1"/>')
    document = read(tmp_path, table(cell(heading + paragraph("Text.") + inner)))
    assert document.text == "# Section\n\nText.\n\n| Name | Age |\n| --- | --- |\n| Ada | 36 |"
    assert [span.label for span in document.headings] == ["Section"]


def test_boxes_controls_fields_and_formulas_are_read_in_their_place(tmp_path: Path) -> None:
    box = "<w:txbxContent>{}</w:txbxContent>".format(paragraph("Call 5512."))
    both = (
        f"<mc:AlternateContent><mc:Choice><w:drawing>{box}</w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>{box}"
    )
    body = paragraph("See: ", run(f"{both}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent>"))
    body += f"<w:sdt><w:sdtContent>{paragraph('Lead: Mira')}</w:sdtContent></w:sdt>"
    body += paragraph('<w:fldSimple w:instr="REF due">{}</w:fldSimple>'.format(text("8 August")))
    tick = '<w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:checked/></w:checkBox></w:ffData></w:fldChar>'
    body += paragraph(run(tick), run('<w:fldChar w:fldCharType="end"/>'), " paid")
    power = "<m:sSup><m:e><m:r><m:t>mc</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>"
    share = "<m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>"
    body += paragraph("E", f"<m:oMath><m:r><m:t>=</m:t></m:r>{power}</m:oMath>", " x ", f"<m:oMath>{share}</m:oMath>")
    assert read(tmp_path, body).text == "See:\n\nCall 5512.\n\nLead: Mira\n\n8 August\n\n☒ paid\n\nE=mc² x (a+b)/2"


def test_a_large_first_letter_belongs_to_its_word(tmp_path: Path) -> None:
    body = paragraph("T", properties='<w:framePr w:dropCap="drop"/>') + paragraph("he mill was built in 1911.")
    assert read(tmp_path, body).text == "The mill was built in 1911."


def test_an_older_reading_over_kanji_shows_the_kanji(tmp_path: Path) -> None:
    code = r"EQ \* jc2 \* hps10 \o\ad(\s\up 9(とうきょう),東京)"
    field = run('<w:fldChar w:fldCharType="begin"/>') + run(f"<w:instrText>{code}</w:instrText>")
    assert read(tmp_path, paragraph(field, run('<w:fldChar w:fldCharType="end"/>'), "は首都。")).text == "東京は首都。"


def test_hostile_documents_are_refused(tmp_path: Path) -> None:
    bomb = zipped({"word/document.xml": '<!DOCTYPE w [<!ENTITY a "ha">]><w:document>&a;</w:document>'})
    for made, reason in ((bomb, "entities"), (word("<w:sdt>" * 300 + "</w:sdt>" * 300), "nested too deeply")):
        with pytest.raises(ReadError, match=reason):
            read_all(tmp_path, "a.docx", made)
    wide = table(cell("y" * 1000, '<w:gridSpan w:val="999999999"/>'), cell("a") + cell("b"))
    assert len(read(tmp_path, wide).text) < 100_000
    with pytest.raises(ReadError, match="more than 1,000 characters"):
        read_all(tmp_path, "a.docx", word(paragraph("y" * 1001)), ReadingSettings(max_characters=1000))
