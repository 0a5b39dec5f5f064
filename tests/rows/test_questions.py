"""Questions over sheets, asked of real libraries: the sets beside this file, with their exact answers."""

from __future__ import annotations

import math

import pytest

from bunko.library import Library
from bunko.types import Answer, RowsQuery
from tests.rows.sets import SETS, Asked, questions, write_sheets
from tests.support import make_library

pytest.importorskip("duckdb")
_TEXT = "The mill of Varn was built by Ada Lind in 1911. It sold flour to the North and employed nine people."


@pytest.fixture(scope="module", params=SETS)
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Library, list[Asked]]:
    folder = write_sheets(request.param, tmp_path_factory.mktemp(request.param))
    (folder / "mill.txt").write_text(_TEXT)
    library = make_library(folder)
    library.sync()
    return library, questions(request.param)


def test_the_answers_are_exact(asked: tuple[Library, list[Asked]]) -> None:
    library, every = asked
    wrong = []
    for one in every:
        answer = library.ask(one.text)
        if not (is_right(answer, one) or (one.needs_model and not answer.query)):
            wrong.append((one.text, one.values, answer.query and (answer.query.sql, answer.query.result)))
    assert not wrong
    assert sum(one.needs_model for one in every) * 2 < len(every)


def test_the_quotes_are_rows_of_the_sheets(asked: tuple[Library, list[Asked]]) -> None:
    library, every = asked
    for one in every:
        answer = library.ask(one.text)
        if answer.query:
            assert answer.evidence and answer.query.matched <= answer.query.rows
            assert {item.path for item in answer.evidence} <= set(answer.query.paths)
        for item in answer.evidence:
            document = library.document(item.path)
            assert document and document.text[item.start : item.end] == item.quote


def is_right(answer: Answer, asked: Asked) -> bool:
    """Whether the result has these values, and no row without one of them."""
    query = answer.query
    if query is None:
        return False
    cells = [cell for row in query.result for cell in row]
    return all(any(_same(value, cell) for cell in cells) for value in asked.values) and _has_no_more(query, asked)


def _has_no_more(query: RowsQuery, asked: Asked) -> bool:
    return all(any(_same(value, cell) for cell in row for value in asked.values) for row in query.result)


def _same(value: str, cell: str) -> bool:
    try:
        return math.isclose(float(value), float(cell), abs_tol=0.006)
    except ValueError:
        return value == cell
