"""A citation of a table's row names the row and the column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.grounding.table_cells import asked_cell, cell_of, with_cells
from bunko.reading.text.pipe_table import pipe_table
from bunko.types import Citation, Evidence, MarkedSpan, TableCell

ROW = "| Moen | Tor Lie | 1972 | 85 |"
HEADING = "Harbours > Port | Harbour master | Opened | Berths"


def quote(text: str = ROW, heading: str = HEADING, span: MarkedSpan | None = None) -> Evidence:
    return Evidence(path="a.pdf", start=100, end=100 + len(text), quote=text, score=1.0, heading=heading, span=span)


def cell(item: Evidence, *, sentence: str = "", question: str = "") -> TableCell | None:
    return cell_of(item, start=item.start, end=item.end, sentence=sentence or item.quote, question=question)


@pytest.mark.parametrize(
    ("sentence", "question", "column"),
    [
        ("", "Who is the harbour master of Moen?", "Harbour master"),
        ("", "When was Moen opened?", "Opened"),
        ("It has 85 of them.", "How large is it?", "Berths"),
        ("Tor Lie.", "Who runs Moen?", "Harbour master"),
        ("It has 185 of them.", "How large is it?", ""),
        ("", "What about Moen?", ""),
    ],
)
def test_the_column_is_that_of_the_answer_or_of_the_question(sentence: str, question: str, column: str) -> None:
    assert cell(quote(), sentence=sentence, question=question) == TableCell(row="Moen", column=column)


@pytest.mark.parametrize(
    ("question", "column"),
    [
        ("How wide is B?", "Width (cm)"),
        ("How heavy is sign B, and what is on it?", "Weight"),
        ("How high is B?", ""),
        ("How tall and how wide is B?", "Width (cm)"),
        ("How wide and how heavy is B?", ""),
        ("How many words wide is the text of B?", "Text"),
    ],
)
def test_a_measure_is_asked_for_by_its_adjective(question: str, column: str) -> None:
    item = quote("| B | Mind the step | 40 | 3 kg |", "Signs > Sign | Text | Width (cm) | Weight")
    assert cell(item, question=question) == TableCell(row="B", column=column)


FAIR = quote("| Spring fair | 3 May | Town hall | 12 |", "Fairs > Fair | Date | Venue | Fee")
BEANS = quote("| 秋桜 | 奄美 | 900 |", "店 > 豆 | 産地 | 値段")
SIGN = quote("| A | Mind the step | 40 |", "Signs > Sign | Text | Width")


@pytest.mark.parametrize(
    ("item", "question", "column"),
    [
        # A place, a day or a price is asked for by the word that asks, where nothing else is said of the row.
        (FAIR, "Where is the spring fair held?", "Venue"),
        (FAIR, "When does the spring fair take place?", "Date"),
        (FAIR, "How much does the spring fair cost?", "Fee"),
        (FAIR, "When is the fair Spring fair?", "Date"),
        (FAIR, "Where was the spring fair founded?", ""),
        (FAIR, "Who opens the spring fair?", ""),
        (FAIR, "Where is the fee of the spring fair paid?", ""),
        (FAIR, "Who sets the fee of the spring fair?", ""),
        (FAIR, "What is the fee of the spring fair?", "Fee"),
        (BEANS, "秋桜はどこで採れますか", "産地"),
        (BEANS, "秋桜はいくらですか", "値段"),
        (BEANS, "秋桜はどこの豆ですか", "産地"),
        (BEANS, "秋桜はどこで売れますか", ""),
        # A row whose name is an article is named by its letters.
        (SIGN, "What is the width of A?", "Width"),
        (SIGN, "How wide is A?", "Width"),
        (SIGN, "How wide is a sign?", ""),
        (SIGN, "A width?", ""),
    ],
)
def test_the_cell_that_is_asked_for_is_in_the_column_that_the_question_means(
    item: Evidence, question: str, column: str
) -> None:
    found = asked_cell(item, question)
    assert (found.column if found else "") == column


def test_japanese_columns_are_named_too() -> None:
    item = quote("| 大島 | 佐藤花子 | 120 |", "港 > 港の名前 | 責任者 | 座席の数")
    assert cell(item, question="大島の責任者は誰ですか。") == TableCell(row="大島", column="責任者")


def test_marked_words_name_their_column() -> None:
    place = 100 + ROW.index("1972")
    item = quote(span=MarkedSpan(start=place, end=place + 4, text="1972", confidence=0.9))
    assert cell(item, question="Who is the harbour master?") == TableCell(row="Moen", column="Opened")


def test_a_row_of_a_csv_file_is_one_too() -> None:
    assert cell(quote("North | 120", "region | amount"), question="What is the amount?") == TableCell(
        row="North", column="amount"
    )


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(quote("It is open | or not.", "Harbours"), id="a line that has no header above it"),
        pytest.param(quote("Moen was opened in 1972."), id="no row"),
        pytest.param(quote(f"{ROW}\n{ROW}"), id="two rows"),
        pytest.param(quote("| a | b | c | d | e |"), id="more cells than names"),
    ],
)
def test_what_is_not_one_row_names_nothing(item: Evidence) -> None:
    assert cell(item, question="When was it opened?") is None


def test_the_row_is_found_in_a_quote_of_several() -> None:
    rows = f"| Vik | Ana Berg | 1988 | 120 |\n{ROW}"
    start = 100 + rows.index(ROW)
    citation = Citation(n=1, path="a.pdf", start=start, end=start + len(ROW), quote=ROW, sentence="Tor Lie.")
    (found,) = with_cells([citation], [quote(rows)], question="Who runs it?")
    assert found.cell == TableCell(row="Moen", column="Harbour master")


_TEXT = st.text(st.sampled_from("ab |\\1京"), min_size=1, max_size=6).filter(lambda text: text.strip(" \\|"))


@given(cells=st.lists(_TEXT, min_size=2, max_size=5), data=st.data())
def test_marked_words_are_in_the_column_that_holds_them(cells: list[str], data: st.DataObject) -> None:
    """Each cell of a written row is found again, whatever bars and backslashes it has."""
    cells = [cell.replace("\\", "") or "x" for cell in cells]
    names = [f"name {n}" for n in range(len(cells))]
    row = pipe_table([names, cells]).split("\n")[2]
    n = data.draw(st.integers(0, len(cells) - 1))
    before = sum(len(" ".join(cell.split()).replace("|", "\\|")) + 3 for cell in cells[:n]) + 2
    word = " ".join(cells[n].split()).replace("|", "\\|")
    assert row[before : before + len(word)] == word
    span = MarkedSpan(start=100 + before, end=100 + before + len(word), text=word, confidence=1.0)
    found = cell(quote(row, " | ".join(names), span), question="")
    assert found is not None
    assert found.column == names[n]
