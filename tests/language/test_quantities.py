"""One amount is one however it is written, and two amounts never are."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.language import words as language_words
from bunko.language.numerals import CARDINALS, from_kanji, from_words
from bunko.language.quantities import quantities
from bunko.language.quantity import Quantity, agrees
from tests.strategies import anything


def one(text: str) -> Quantity:
    (found,) = [item for item in quantities(text) if not item.weak]
    return found


def same(first: str, second: str) -> bool:
    return agrees(one(first), one(second)) and agrees(one(second), one(first))


@pytest.mark.parametrize(
    "forms",
    [
        ("3 May 1932", "May 3, 1932", "May 3rd, 1932", "3rd of May, 1932", "1932-05-03", "1932/5/3", "1932年5月3日"),
        (
            "1932年5月3日",
            "昭和7年5月3日",
            "一九三二年五月三日",
            "千九百三十二年五月三日",
            "１９３２年５月３日",
            "3 May 1932",
        ),
        ("令和6年", "2024年", "2024", "二〇二四年", "Reiwa 6"),
        ("平成元年", "1989年", "Heisei 1"),
        ("May 1932", "1932年5月", "Sept"[:0] + "May of 1932"),
        ("5月3日", "May 3", "3 May", "五月三日"),
        ("44 BC", "紀元前44年", "44 BCE"),
        ("1958年", "千九百五十八年", "一九五八年", "1958"),
        ("35,000円", "3万5千円", "３万５千円", "35000 yen", "¥35,000"),
        ("120,000,000人", "1億2,000万人", "1億2千万人", "120 million people"),
        ("twelve", "12", "１２"),
        ("twelve people", "12人", "十二人"),
        ("one hundred and twelve", "112", "百十二人"),
        ("60%", "60 percent", "60 per cent", "６０％", "60パーセント", "6割", "六割"),
        ("3.5 km", "3,500 metres", "3500メートル", "3.5キロメートル", "three thousand five hundred meters"),
        ("$3.5 million", "$3,500,000", "350万ドル", "3.5 million dollars", "US$3.5m"),
        ("one third", "1/3", "3分の1", "a third"),
        ("10th century", "tenth century", "10世紀", "十世紀"),
        ("the 1930s", "1930年代"),
        ("3 p.m.", "15:00", "午後3時", "15時"),
        ("12 years old", "12歳", "twelve-year-old"),
        ("COVID-19", "covid-19".upper()),
        ("第3回", "3rd", "third", "三番目"),
        ("1 234 567", "1,234,567"),
        ("-5°C", "minus 5 degrees", "マイナス5度"),
    ],
)
def test_forms_of_one_amount_agree(forms: tuple[str, ...]) -> None:
    for first in forms:
        for second in forms:
            assert same(first, second), (first, second, one(first), one(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1958", "1959"),
        ("3 May 1932", "4 May 1932"),
        ("3 May 1932", "3 June 1932"),
        ("令和6年", "2023年"),
        ("60%", "60 people"),
        ("60%", "60"),
        ("5", "5 million"),
        ("3.5", "35"),
        ("3 km", "3 miles"),
        ("1930s", "1930"),
        ("5 metres", "5 kilograms"),
        ("10th century", "10"),
        ("3 p.m.", "3 a.m."),
        ("3万", "3千"),
        ("COVID-19", "19"),
        ("44 BC", "44"),
    ],
)
def test_other_amounts_do_not(first: str, second: str) -> None:
    assert not agrees(one(first), one(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("5 years", "5 years old"),
        ("5 kilos", "5 kg"),
        ("5 kilos", "5 km"),
        ("5 degrees", "5倍"),
        ("10世紀", "10番目"),
        ("3 days", "3位"),
    ],
)
def test_units_that_stand_for_one_another(first: str, second: str) -> None:
    assert agrees(one(first), one(second))
    assert agrees(one(second), one(first))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("5 months", "5 years old"),
        ("5 weeks", "5 years"),
        ("5 kilos", "5 miles"),
        ("5 days", "5倍"),
        ("10世紀", "10年"),
    ],
)
def test_other_units_do_not(first: str, second: str) -> None:
    assert not agrees(one(first), one(second))


def test_what_is_claimed_may_be_less_exact_than_what_is_there_but_not_more() -> None:
    assert agrees(one("1932"), one("3 May 1932"))
    assert agrees(one("May 1932"), one("1932年5月3日"))
    assert not agrees(one("3 May 1932"), one("1932"))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("10–20%", [10, 20]),
        ("from 5 to 10 km", [5000, 10000]),
        ("2-3 million", [2_000_000, 3_000_000]),
        ("1914–18", [1914, 1918]),
        ("5〜10人", [5, 10]),
        ("hundreds of men, dozens of ships", []),
        ("one of the largest, first of all", []),
        ("十分な一部の、一般に三重県と九州で", []),
        ("it may march on", []),
        ("12,345.6", [12345.6]),
        ("3.14", [3.14]),
    ],
)
def test_ranges_and_what_is_no_number(text: str, values: list[float]) -> None:
    found = [float(item.value) for item in quantities(text) if not item.weak]
    assert found == values


def kanji(number: int) -> str:
    """Write a number below ten million as books do."""
    digits = "〇一二三四五六七八九"

    def section(value: int) -> str:
        text = ""
        for unit, sign in ((1000, "千"), (100, "百"), (10, "十")):
            count, value = divmod(value, unit)
            text += ("" if count == 1 else digits[count]) + sign if count else ""
        return text + (digits[value] if value else "")

    myriads, rest = divmod(number, 10_000)
    return (section(myriads) + "万" if myriads else "") + section(rest)


def words(number: int) -> str:
    small = {value: word for word, value in CARDINALS.items()}
    if number in small:
        return small[number]
    if number < 100:
        return f"{small[number // 10 * 10]}-{small[number % 10]}"
    if number < 1000:
        rest = f" and {words(number % 100)}" if number % 100 else ""
        return f"{small[number // 100]} hundred{rest}"
    rest = f" {words(number % 1000)}" if number % 1000 else ""
    return f"{words(number // 1000)} thousand{rest}"


numbers = st.integers(2, 9_999_999)


@given(numbers)
def test_a_number_is_read_from_kanji_and_from_words(number: int) -> None:
    assert from_kanji(kanji(number)) == number
    assert from_kanji(str(number)) == number
    if number < 1_000_000:
        assert [int(value) for _, _, value in from_words(words(number))] == [number]


forms = st.sampled_from(
    [
        lambda n: f"{n}人",
        lambda n: f"{n:,} people",
        lambda n: f"{kanji(n)}人",
        lambda n: f"{n:,}人".translate({0x30 + i: 0xFF10 + i for i in range(10)}),
        lambda n: f"{words(n)} people" if n < 1_000_000 else f"{n} people",
    ]
)


@given(numbers, numbers, forms, forms)
def test_formats_of_a_number_agree_and_numbers_do_not(first: int, second: int, write, write_too) -> None:  # type: ignore[no-untyped-def]
    assert same(write(first), write_too(first))
    if first != second:
        assert not agrees(one(write(first)), one(write_too(second)))


dates = st.dates(min_value=date(1000, 1, 1))


@given(dates, dates)
def test_formats_of_a_date_agree_and_dates_do_not(first, second) -> None:  # type: ignore[no-untyped-def]
    month = first.strftime("%B")
    for form in (first.isoformat(), f"{first.day} {month} {first.year}", f"{month} {first.day}, {first.year}"):
        assert same(form, f"{first.year}年{first.month}月{first.day}日")
        assert agrees(one(form), one(second.isoformat())) == (first == second)


@given(anything)
def test_places_are_right_whatever_the_text(text: str) -> None:
    for item in quantities(text):
        assert 0 <= item.start < item.end <= len(text)


@pytest.mark.parametrize(
    "text",
    ["1" * 60_000, "1.1," * 15_000, "一" * 60_000, "一," * 30_000, "a%20" * 5_000, "1.1." * 15_000, "one " * 15_000],
)
def test_a_long_run_of_figures_takes_no_long_time(text: str) -> None:
    start = time.perf_counter()
    found = quantities(text)
    assert time.perf_counter() - start < 15  # it took minutes, or ended in a ValueError
    assert all(item.end - item.start < 80 for item in found if item.kind == "number")


def test_a_number_beside_a_long_run_of_figures_is_read() -> None:
    found = [int(item.value) for item in quantities(f"Key {'7' * 5_000} opens 12 doors.") if item.kind == "number"]
    assert found == [12]


_WRITTEN = (
    "1932-05-03",
    "1932/5/3",
    "3.5.1932",
    "5/3/1932",
    "3 May 1932",
    "3rd of May, 1932",
    "3-3 May 1932",
    "May 3, 1932",
    "May the 3rd, 1932",
    "MAY 3rd of May 1932",
    "1932年5月3日",
    "昭和7年5月3日",
    "昭和七年五月三日",
    "１９３２年５月３日",
)


@pytest.mark.parametrize("written", _WRITTEN)
@pytest.mark.parametrize("around", ["{}", "It may decide on {}, as section 4.2 says.", "議事録は {} に承認された。"])
def test_a_whole_date_is_one_word_however_it_is_written(written: str, around: str) -> None:
    assert "1932-05-03" in language_words.words(around.format(written))
