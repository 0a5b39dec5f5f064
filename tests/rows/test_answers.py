"""Answers over rows, from real libraries: their parts, questions back, a model's proposals, and what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.installation import this_installation
from bunko.library import Library
from bunko.rows import answering
from bunko.testing import FakeGenerator
from bunko.types import Answer
from tests.conftest import Cli
from tests.support import make_library, write_files

pytest.importorskip("duckdb")
_SALES = "region,month,amount,price\nNorth,2024-01,120,5\nSouth,2024-01,80,7\nNorth,2024-02,30,n/a\nTotal,,230,\n"
_MILL = "The mill of Varn was built by Ada Lind in 1911. Its total weight is 12 tons."


def library_of(folder: Path, *, texts: bool = True, generator: FakeGenerator | None = None) -> Library:
    files: dict[str, str | bytes] = {"sales.csv": _SALES}
    if texts:
        files["mill.txt"] = _MILL
    library = make_library(write_files(folder, files), generator=generator)
    library.sync()
    return library


def test_an_answer_says_what_it_was_computed_from(tmp_path: Path) -> None:
    answer = library_of(tmp_path).ask("What is the total amount for North?")
    assert answer.text == "Total amount (region = North): 150\nFrom 2 of the 3 rows of sales.csv."
    assert [item.quote for item in answer.evidence] == ["North | 2024-01 | 120 | 5", "North | 2024-02 | 30 | n/a"]
    assert answer.evidence[0].heading == "region | month | amount | price"
    assert all(citation.verified for citation in answer.citations) and not answer.refused
    assert answer.query and answer.query.sql.startswith('SELECT sum("amount")')
    assert (answer.query.rows, answer.query.matched, answer.query.result) == (3, 2, (("150",),))
    assert answer.notes == ("Rows that add up others were left out: 1.",)
    assert answer.finish_reason == "none"


def test_an_answer_in_japanese(tmp_path: Path) -> None:
    answer = library_of(tmp_path).ask("regionごとのamountの合計を教えてください。")
    assert answer.text == "regionごとのamountの合計:\n- North: 150\n- South: 80\nsales.csvの全3行から。"


@pytest.mark.parametrize(
    ("sheet", "question", "first_line"),
    [
        ("Month,Guests\nApril,120\nMay,340\nJune,410\n", "How many guests in May?", "Total Guests (Month = May): 340"),
        ("月,来場者\n4月,120\n5月,340\n6月,410\n", "5月の来場者は何人ですか", "来場者の合計（月 = 5月）: 340"),
        ("月,来場者\n4月,120\n5月,340\n6月,410\n", "5月以降の来場者の合計は？", "来場者の合計（月 ≥ 05-01）: 750"),
    ],
)
def test_a_month_without_a_year_is_shown_without_one(
    tmp_path: Path, sheet: str, question: str, first_line: str
) -> None:
    library = make_library(write_files(tmp_path, {"guests.csv": sheet}))
    library.sync()
    assert library.ask(question).text.split("\n")[0] == first_line


def test_a_value_that_no_row_has_with_the_others(tmp_path: Path) -> None:
    answer = library_of(tmp_path).ask("What is the total amount for South in February 2024?")
    assert answer.text.startswith("None of the 3 rows of sales.csv matches: ") and "region = South" in answer.text
    assert answer.query and answer.query.matched == 0


def test_an_unknown_column_is_asked_back(tmp_path: Path) -> None:
    answer = library_of(tmp_path / "a", texts=False).ask("What is the total weight for North?")
    assert answer.refused and answer.text == (
        "sales.csv has no column “weight”. Its columns are: region, month, amount, price. Which one do you mean?"
    )
    answer = library_of(tmp_path / "b").ask("What is the average weight in sales.csv?")
    assert answer.refused and "has no column “weight”" in answer.text


def test_a_text_that_may_answer_is_searched(tmp_path: Path) -> None:
    answer = library_of(tmp_path).ask("What is the total weight of the mill?")
    assert not answer.query and answer.evidence[0].path == "mill.txt"


def test_sheets_with_the_same_columns_are_one_table(tmp_path: Path) -> None:
    write_files(tmp_path, {"2025/sales.csv": "region,month,amount,price\nNorth,2025-01,1000,9\n"})
    answer = library_of(tmp_path).ask("What is the total amount for North?")
    assert answer.query and answer.query.result == (("1150",),)
    assert answer.query.paths == ("2025/sales.csv", "sales.csv")


def test_sheets_with_other_columns_are_asked_back(tmp_path: Path) -> None:
    write_files(tmp_path, {"costs.csv": "region,amount\nNorth,7\nSouth,9\n"})
    answer = library_of(tmp_path).ask("What is the total amount for North?")
    assert answer.refused and "costs.csv, sales.csv" in answer.text
    answer = library_of(tmp_path).ask("What is the total amount for North in costs.csv?")
    assert answer.query and answer.query.result == (("7",),)


def test_currencies_are_not_added_up(tmp_path: Path) -> None:
    write_files(tmp_path, {"fees.csv": "name,fee\nA,$5\nB,€3\n"})
    answer = library_of(tmp_path).ask("What is the total fee?")
    assert answer.refused and not answer.query and "several currencies" in answer.text


_PROPOSED = 'SELECT "region", sum("amount") FROM "sales" WHERE "month" >= DATE \'2024-01-01\' GROUP BY "region"'
_ODD = "Compare what amount each region brought home since 2024 in sales.csv: which total wins?"


def propose(folder: Path, sql: str, *, parameters: int = 500_000_000) -> Answer:
    return library_of(folder, generator=FakeGenerator(sql, parameters=parameters)).ask(_ODD)


def test_a_model_proposes_a_query_where_there_is_no_form(tmp_path: Path) -> None:
    answer = propose(tmp_path, _PROPOSED)
    assert answer.query and answer.query.written_by == "model" and answer.query.sql == _PROPOSED
    assert set(answer.query.result) == {("North", "150"), ("South", "80")}
    assert "wrote the SQL" in answer.notes[0] and len(answer.evidence) == 3


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        'SELECT sum("amount") FROM "sales"',  # leaves out the year, and the region
        _PROPOSED.replace("GROUP", "AND \"region\" = 'South' GROUP"),  # not in the question
        "I don't know.",
        "",
    ],
)
def test_a_proposal_that_does_not_fit_is_not_run(tmp_path: Path, sql: str) -> None:
    assert propose(tmp_path, sql).query is None


def test_a_tiny_model_is_not_asked_for_sql(tmp_path: Path) -> None:
    assert propose(tmp_path, _PROPOSED, parameters=135_000_000).query is None


def test_without_duckdb_no_number_is_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "is_installed", lambda: False)
    answer = library_of(tmp_path).ask("What is the total amount for North?")
    assert answer.refused
    assert not answer.query
    assert this_installation().extra("tables") in answer.text


def test_the_command_prints_the_sql(tmp_path: Path, cli: Cli) -> None:
    folder = write_files(tmp_path / "f", {"sales.csv": _SALES})
    outcome = cli("ask", str(folder), "total amount by region", "--model", "none", "--no-cache")
    assert "- North: 150" in outcome.out and "SQL: SELECT" in outcome.out
    outcome = cli("ask", str(folder), "total amount by region", "--model", "none", "--no-cache", "--json")
    assert outcome.json["query"]["result"] == [["North", "150"], ["South", "80"]]


def test_parquet_is_read_as_a_table(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"station": ["A", "B"], "rain": [0.1 + 0.2, 1.5]}), tmp_path / "rain.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 nothing else")
    library = library_of(tmp_path)
    document = library.document("rain.parquet")
    assert document and document.text == "station | rain\nA | 0.3\nB | 1.5"
    assert library.records()["broken.parquet"].error.startswith("The file is no Parquet file")
    assert library.ask("What is the total rain?").text.startswith("Total rain: 1.8")
