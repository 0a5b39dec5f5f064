"""What a question names and no passage has is found, in both languages; slips and other notations are forgiven."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.answering.missing import Missing, missing
from bunko.language.numerals import fold_width
from bunko.question.question import parse_question
from bunko.types import Chunk, Evidence, Hit

MILL = (
    "The mill by the river was built on 3 May 1911 by Ada Lind of Norway, who paid 12,500 crowns. In the 20th century "
    "60 per cent of the flour of Bergen came from it. Zelenskyy spoke there."
)
CASTLE = "江戸城は1457年に太田道灌が築いた城で、ポルトガルの商人が2,500両を払った。"


def passage(text: str, language: str) -> tuple[list[Hit], list[Evidence]]:
    chunk = Chunk(path="a.txt", start=0, end=len(text), text=text, language=language, key=text)
    return [Hit(chunk=chunk, score=1.0)], [Evidence(path="a.txt", start=0, end=len(text), quote=text, score=1.0)]


@pytest.mark.parametrize(
    ("question", "numbers", "names"),
    [
        ("What did Ada Lind build in 1951?", ("1951",), ()),
        ("What did Bob Hay build in 1911?", (), ("Bob Hay",)),
        ("Who paid 25,000 crowns?", ("25,000",), ()),
        ("Who said that it was 75% of the flour?", ("75%",), ()),
        ("What came from Hamburg?", (), ("Hamburg",)),
        ("Who paid 12500 crowns?", (), ()),
        ("Who said that it was 60% of the flour in the twentieth century?", (), ()),
        ("Who built it in May 1911?", (), ()),
        ("What did Zelensky say?", (), ()),
        ("Which Norwegian built it?", (), ()),
        ("Who was Ada Lynd?", (), ()),
        ("Name 3 reasons why it was built.", (), ()),
        ("Tell of it in 150 words.", (), ()),
        ("Was Bob Hay there in 1951?", (), ()),
        ("Who built it, Ada Lind or Bob Hay, and was it in 1911 or 1912?", (), ()),
        ("What Was The Price Of The Building?", (), ()),
        ("Until when did it stand?", (), ()),
        ("What is its GDP?", (), ()),
    ],
)
def test_in_english(question: str, numbers: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert missing(parse_question(question), *passage(MILL, "en")) == Missing(numbers=numbers, names=names)


@pytest.mark.parametrize(
    ("question", "numbers", "names"),
    [
        ("1603年に城を築いたのは誰ですか", ("1603年",), ()),
        ("オランダの商人はいくら払いましたか", (), ("オランダ",)),
        ("2500両を払ったのは誰ですか", (), ()),
        ("千四百五十七年に築かれた城は何ですか", (), ()),
        ("ポルトガルの商人は何をしましたか", (), ()),
        ("城主の名称は何ですか", (), ()),
        ("100字以内で説明してください", (), ()),
    ],
)
def test_in_japanese(question: str, numbers: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert missing(parse_question(question), *passage(CASTLE, "ja")) == Missing(numbers=numbers, names=names)


def test_names_are_not_looked_for_in_another_language_but_numbers_are() -> None:
    assert missing(parse_question("ノルウェーのリンドは1951年に何を建てましたか"), *passage(MILL, "en")) == Missing(
        numbers=("1951年",)
    )


def test_nothing_is_missing_where_nothing_was_found() -> None:
    assert missing(parse_question("What did Bob Hay build in 1951?"), [], []) == Missing()


@given(
    st.integers(21, 9999),
    st.sampled_from(["Who was there in {}?", "Which {} soldiers came?", "{}年に何がありましたか"]),
)
def test_a_number_is_missing_just_where_it_does_not_stand(number: int, form: str) -> None:
    language = "ja" if "年" in form else "en"
    other = "9" + str(number)
    assert missing(parse_question(form.format(number)), *passage(f"It was {number:,}.", language)).numbers == ()
    assert len(missing(parse_question(form.format(number)), *passage(f"It was {other}.", language)).numbers) == 1


@given(st.text(max_size=60))
def test_a_passage_lacks_nothing_of_itself(text: str) -> None:
    for language in ("en", "ja"):
        found = missing(parse_question(text), *passage(text, language))
        assert found == Missing()


@given(st.text(max_size=60))
def test_what_is_missing_stands_in_the_question(question: str) -> None:
    found = missing(parse_question(question), *passage(MILL, "en"))
    assert all(item in fold_width(question) for item in (*found.numbers, *found.names))
