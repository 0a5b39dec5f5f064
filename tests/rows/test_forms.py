"""The forms of questions over rows, each with the SQL that it becomes, and what is no such question."""

from __future__ import annotations

import pytest

from bunko.rows.finding import Asked
from bunko.rows.forms import read_form
from bunko.rows.linking import Vocabulary, link
from bunko.rows.query import AskBack, Query
from bunko.rows.sheets import Row, Sheet
from bunko.rows.sql import select_of
from bunko.rows.table import table_of

_ORDERS = (
    ("order id", "date", "customer", "city", "quantity", "list price", "total price", "paid"),
    ("1", "2024-01-05", "Ada Lind", "Hest", "2", "$45.00", "$90.00", "yes"),
    ("2", "2024-02-17", "Bob Hay", "Varn", "1", "$1,240.00", "$1,240.00", "no"),
    ("3", "2025-02-02", "Ada Lind", "Varn", "6", "$89.50", "$537.00", "yes"),
)
_STOCK = (
    ("品名", "分類", "在庫数", "単価", "入荷日"),
    ("鉛筆", "文具", "120", "80円", "2024年3月5日"),
    ("机", "家具", "2", "34,500円", "2024年2月28日"),
    ("定規", "文具", "30", "250円", "2024年4月2日"),
)


def vocabulary(lines: tuple[tuple[str, ...], ...], name: str) -> Vocabulary:
    rows = tuple(Row(path=f"{name}.csv", start=0, end=1, number=n, cells=cells) for n, cells in enumerate(lines[1:], 1))
    return Vocabulary(table_of([Sheet(path=f"{name}.csv", name=name, columns=lines[0], rows=rows)]))


_ENGLISH, _JAPANESE = vocabulary(_ORDERS, "orders"), vocabulary(_STOCK, "在庫")


def form_of(question: str) -> Query | AskBack | None:
    words = _ENGLISH if question.isascii() else _JAPANESE
    return read_form(link(question, words), words)


def sql_of(question: str) -> str:
    words = _ENGLISH if question.isascii() else _JAPANESE
    form = form_of(question)
    assert isinstance(form, Query), form
    return select_of(form, words.table).sql.replace('"', "")


@pytest.mark.parametrize(
    ("question", "sql"),
    [
        ("What is the total quantity?", "SELECT sum(quantity) AS total quantity FROM orders"),
        ("total quantity for Varn", "SELECT sum(quantity) AS total quantity FROM orders WHERE city = 'Varn'"),
        ("How many orders are there?", "SELECT count(*) AS rows FROM orders"),
        ("How many orders were paid?", "SELECT count(*) AS rows FROM orders WHERE paid = 'yes'"),
        ("How many unpaid orders are there?", "SELECT count(*) AS rows FROM orders WHERE paid = 'no'"),
        ("How many orders were not paid?", "SELECT count(*) AS rows FROM orders WHERE paid = 'no'"),
        (
            "How many orders are not from Varn?",
            "SELECT count(*) AS rows FROM orders WHERE (city IS NULL OR city NOT IN ('Varn'))",
        ),
        (
            "Number of orders per city in 2024",
            "SELECT city, count(*) AS rows FROM orders WHERE date >= DATE '2024-01-01' AND date < DATE '2025-01-01' "
            "GROUP BY 1 ORDER BY 2 DESC, 1",
        ),
        (
            "average quantity by month",
            "SELECT strftime(date, '%Y-%m') AS month, avg(quantity) AS mean quantity FROM orders GROUP BY 1 ORDER BY 1",
        ),
        (
            "How many orders between 1 January 2024 and 28 February 2024?",
            "SELECT count(*) AS rows FROM orders WHERE date >= DATE '2024-01-01' AND date < DATE '2024-02-29'",
        ),
        ("How many different customers ordered?", ""),
        (
            "Which customers have a list price of at least $89.50?",
            "SELECT customer FROM orders WHERE list price >= 89.50 ORDER BY __row",
        ),
        ("在庫数の合計は？", "SELECT sum(在庫数) AS total 在庫数 FROM 在庫"),
        ("文具は何件ですか。在庫", ""),
        (
            "分類ごとの在庫数の平均を教えてください。",
            "SELECT 分類, avg(在庫数) AS mean 在庫数 FROM 在庫 GROUP BY 1 ORDER BY 2 DESC, 1",
        ),
        ("単価が1万円以上の品名は？", ""),
        ("単価が1万円以上の品名はどれですか。", "SELECT 品名 FROM 在庫 WHERE 単価 >= 10000 ORDER BY __row"),
        (
            "3月5日以降に入荷した品名を一覧にして。",
            "SELECT 品名 FROM 在庫 WHERE 入荷日 >= DATE '2024-03-05' ORDER BY __row",
        ),
        ("令和6年3月に入荷した品名はどれ？", ""),
    ],
)
def test_a_form_becomes_sql(question: str, sql: str) -> None:
    form = form_of(question)
    if sql:
        assert sql_of(question) == sql
    elif isinstance(form, Query):
        assert sql_of(question).startswith("SELECT ")


@pytest.mark.parametrize(
    "question",
    [
        "Who is Ada Lind?",
        "Who is the mayor of Varn?",
        "How many people live in Varn?",
        "What is the total length of the bridge?",
        "What does the customer think about the price?",
        "When was the first order placed by the king?",
        "Why is the total price so high?",
        "What is the list price?",
        "Describe the orders.",
        "Which orders were not delivered on time?",
        "Is the quantity above the average?",
        "How many orders did the Normans sign?",
        "鉛筆とは何ですか。",
        "机の歴史を教えてください。",
        "在庫を減らす方法は何ですか。",
        "文具の合計が多い理由は何ですか。",
        "単価はどのように決まりますか。",
        "日本で最も高い山は何ですか。",
    ],
)
def test_other_questions_are_left_to_the_search(question: str) -> None:
    assert not isinstance(form_of(question), Query)


@pytest.mark.parametrize(
    ("question", "columns"),
    [
        ("What is the average price?", ("list price", "total price")),
        ("How many orders are over $500?", ("list price", "total price")),
    ],
)
def test_words_that_may_be_several_columns_are_asked_back(question: str, columns: tuple[str, ...]) -> None:
    form = form_of(question)
    assert isinstance(form, AskBack) and form.columns == columns


def test_a_column_that_is_unknown_is_seen_beside_what_is_computed() -> None:
    def lacks(question: str) -> bool:
        return Asked(vocabulary=_ENGLISH, links=tuple(link(question, _ENGLISH)), form=None).lacks_measure

    assert lacks("What is the total weight for Varn?")
    assert not lacks("What is the total quantity sold for Varn?")
