"""The cell of a table whose row and column a question names is the answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bunko.answering.asked_cells import cell_span
from bunko.question.question import parse_question
from bunko.types import Evidence

PORTS = "Ports > Port | Master | Opened | Berths (m) | Fuel"
MOEN = "| Moen | Tor Lie | 1972 | 140 | diesel |"
OLD_MOEN = "| Old Moen | Ada Lind | 1911 | 60 | none |"


def quotes(*rows: str, heading: str = PORTS) -> list[Evidence]:
    return [Evidence(path="a.md", start=9, end=9 + len(row), quote=row, score=1.0, heading=heading) for row in rows]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who is the master of Moen?", "Tor Lie"),
        ("When was Moen opened?", "1972"),
        ("How many metres of berths does Moen have?", "140"),
        ("Which fuel does Moen have?", "diesel"),
    ],
)
def test_the_cell_of_the_row_and_the_column_is_marked(question: str, answer: str) -> None:
    (item,) = quotes(MOEN)
    span = cell_span(parse_question(question), [item])
    assert span is not None
    assert (span.text, span.n) == (answer, 1)
    assert item.quote[span.start - 9 : span.end - 9] == answer


@pytest.mark.parametrize(
    "question",
    [
        "Who opened Moen?",  # a year is no name
        "How many masters has Moen had?",  # a name is no number
        "Who chose the master of Moen?",  # who chose is another question
        "When did the master of Moen die?",
        "Who is the harbour pilot of Moen?",  # no such column
        "Who is the master of Skarv?",  # no such row
        "Why was Moen opened?",
        "Was Moen opened in 1972?",
    ],
)
def test_another_question_about_the_row_is_left_to_the_reader(question: str) -> None:
    assert cell_span(parse_question(question), quotes(MOEN)) is None


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Where does Comté come from?", "France"),
        ("Where is Comté made?", None),  # where it comes from may be elsewhere
        ("How much does Comté cost?", "free"),
        ("How much of the Comté was eaten?", None),
    ],
)
def test_a_place_or_a_price_is_asked_for_without_its_column(question: str, answer: str | None) -> None:
    span = cell_span(parse_question(question), quotes("| Comté | France | free |", heading="Cheese | Country | Price"))
    assert (span.text if span else None) == answer


def test_of_two_rows_that_are_named_the_longer_name_is_meant() -> None:
    question = parse_question("Who is the master of Old Moen?")
    span = cell_span(question, quotes(MOEN, OLD_MOEN))
    assert span is not None
    assert (span.text, span.n) == ("Ada Lind", 2)
    assert cell_span(question, quotes(OLD_MOEN, OLD_MOEN.replace("Lind", "Roe"))) is None


def test_a_question_about_two_rows_or_two_columns_is_no_question_of_a_cell() -> None:
    skarv = "| Skarv | Ine Roe | 1950 | 80 | none |"
    assert cell_span(parse_question("Who is master of Moen and Skarv?"), quotes(MOEN, skarv)) is None
    route = "| Moen - Skarv | 35 | 8.50 |"
    fare = parse_question("What is the fare from Moen to Skarv?")
    span = cell_span(fare, quotes(route, heading="Ferries > Route | Minutes | Fare"))
    assert span is not None and span.text == "8.50"
    two = parse_question("Who is the master of Moen, and when was it opened?")
    assert cell_span(two, quotes(MOEN)) is None


def test_japanese_rows_and_marks_around_a_cell() -> None:
    (item,) = quotes("川尻,1931".replace(",", " | ") + " | 長谷川", heading="駅名 | 開業年 | 駅長")
    span = cell_span(parse_question("川尻の開業年はいつですか。"), [item])
    assert span is not None and span.text == "1931"
    (item,) = quotes("| `keep_days` | `14` | days |", heading="Settings > setting | default | what it does")
    span = cell_span(parse_question("What is the default of keep_days?"), [item])
    assert span is not None and span.text == "14"


def test_a_quote_that_is_no_row_has_no_cell() -> None:
    question = parse_question("Who is the master of Moen?")
    assert cell_span(question, quotes("Tor Lie is the master of Moen.", heading="Ports")) is None
    assert cell_span(question, quotes(f"{MOEN}\n{OLD_MOEN}")) is None
    (item,) = quotes(MOEN)
    assert cell_span(question, [replace(item, gives_orders=True)]) is None
