"""Filters within a question: what they are, what is none, and that what is written is read as the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bunko.errors import ScopeError
from bunko.scope.dates import first_day, last_day
from bunko.scope.language import take_filters, write_filters
from bunko.settings import ScopeSettings
from tests.strategies import anything

_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).map(str.strip).filter(bool)
_TEXTS = st.lists(
    st.one_of(_TEXT, st.sampled_from(["contracts/**", 'a "b" c', "「案」", "a,b", "//x", "x?"])), max_size=3
)
_DATES = st.sampled_from(["", "2024", "2024-01", "2024-02-29", "令和6年3月", "31 January 2024"])
_LISTS = _TEXTS.map(lambda texts: tuple(dict.fromkeys(texts)))


@given(
    st.builds(
        ScopeSettings,
        only=_LISTS, exclude=_LISTS, since=_DATES, until=_DATES, types=_LISTS, tags=_LISTS, authors=_LISTS,
    )
)  # fmt: skip
@settings(max_examples=25)
def test_what_is_written_is_read_as_the_same(filters: ScopeSettings) -> None:
    written = write_filters(filters)
    read = take_filters(f"Who is it? {written}")
    assert read.text.strip() == "Who is it?"
    assert read.filters == filters
    assert write_filters(read.filters) == written


@given(anything)
@settings(max_examples=25)
def test_a_text_without_a_filter_stays_as_it_is(text: str) -> None:
    asked = take_filters(text)
    assert bool(asked.filters) or asked.text == text


@pytest.mark.parametrize(
    ("question", "text", "filters"),
    [
        ('Who? file:"minutes*" after:2024-01-01', "Who?", 'file:minutes* after:2024-01-01'),
        ("file:port.txt Who is the mayor?", "Who is the mayor?", "file:port.txt"),
        ("Who is the mayor in file:port.txt?", "Who is the mayor in", "file:port.txt"),
        ("予算は？　ファイル：議事録* 以降:2024年4月 種類:pdf", "予算は？", "file:議事録* after:2024年4月 type:pdf"),
        ("Who? TYPE:PDF,docx -file:drafts/ tag:work/plans from:lind", "Who?",
         "file:x -file:drafts/ type:PDF type:docx tag:work/plans author:lind".replace("file:x ", "")),
    ],
)  # fmt: skip
def test_filters_are_taken_out(question: str, text: str, filters: str) -> None:
    asked = take_filters(question)
    assert (asked.text, write_filters(asked.filters)) == (text, filters)


@pytest.mark.parametrize(
    "question",
    [
        'What does "type:error" mean?',
        "「種類:pdf」とは何ですか。",
        "What is file:///etc/passwd?",
        "What comes after:school clubs?",
        "What does the type: field hold?",
        "Is the ratio 1:2 or profile:x?",
        "the minutes -tag:x",
    ],
)
def test_other_words_are_searched_for(question: str) -> None:
    assert take_filters(question).text == question


def test_a_date_is_the_whole_of_its_month_or_year() -> None:
    assert (first_day("2024-02"), last_day("2024-02")) == ("2024-02-01", "2024-02-29")
    assert (first_day("令和6年3月"), last_day("2024年3月5日")) == ("2024-03-01", "2024-03-05")
    with pytest.raises(ScopeError, match="is no date"):
        first_day("soon")
