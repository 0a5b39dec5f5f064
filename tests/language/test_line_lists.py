"""Lines that each stand alone are sentences of their own, even where they are as long as wrapped ones."""

from __future__ import annotations

import textwrap
import time

import pytest

from bunko.language.sentences import sentences

LISTS = {
    "keys": [
        'key "A17" opens the boiler house of the mill',
        'key "B22" opens the garden gate of the mill',
        'key "C35" opens the apple cellar of the mill',
    ],
    "phones": [
        "Nora Lindqvist sits in room 12, extension 880",
        "Karl Amundsen sits in room 31, extension 881",
    ],
    "log": [
        "2026-04-01 08:00:00 pump1 service inlet started",
        "2026-04-01 08:05:10 pump2 service outlet stopped",
        "2026-04-01 08:09:45 pump3 service drain failed",
    ],
    "recipe": [
        "250 grams of rye flour, sieved and dry",
        "2 spoons of honey, clear if you have it",
        "1 pinch of salt, from the grey jar here",
    ],
    "chores": [
        "Bring the plates up from the old cellar",
        "Clean the long table in the upper hall",
        "Water all of the plants by the windows",
    ],
    "addresses": [
        "10.1.0.11 printer of the second floor office",
        "10.1.0.12 scanner of the third floor office",
    ],
    "prices": [
        "apples of the north field at 3 euros a box",
        "pears of the south field at 4 euros a box",
    ],
    "鍵": [
        "鍵A17は製粉所の地下室の扉を開けるためのものである",
        "鍵B22は製粉所の裏庭の扉を開けるためのものである",
        "鍵C35は製粉所の屋根裏の扉を開けるためのものである",
    ],
    "内線": [
        "山田太郎 内線8801 二階の東側にある製粉課の担当",
        "川村花子 内線8802 三階の西側にある配送課の担当",
    ],
    "置き場": [
        "牛乳は冷蔵庫の上の段の左側に入れておく",
        "バターは流し台の下の引き出しにしまう",
        "小麦粉は納戸の奥の青い箱に入っている",
    ],
}
ENGLISH = (
    "The mill on the river Sell was built by monks in the spring of the year and sold to the town after the war. "
    "Its wheel, which Ada Lind of Varn had drawn, was the largest in the valley of the Sell; the miller of Hest said "
    "that no other mill ground as much rye in a day as the mill on the river Sell did in an hour."
)
JAPANESE = (
    "川沿いの製粉所は修道士たちによって春に建てられ、戦争のあとで町に売られた。技師の安藤リンが設計した水車は谷で一番"
    "大きく、隣町の粉屋によれば、ほかの製粉所が一日にひくライ麦を一時間でひいたという。水車は去年の冬に止まった。"
)


@pytest.mark.parametrize("name", LISTS)
def test_each_line_of_a_list_is_a_sentence(name: str) -> None:
    text = "\n".join(LISTS[name]) + "\n"
    assert [text[start:end] for start, end in sentences(text)] == LISTS[name]


@pytest.mark.parametrize("width", [36, 44, 60, 72])
def test_a_wrapped_paragraph_is_not_a_list(width: int) -> None:
    text = textwrap.fill(ENGLISH, width)
    assert [" ".join(text[start:end].split()) for start, end in sentences(text)] == [
        ENGLISH[start:end] for start, end in sentences(ENGLISH)
    ]


@pytest.mark.parametrize("width", [18, 22, 30, 36])
def test_a_wrapped_japanese_paragraph_is_not_a_list(width: int) -> None:
    text = "\n".join(JAPANESE[n : n + width] for n in range(0, len(JAPANESE), width))
    assert [text[start:end].replace("\n", "") for start, end in sentences(text)] == [
        JAPANESE[start:end] for start, end in sentences(JAPANESE)
    ]


def test_a_verse_that_runs_on_is_not_a_list() -> None:
    text = "The wheel goes round above the weir and\nThe water falls below the weir with all\nThe weight of winter\n"
    assert len(sentences(text)) == 1


def test_a_long_list_takes_time_in_proportion_to_its_length() -> None:
    """A million characters: in quadratic time, minutes."""
    text = "the wheel of the mill and a rope of hemp\nwaits for a man with the key to its door\n" * 12_000
    begin = time.process_time()
    sentences(text)
    assert time.process_time() - begin < 30
