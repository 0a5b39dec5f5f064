"""Workbooks: what the cells show, and what is reported as left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.errors import ReadError
from bunko.settings import ReadingSettings
from bunko.types import Document, FailedFile
from tests.reading.files import labels, read_all
from tests.reading.office.samples import relations, rows, workbook

_PLAIN = ReadingSettings(ocr="off")


def read_both(folder: Path, made: bytes, settings: ReadingSettings = _PLAIN) -> tuple[Document, list[FailedFile]]:
    documents, failed = read_all(folder, "a.xlsx", made, settings)
    return documents[0], failed


def read(folder: Path, *sheets: str, formats: tuple[str, ...] = (), more: str = "") -> Document:
    document, failed = read_both(folder, workbook(*sheets, formats=formats, more=more))
    assert not failed
    return document


def merged(*ranges: str) -> str:
    return "<mergeCells>" + "".join(f'<mergeCell ref="{one}"/>' for one in ranges) + "</mergeCells>"


@pytest.mark.parametrize(
    ("cell", "code", "shown"),
    [
        ('<c s="1"><v>0.075</v></c>', "0.0%", "7.5%"),
        ('<c s="1"><v>1.5729166666666667</v></c>', "[h]:mm", "37:45"),
        ('<c s="1"><v>1234</v></c>', "00000", "01234"),
        ('<c s="1"><v>46096</v></c>', 'yyyy"年"m"月"d"日"', "2026年3月15日"),
        ('<c t="e"><f>1/0</f><v>#DIV/0!</v></c>', "0", "#DIV/0!"),
        ('<c t="b"><v>1</v></c>', "0", "TRUE"),
        ('<c t="str" s="1"><f>"x"</f><v>12-B</v></c>', '"No. "@', "No. 12-B"),
        ('<c t="d" s="1"><v>2026-03-15T00:00:00</v></c>', "d.m.yyyy", "15.3.2026"),
        ('<c t="d"><v>2026-03-15T00:00:00</v></c>', "0", "2026-03-15"),
        ("<c><v>0.30000000000000004</v></c>", "0", "0.3"),
        ("<c><v>123456789012345</v></c>", "0", "123456789012345"),
        ('<c t="inlineStr"><is><r><t>東京</t></r><rPh><t>トウキョウ</t></rPh><r><t>都</t></r></is></c>', "0", "東京都"),
        ('<c t="inlineStr"><is><t>a_x0009_b_x005F_x0041_</t></is></c>', "0", "a b_x0041_"),
        ('<c t="inlineStr"><is><t>a|b</t></is></c>', "0", "a\\|b"),
    ],
)
def test_a_cell_is_read_as_it_is_shown(tmp_path: Path, cell: str, code: str, shown: str) -> None:
    document = read(tmp_path, rows(("Item", "Value"), ("x", cell)), formats=(code,))
    assert document.text == f"# A\n\n| Item | Value |\n| --- | --- |\n| x | {shown} |"


def test_formats_without_a_code_in_the_file_are_known(tmp_path: Path) -> None:
    styles = "".join(f'<xf numFmtId="{key}"/>' for key in (0, 9, 14, 46, 31))
    part = f'<styleSheet xmlns="urn:x"><cellXfs>{styles}</cellXfs></styleSheet>'
    line = tuple(f'<c s="{n}"><v>{value}</v></c>' for n, value in ((1, 0.5), (2, 46096), (3, 1.5), (4, 46096)))
    made = workbook(rows(("a", "b", "c", "d"), line), parts={"xl/styles.xml": part})
    assert "| 50% | 2026-03-15 | 36:00:00 | 2026年3月15日 |" in read_both(tmp_path, made)[0].text


def test_titles_stand_above_the_header_as_headings(tmp_path: Path) -> None:
    close = rows(("Staff roster 2026",), ("Name", "Extension", "Floor"), ("Ana", "4471", "3"), ("Tom", "4480", "5"))
    apart = rows(("PROGRESS",), (), ("Task", "", "Owner"), ("Design", "", "Ana"))
    wide = rows(("売上表", "", ""), ("Date:", "3 May"), ("品", "数", "円"), ("傘", "2", "900"), after=merged("A1:C1"))
    document = read(tmp_path, close, apart, wide)
    assert labels(document) == [
        (1, "A"), (2, "Staff roster 2026"), (1, "B"), (2, "PROGRESS"), (1, "C"), (2, "売上表")
    ]  # fmt: skip
    assert [span.label for span in document.tables] == ["Name | Extension | Floor", "Task | Owner", "品 | 数 | 円"]
    assert "## 売上表\n\nDate: 3 May\n\n| 品 | 数 | 円 |" in document.text


def test_the_header_that_the_file_names_is_the_header(tmp_path: Path) -> None:
    sheet = rows(("a", "b"), ("made by", "Ana"), ("Name", "Age"), ("Ada", "36"), after='<autoFilter ref="A3:B4"/>')
    assert [span.label for span in read(tmp_path, sheet).tables] == ["Name | Age"]


def test_merged_cells_are_filled_and_two_rows_of_names_are_one(tmp_path: Path) -> None:
    sheet = rows(
        ("Hall", "2025", "", "Seats"), ("", "Q1", "Q2", ""), ("North", "1", "2", "12"), ("", "3", "4", "20"),
        after=merged("A1:A2", "B1:C1", "D1:D2", "A3:A4"),
    )  # fmt: skip
    assert read(tmp_path, sheet).text.split("\n")[2:] == [
        "| Hall | 2025 Q1 | 2025 Q2 | Seats |", "| --- | --- | --- | --- |", "| North | 1 | 2 | 12 |",
        "| North | 3 | 4 | 20 |",
    ]  # fmt: skip


def test_hidden_sheets_rows_and_columns_are_left_out_and_reported(tmp_path: Path) -> None:
    sheet = rows(
        ("Part", "Qty", "Cost"),
        ("Bolt", "400", "77"),
        ("Nut", "350", "55"),
        before='<cols><col min="3" max="3" hidden="1"/></cols>',
    ).replace('<row r="3">', '<row r="3" hidden="1">')
    made = workbook(sheet, rows(("ZX-81",)), rows(("old",)), states=("visible", "hidden", "veryHidden"))
    document, failed = read_both(tmp_path, made)
    assert document.text == "# A\n\n| Part | Qty |\n| --- | --- |\n| Bolt | 400 |"
    assert [item.path for item in failed] == [
        "a.xlsx#B: hidden sheet", "a.xlsx#C: hidden sheet", "a.xlsx#A: hidden rows and columns"
    ]  # fmt: skip
    assert failed[2].error == "Left out because the workbook hides or filters them out: row 3 and column C."


def test_hidden_rows_do_not_part_a_table_and_empty_ones_are_not_reported(tmp_path: Path) -> None:
    sheet = rows(("Part", "Qty"), ("Bolt", "400"), (), ("Nut", "350")).replace('<row r="3">', '<row r="3" hidden="1">')
    assert len(read(tmp_path, sheet).tables) == 1


def test_cells_that_show_nothing_are_left_out_and_reported(tmp_path: Path) -> None:
    hidden = '<c s="1" t="inlineStr"><is><t>orders</t></is></c>'
    document, failed = read_both(tmp_path, workbook(rows(("a", "b"), ("x", hidden)), formats=(";;;",)))
    assert "orders" not in document.text
    assert [item.path for item in failed] == ["a.xlsx#A: hidden cells"]
    white = (
        '<styleSheet xmlns="urn:x"><fonts><font/><font><color rgb="FFFFFFFF"/></font></fonts><fills><fill>'
        '<patternFill/></fill><fill><patternFill patternType="solid"/></fill></fills><cellXfs><xf/>'
        '<xf fontId="1" fillId="{}"/></cellXfs></styleSheet>'
    )
    for fill, shown in (("0", False), ("1", True)):
        made = workbook(rows(("a", "b"), ("x", hidden)), parts={"xl/styles.xml": white.format(fill)})
        document, failed = read_both(tmp_path, made)
        assert ("orders" in document.text) is shown
        assert bool(failed) is not shown


@pytest.mark.parametrize("empty", ["<c><f>SUM(B2:B2)</f><v></v></c>", "<c><f>SUM(B2:B2)</f></c>"])
def test_a_formula_without_a_value_is_reported_and_shown_as_a_formula(tmp_path: Path, empty: str) -> None:
    sheet = rows(("Item", "Cost"), ("Rope", "120"), ("Sum", empty))
    document, failed = read_both(tmp_path, workbook(sheet))
    assert document.text.endswith("| Sum | =SUM(B2:B2) |")
    assert [(item.path, item.error) for item in failed] == [
        ("a.xlsx#A: formulas", "The file does not hold the values of formulas: B3.")
    ]


def test_a_nought_that_was_never_counted_is_no_value(tmp_path: Path) -> None:
    counted = '<c t="str"><f>CONCAT("a")</f><v></v></c>'
    sheet = rows(("Item", "Cost"), ("Rope", "120"), ("Sum", "<c><f>SUM(B2:B2)</f><v>0</v></c>"), ("Text", counted))
    fresh = workbook(sheet, more='<calcPr fullCalcOnLoad="1"/>')
    assert [item.path for item in read_both(tmp_path, fresh)[1]] == ["a.xlsx#A: formulas"]
    assert "| Sum | 0 |" in read(tmp_path, sheet).text


def test_comments_name_their_cell_row_and_column(tmp_path: Path) -> None:
    old = '<comments xmlns="urn:x"><commentList>{}</commentList></comments>'
    said = '<comment ref="{}"><text><r><t>{}</t></r></text></comment>'
    threads = (
        '<ThreadedComments xmlns="urn:y"><threadedComment ref="A2" personId="p"><text>Why?</text></threadedComment>'
    )
    parts = {
        "xl/worksheets/_rels/sheet1.xml.rels": relations(
            {"c": ("comments", "../comments1.xml"), "t": ("threadedComment", "../threads.xml")}
        ),
        "xl/comments1.xml": old.format(
            said.format("B2", "Recount on 9 June") + said.format("A2", "[Threaded comment]")
        ),
        "xl/threads.xml": threads + "</ThreadedComments>",
    }
    made = workbook(rows(("Part", "Qty"), ("Bolt", "400"), ("Nut", "9")), parts=parts)
    assert read_both(tmp_path, made)[0].text.endswith(
        "| Nut | 9 |\n\nComment on A2 (Part): Why?\n\nComment on B2 (Bolt, Qty): Recount on 9 June"
    )


def test_boxes_and_charts_belong_to_their_sheet(tmp_path: Path) -> None:
    sheet = rows(("Part", "Qty"), ("Bolt", "400"), after='<drawing r:id="d"/>')
    drawing = (
        '<wsDr xmlns="urn:d" xmlns:a="urn:a" xmlns:c="urn:c" xmlns:r="urn:o/relationships"><sp><txBody><a:p><a:r><a:t>'
        'Call 5512</a:t></a:r></a:p></txBody></sp><graphicFrame><c:chart r:id="k"/></graphicFrame></wsDr>'
    )
    points = '<c:pt idx="0"><c:v>{}</c:v></c:pt>'
    chart = (
        f'<c:chartSpace xmlns:c="urn:c"><c:chart><c:ser><c:tx><c:v>Ducks</c:v></c:tx><c:cat>'
        f"{points.format('May')}</c:cat><c:val>{points.format(7)}</c:val></c:ser></c:chart></c:chartSpace>"
    )
    parts = {
        "xl/worksheets/_rels/sheet1.xml.rels": relations({"d": ("drawing", "../drawings/d.xml")}),
        "xl/drawings/d.xml": drawing,
        "xl/drawings/_rels/d.xml.rels": relations({"k": ("chart", "../charts/c.xml")}),
        "xl/charts/c.xml": chart,
    }
    text = read_both(tmp_path, workbook(sheet, rows(("x", "y")), parts=parts))[0].text
    assert "| Bolt | 400 |\n\nCall 5512\n\n|  | Ducks |\n| --- | --- |\n| May | 7 |\n\n# B" in text


def test_hostile_workbooks_cost_little_and_are_refused(tmp_path: Path) -> None:
    everywhere = rows(("a", "b"), ("c", "d"), after=merged("A1:XFD1048576"))
    assert len(read(tmp_path, everywhere).text) < 100
    many = [f"A{n}:XFD{n}" for n in range(1, 200)]
    wide = rows(*[("a",)] * 200, after=merged(*many)).replace('<c r="A200"', '<c r="XFD200"')
    with pytest.raises(ReadError, match="merged cells repeat"):
        read_all(tmp_path, "a.xlsx", workbook(wide))
    string = '<sst xmlns="urn:x"><si><t>{}</t></si></sst>'.format("y" * 10_000)
    again = rows(*[('<c t="s"><v>0</v></c>',)] * 200)
    parts = {"xl/sharedStrings.xml": string, "xl/_rels/workbook.xml.rels": relations(
        {"s1": ("worksheet", "worksheets/sheet1.xml"), "x": ("sharedStrings", "sharedStrings.xml")}
    )}  # fmt: skip
    with pytest.raises(ReadError, match="more than 1,000,000 characters"):
        read_all(tmp_path, "a.xlsx", workbook(again, parts=parts), ReadingSettings(max_characters=1_000_000))
    bomb = '<!DOCTYPE w [<!ENTITY a "ha">]><worksheet>&a;</worksheet>'
    with pytest.raises(ReadError, match="entities"):
        read_all(
            tmp_path,
            "a.xlsx",
            workbook("", parts={"xl/sharedStrings.xml": bomb} | parts | {"xl/sharedStrings.xml": bomb}),
        )
