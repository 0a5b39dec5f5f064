"""Nouns in hiragana are words, grammar is none; spellings of a Japanese word are found in each other."""

from __future__ import annotations

import time

import pytest

from bunko.language.data_files import read_data
from bunko.language.hiragana import FILE, hiragana_words
from bunko.language.japanese_words import fold_spellings, kana_words
from bunko.language.words import source_words, words


@pytest.mark.parametrize("example", read_data(FILE)["example"], ids=lambda example: example["text"])
def test_the_examples_of_the_file(example: dict[str, object]) -> None:
    assert kana_words(fold_spellings(str(example["text"]))) == example["words"]


def test_like_questions_about_other_things_have_other_words() -> None:
    assert words("うどんの価格は") != words("そばの価格は")
    assert not set(words("びんの収集")) <= source_words("ごみの収集は火曜と金曜に行う。")


@pytest.mark.parametrize(
    ("asked", "source"),
    [
        ("問い合わせ先", "問合せ先は情報システム課である。"),
        ("問合先", "問い合わせ先は情報システム課である。"),
        ("引越しの届け", "引っ越しの届けは十日前までに出す。"),
        ("申込書", "申し込み書は窓口にある。"),
        ("メガネ", "めがねの保険は年に一度使える。"),
        ("ねじ", "ネジは右に回す。"),
        ("プリンタ", "ﾌﾟﾘﾝﾀのｲﾝｸは総務課に申し込む。"),
        ("プリンター", "プリンタを買う。"),
        ("第二十一条", "第２１条（出張）"),
        ("四百五十円", "価格は450円である。"),
        ("御飯", "ご飯の注文"),
        ("國學院", "国学院の学生"),
        ("2026年3月5日", "令和８年３月５日　改定"),
        ("2026-03-05", "It failed on 5 March 2026."),
    ],
)
def test_a_word_is_found_in_another_spelling(asked: str, source: str) -> None:
    assert words(asked) and set(words(asked)) <= source_words(source)


@pytest.mark.parametrize(
    ("asked", "source"),
    [
        ("2026-03-05", "2026-05-03"),
        ("PPR-9087", "PPR-9807"),
        ("第三条", "第１３条"),
        ("C#", "C++ and F#"),
        ("みかん", "りんご"),
    ],
)
def test_another_word_of_the_same_parts_is_another_word(asked: str, source: str) -> None:
    assert not set(words(asked)) & source_words(source)


def test_a_long_run_takes_little_time() -> None:
    started = time.perf_counter()
    hiragana_words("".join(chr(0x3042 + n % 70) for n in range(20_000)), after="nothing")
    assert time.perf_counter() - started < 5
