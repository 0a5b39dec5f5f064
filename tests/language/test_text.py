"""Sentences, words and languages, in English and Japanese."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given

from bunko.language.detection import detect_language
from bunko.language.sentences import sentences
from bunko.language.words import estimate_tokens, normalise, stem, words
from tests.strategies import anything


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@given(anything)
def test_sentences_hold_every_visible_character_once_and_in_order(text: str) -> None:
    spans = sentences(text)
    assert all(start < end for start, end in spans)
    assert all(end <= following for (_, end), (following, _) in itertools.pairwise(spans))
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)
    assert "".join("".join(text[start:end] for start, end in spans).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        (
            "Dr. Smith met Mr. J. Brown at 5 p.m. sharp. He left.",
            ["Dr. Smith met Mr. J. Brown at 5 p.m. sharp.", "He left."],
        ),
        ("It costs $3.50 a day. Cheap!", ["It costs $3.50 a day.", "Cheap!"]),
        ("See example.com for more. Then go.", ["See example.com for more.", "Then go."]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("猫が寝る。犬が走る！本当？", ["猫が寝る。", "犬が走る！", "本当？"]),
        ("「行く。」と言った。本当だ。", ["「行く。」と言った。", "本当だ。"]),
        ("円周率は３．１４です。終わり。", ["円周率は３．１４です。", "終わり。"]),
        ("Title\n\nA text.", ["Title", "A text."]),
        ("- one\n- two\n- three", ["- one", "- two", "- three"]),
        ("| a | b |\n| 1 | 2 |", ["| a | b |", "| 1 | 2 |"]),
        ("", []),
        (" \n\t\u3000 ", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_a_wrapped_paragraph_is_no_row_of_sentences() -> None:
    text = (
        "The quick brown fox jumps over the lazy dog and goes on running through\n"
        "the forest until it finds a river that is too wide for it to swim across.\n"
        "Then it stops."
    )
    assert len(cut(text)) == 2


def test_short_lines_stand_for_themselves() -> None:
    prose = "\n".join(["Kobe, which is a harbour town in the west of Japan, has been open to ships for long and"] * 3)
    text = f"Name: Alice\nBorn: 1990\nCity: {prose}"
    assert cut(text)[:2] == ["Name: Alice", "Born: 1990"]


WRAPPED = """\
　吾輩は猫である。名前はまだ無い。どこで生れたかと
んと見当がつかぬ。何でも薄暗いじめじめした所でニャ
ーニャー泣いていた事だけは記憶している
　吾輩はここで始めて人間というものを見た。しかもあ
とで聞くと、
それは書生という人間中で一番獰悪な種族であったそうだ。"""


def test_a_japanese_sentence_goes_on_over_the_end_of_a_line() -> None:
    assert [sentence.replace("\n", "") for sentence in cut(WRAPPED)] == [
        "吾輩は猫である。",
        "名前はまだ無い。",
        "どこで生れたかとんと見当がつかぬ。",
        "何でも薄暗いじめじめした所でニャーニャー泣いていた事だけは記憶している",
        "吾輩はここで始めて人間というものを見た。",
        "しかもあとで聞くと、それは書生という人間中で一番獰悪な種族であったそうだ。",
    ]


def test_a_wrapped_line_may_hold_narrow_letters_too() -> None:
    text = (
        "このライブラリはPython 3.10以降とLinuxとmacOSとWindowsで動作し\nます。" + "日本語の長い行がここに続きます" * 2
    )
    assert len(cut(text)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "インドから東南アジアへとつながる高温多湿なアジア\n・モンスーンの影響を受けている事が挙げられると\nいう話。",
        "Their violence caused the wanton destruction of many Norman edifices;\nthe latter caused pillaging.",
        "The language of strings is written {xx | x is any string} and can be\nsolved in linear time.",
    ],
)
def test_a_mark_at_the_edge_of_a_full_line_ends_no_sentence(text: str) -> None:
    assert cut(text) == [text]


def test_a_title_at_the_end_of_a_line_ends_no_sentence() -> None:
    text = "The house on the corner of the long street by the river was built by Dr.\nSmith in 1903."
    assert len(cut(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Name: Alice Cooper of the Long Street\nBorn: 1990 in the town of New London\nDied: not yet as far as is known",
        "氏名：東京都千代田区丸の内一丁目の田中\n住所：東京都千代田区丸の内一丁目の一番",
        "・りんごは青森県で多く作られている果物です\n・みかんは和歌山県で多く作られている果物\n・桃",
        "apples\npears\ngrapes",
        "東京都\n大阪府\n京都府",
        "Ada Lovelace of London | 36 | England\nCharles Babbage | 79 | England and else",
        "Ada Lovelace of London\t36\tEngland\nCharles Babbage of London\t79\tEngland",
        "東京タワーは東京都港区芝公園にある電波塔\n　京都タワーは京都市下京区にある展望塔",
    ],
)
def test_lines_that_are_no_paragraph_are_sentences_each(text: str) -> None:
    assert cut(text) == [line.strip() for line in text.split("\n")]


def test_the_last_of_several_labelled_lines_ends_where_the_next_word_had_room() -> None:
    due, limit = "Next inspection due: 2 November 2026", "Pressure limit 6.5 bar; 7 bar opens the valve."
    assert cut(f"Serial: AX-2231-K\n{due}\n{limit}") == ["Serial: AX-2231-K", due, limit]
    wrapped = "Note: the valve opens at seven bar and must be\nInspected each year by somebody from the town."
    assert cut(wrapped) == [wrapped]


def test_a_line_of_full_width_spaces_is_blank() -> None:
    long = "東京タワーは東京都港区芝公園にある高い電波塔"
    assert cut(f"{long}\n　\n{long}") == [long, long]


@pytest.mark.parametrize("text", ["." * 60_000, "!" * 60_000, "「" + "あ。" * 30_000, "\n " * 30_000, "a." * 30_000])
def test_no_text_takes_time_by_the_square_of_its_length(text: str) -> None:
    begin = time.process_time()
    sentences(text)
    assert time.process_time() - begin < 5  # 0.1 s if all is well, 45 s if not


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is the station?", "en"),
        ("駅はどこですか。", "ja"),
        ("東京都", "ja"),
        ("トウキョウ", "ja"),
        ("The Japanese word 東京 means Tokyo, which is the eastern capital.", "en"),
        ("LanceDBは高速なデータベースです。", "ja"),
        ("Wo ist der Bahnhof und wann fährt die Bahn?", "de"),
        ("Où est la gare et quand part le train pour les enfants?", "fr"),
        ("역이 어디에 있습니까?", "ko"),
        ("Где находится вокзал?", "ru"),
        ("12345 !?", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_told_from_script_and_common_words(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_words_that_look_alike_are_alike() -> None:
    assert words("ＫＯＢＥ") == words("kobe")
    assert words("cats") == words("Cat's") == words("CAT")
    assert words("ｶﾞｿﾘﾝ") == words("ガソリン")
    assert words("1,234 and 5.5%") == ["1234", "5.5%"]


def test_words_of_meaning_are_kept_and_grammar_is_not() -> None:
    assert words("What is the height of the tower?") == words("height tower")
    assert words("東京タワーの高さは何ですか") != []
    assert "は" not in words("東京は首都です")


def test_a_text_of_grammar_alone_has_no_words() -> None:
    assert not words("これはなんですか") and not words("What is it?")


@given(anything)
def test_words_and_languages_of_anything_are_found_without_fail(text: str) -> None:
    assert words(text) == words(normalise(text))
    assert detect_language(text)
    assert estimate_tokens(text) >= 1


@given(anything, anything)
def test_a_longer_text_is_never_estimated_shorter(one: str, other: str) -> None:
    assert estimate_tokens(one + other) >= max(estimate_tokens(one), estimate_tokens(other))


def test_a_stem_is_the_same_for_the_forms_of_a_word() -> None:
    assert stem("invade") == stem("invaded") == stem("invades") == stem("invading")
    assert stem("country") == stem("countries")
