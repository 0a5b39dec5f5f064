"""Tables in PDFs: their rows under their header, with rules and without, merged cells, over pages; text in columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bunko.reading.pdf.frames import Grid, grids_of
from bunko.reading.pdf.rulings import Rule, Rulings, joined_rules
from bunko.reading.read import read_documents
from bunko.settings import ReadingSettings
from bunko.types import Document
from tests.reading.pdfs import Text, lines, pdf

PROSE = [
    "The ferry company runs three boats between the islands, and has",
    "done so since the old bridge was closed. In summer, a fourth one",
    "is hired from the neighbours, who need it only in the autumn.",
]


def read(folder: Path, *pages: Sequence[Text | str], turned: int = 0) -> Document:
    path = folder / "a.pdf"
    path.write_bytes(pdf(*pages, turned=turned))
    found = list(read_documents(path, "a.pdf", settings=ReadingSettings(ocr="off")))
    (document,) = (item for item in found if isinstance(item, Document))
    return document


def table(document: Document, n: int = 0) -> list[str]:
    span = document.tables[n]
    return [line for line in document.text[span.start : span.end].split("\n") if line.strip()]


def cells(rows: Sequence[Sequence[str]], *, xs: Sequence[int], top: int = 700, step: int = 20) -> list[Text]:
    """Return the texts of a table, each at the left of its column; an empty one is not drawn."""
    return [
        Text(text=text, x=xs[column] + 4, y=top - step * n - 14, size=10)
        for n, row in enumerate(rows)
        for column, text in enumerate(row)
        if text
    ]


def rules(xs: Sequence[int], ys: Sequence[int]) -> list[str]:
    """Return a grid of lines."""
    across = [f"{xs[0]} {y} m {xs[-1]} {y} l S" for y in ys]
    return across + [f"{x} {ys[0]} m {x} {ys[-1]} l S" for x in xs]


PORTS = [["Port", "Boat", "Seats"], ["Vik", "Alma", "120"], ["Moen", "Berit", "85"], ["Sund", "", "40"]]
XS = [60, 200, 340, 480]
YS = [700, 680, 660, 640, 620]


def test_a_table_with_rules_is_rows_under_its_header(tmp_path: Path) -> None:
    page: list[Text | str] = [*lines(*PROSE, top=760), *rules(XS, YS), *cells(PORTS, xs=XS), *lines(*PROSE, top=560)]
    document = read(tmp_path, page)
    assert table(document) == [
        "| Port | Boat | Seats |",
        "| --- | --- | --- |",
        "| Vik | Alma | 120 |",
        "| Moen | Berit | 85 |",
        "| Sund |  | 40 |",
    ]
    assert document.tables[0].label == "Port | Boat | Seats"
    assert document.text == "\n".join([*PROSE, "", *table(document), "", *PROSE])


def test_rules_may_be_thin_boxes(tmp_path: Path) -> None:
    across = [f"{XS[0]} {y} 420 0.8 re f" for y in YS]
    down = [f"{x} {YS[-1]} 0.8 80 re f" for x in XS]
    assert table(read(tmp_path, [*across, *down, *cells(PORTS, xs=XS)]))[2] == "| Vik | Alma | 120 |"


def test_a_cell_of_two_lines_is_one(tmp_path: Path) -> None:
    page: list[Text | str] = [*rules(XS, [700, 680, 640, 620]), *cells(PORTS[:1], xs=XS)]
    page += cells([["Vik", "Alma and the", "120"], ["", "small Berit", ""], ["Sund", "none", "40"]], xs=XS, top=680)
    assert table(read(tmp_path, page))[2:] == ["| Vik | Alma and the small Berit | 120 |", "| Sund | none | 40 |"]


def test_japanese_cells_are_joined_without_a_space(tmp_path: Path) -> None:
    page: list[Text | str] = [*rules(XS, [700, 680, 640]), *cells([["港の名前", "船の名前", "座席の数"]], xs=XS)]
    page += cells([["大島", "第二あかつき丸と", "120"], ["", "はまかぜ丸", ""]], xs=XS, top=680)
    assert table(read(tmp_path, page))[2:] == ["| 大島 | 第二あかつき丸とはまかぜ丸 | 120 |"]


def test_merged_cells_are_in_each_row_and_column(tmp_path: Path) -> None:
    drawn = ["60 700 m 480 700 l S", "200 680 m 480 680 l S", "60 660 m 480 660 l S", "200 640 m 480 640 l S"]
    drawn += ["60 620 m 480 620 l S", "60 700 m 60 620 l S", "200 700 m 200 620 l S", "480 700 m 480 620 l S"]
    drawn += ["340 680 m 340 620 l S"]
    rows = [["", "2025", ""], ["Port", "Q1", "Q2"], ["Vik", "12", "30"], ["", "14", "31"]]
    assert table(read(tmp_path, [*drawn, *cells(rows, xs=XS)])) == [
        "| Port | 2025 Q1 | 2025 Q2 |",
        "| --- | --- | --- |",
        "| Vik | 12 | 30 |",
        "| Vik | 14 | 31 |",
    ]


def test_a_table_between_three_rules_has_its_columns(tmp_path: Path) -> None:
    drawn = ["60 700 m 480 700 l S", "60 680 m 480 680 l S", "60 620 m 480 620 l S"]
    rows = [["Port", "Harbour master", "Boat"], ["Vik", "Ana Berg", "Alma"], ["Moen", "Tor Lie", "Berit"]]
    assert table(read(tmp_path, [*drawn, *cells(rows, xs=XS)])) == [
        "| Port | Harbour master | Boat |",
        "| --- | --- | --- |",
        "| Vik | Ana Berg | Alma |",
        "| Moen | Tor Lie | Berit |",
    ]


def test_a_table_without_rules_has_its_columns(tmp_path: Path) -> None:
    page: list[Text | str] = [*lines(*PROSE, top=780), *cells(PORTS, xs=XS), *lines(*PROSE, top=560)]
    document = read(tmp_path, page)
    assert table(document) == [
        "| Port | Boat | Seats |",
        "| --- | --- | --- |",
        "| Vik | Alma | 120 |",
        "| Moen | Berit | 85 |",
        "| Sund |  | 40 |",
    ]
    assert document.text.startswith("\n".join(PROSE))
    assert document.text.endswith("\n".join(PROSE))


def test_a_header_over_two_columns_names_both(tmp_path: Path) -> None:
    xs = [60, 200, 260, 340, 400]
    rows = [["Port", "Q1", "Q2", "Q1", "Q2"], ["Vik", "12", "30", "14", "31"], ["Moen", "7", "9", "8", "11"]]
    over = [Text(text="2024", x=222, y=706, size=10), Text(text="2025", x=362, y=706, size=10)]
    assert table(read(tmp_path, [*over, *cells(rows, xs=xs)]))[0] == "| Port | 2024 Q1 | 2024 Q2 | 2025 Q1 | 2025 Q2 |"


@pytest.mark.parametrize("repeats", [True, False])
def test_a_table_goes_on_on_the_next_page(tmp_path: Path, repeats: bool) -> None:
    first: list[Text | str] = [*lines(*PROSE, top=760), *rules(XS, YS), *cells(PORTS, xs=XS)]
    more = [["Lund", "Cilla", "200"], ["Hamn", "Dora", "15"]]
    rest = [PORTS[0], *more] if repeats else more
    ys = [760, 740, 720, 700][: len(rest) + 1]
    second: list[Text | str] = [*rules(XS, ys), *cells(rest, xs=XS, top=760), *lines(*PROSE, top=500)]
    document = read(tmp_path, first, second)
    assert [span.label for span in document.tables] == ["Port | Boat | Seats"] * 2
    assert table(document, 1) == ["| Lund | Cilla | 200 |", "| Hamn | Dora | 15 |"]
    page = document.pages[1]
    assert document.text[page.start : page.end].startswith("| Lund |")


def test_another_table_on_the_next_page_has_its_own_header(tmp_path: Path) -> None:
    second: list[Text | str] = [
        *lines("Prices", top=780),
        *rules(XS, YS),
        *cells([["Trip", "Child", "Adult"], *PORTS[1:]], xs=XS),
    ]
    document = read(tmp_path, [*rules(XS, YS), *cells(PORTS, xs=XS)], second)
    assert [span.label for span in document.tables] == ["Port | Boat | Seats", "Trip | Child | Adult"]


def test_a_table_on_a_turned_page_is_read_as_it_is_shown(tmp_path: Path) -> None:
    upright: list[Text | str] = [*rules(XS, YS), *cells(PORTS, xs=XS)]
    assert table(read(tmp_path, upright, turned=90))[2] == "| Vik | Alma | 120 |"
    sideways: list[Text | str] = ["q 0 1 -1 0 700 0 cm", *upright, "Q"]
    assert table(read(tmp_path, sideways, turned=90))[2] == "| Vik | Alma | 120 |"


def test_a_title_stands_above_its_table_even_if_the_tables_are_drawn_last(tmp_path: Path) -> None:
    title = Text(text="Table 1: Boats", x=60, y=720, size=10)
    page: list[Text | str] = [title, *lines(*PROSE, top=560), *rules(XS, YS), *cells(PORTS, xs=XS)]
    text = read(tmp_path, page).text
    assert text.startswith("Table 1: Boats\n\n| Port | Boat | Seats |")
    assert text.endswith("\n".join(PROSE))


@pytest.mark.parametrize(
    "page",
    [
        pytest.param([*lines(*PROSE), *lines(*PROSE, x=340)], id="two columns of text"),
        pytest.param([*rules([40, 560], [720, 600]), *lines(*PROSE)], id="a frame around text"),
        pytest.param([*rules([40, 560], [716, 700, 684, 660]), *lines(*PROSE)], id="lines to write on"),
        pytest.param(
            [Text(text=f"{n}.", x=40, y=700 - 16 * n) for n in range(1, 6)]
            + lines("First", "Second", "Third", "Fourth", "Fifth", x=80, top=684),
            id="a numbered list",
        ),
        pytest.param(
            lines("Introduction", "Boats", "Harbours", "Prices", "Index", top=700)
            + lines("1", "4", "9", "12", "30", x=400, top=700),
            id="a table of contents",
        ),
        pytest.param(rules(list(range(60, 480, 20)), list(range(700, 500, -20))) + lines("0", "10"), id="a chart"),
    ],
)
def test_what_is_no_table_is_none(tmp_path: Path, page: Sequence[Text | str]) -> None:
    assert read(tmp_path, page).tables == ()


LEFT = [
    "The mill was built in 1820 by",
    "a family of weavers who came",
    "from the north. It had three",
    "wheels and a tall chimney that",
    "fell in a storm.",
]
RIGHT = [
    "Later the mill was sold to a",
    "baker, and the wheels turned",
    "millstones for eighty years.",
    "Today it is a museum, open on",
    "Sundays from May to October.",
]


def test_columns_of_text_are_read_one_after_the_other_even_if_they_are_drawn_line_by_line(tmp_path: Path) -> None:
    drawn = [
        text
        for n, pair in enumerate(zip(LEFT, RIGHT, strict=True))
        for text in (
            Text(text=pair[0], x=50, y=700 - 14 * n, size=10),
            Text(text=pair[1], x=320, y=700 - 14 * n, size=10),
        )
    ]
    title, foot = Text(text="The old mill of the islands", x=50, y=740, size=14), Text(text="May", x=50, y=60, size=10)
    document = read(tmp_path, [title, *drawn, foot])
    assert document.text == "\n".join([title.text, *LEFT, *RIGHT, foot.text])
    assert document.tables == ()


def test_mixed_columns_of_japanese_flow_on_within_their_column(tmp_path: Path) -> None:
    left = [
        "この水車小屋は古い時代に建て",
        "られたもので、三つの大きな水",
        "車と高い煙突があった。だがそ",
        "れは嵐の夜に倒れてしまったと",
        "いう。",
    ]
    right = [
        "のちに水車小屋はパン屋に売ら",
        "れ、水車は八十年のあいだ石臼",
        "を回していた。いまは博物館に",
        "なっていて、五月から十月まで",
        "開いている。",
    ]
    drawn = [
        Text(text=text, x=x, y=700 - 16 * n, size=12)
        for n, pair in enumerate(zip(left, right, strict=True))
        for text, x in zip(pair, (50, 320), strict=True)
    ]
    assert read(tmp_path, drawn).text == "".join(left) + "\n" + "".join(right)


# --- grids ---------------------------------------------------------------------------------------------------------


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_cells_of_a_grid_are_those_that_were_drawn(data: st.DataObject) -> None:
    """Cells are merged at random; each is drawn as a box. The grid has the same cells, and no others."""
    rows, columns = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    owner = [[(row, column) for column in range(columns)] for row in range(rows)]
    for _ in range(data.draw(st.integers(0, 3))):
        top, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
        bottom, right = data.draw(st.integers(top, rows - 1)), data.draw(st.integers(left, columns - 1))
        inside = [(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]
        if all(owner[row][column] == (row, column) for row, column in inside):
            for row, column in inside:
                owner[row][column] = (top, left)
    across: list[Rule] = []
    down: list[Rule] = []
    for row in range(rows):
        for column in range(columns):
            x, y = 50.0 + 40 * column, 700.0 - 30 * row
            if row == 0 or owner[row - 1][column] != owner[row][column]:
                across.append(Rule(y, x, x + 40))
            if column == 0 or owner[row][column - 1] != owner[row][column]:
                down.append(Rule(x, y - 30, y))
        down.append(Rule(50.0 + 40 * columns, 700.0 - 30 * row - 30, 700.0 - 30 * row))
    across += [Rule(700.0 - 30 * rows, 50.0 + 40 * column, 90.0 + 40 * column) for column in range(columns)]
    found = grids_of(Rulings(horizontal=joined_rules(across), vertical=joined_rules(down)))
    for row in range(rows):
        for column in range(columns):
            for other_row in range(rows):
                for other in range(columns):
                    here, there = (_at(found, at) for at in ((row, column), (other_row, other)))
                    assert (here == there) == (owner[row][column] == owner[other_row][other])


def _at(grids: Sequence[Grid], place: tuple[int, int]) -> tuple[int, int]:
    x, y = 70.0 + 40 * place[1], 685.0 - 30 * place[0]
    for n, grid in enumerate(grids):
        if (found := grid.place(x, y)) is not None:
            return n, grid.owners[found[0]][found[1]]
    raise AssertionError(place)
