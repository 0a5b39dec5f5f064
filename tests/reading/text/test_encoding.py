"""Texts arrive whole, whatever encoding they were saved in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.reading.text.encoding import decode
from bunko.reading.text.plain import looks_binary

JAPANESE = (
    "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n第一章　ガソリンと東京タワー、１２３号。"
)
ENGLISH = "It was a bright cold day in April, and the clocks were striking thirteen. Café, naïve, 20 € – “quoted”."


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "cp932",
        "euc-jp",
        "iso-2022-jp",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-32-le",
        "utf-32-be",
    ],
)
def test_japanese_arrives_whole(encoding: str) -> None:
    assert decode(JAPANESE.encode(encoding)) == JAPANESE
    assert not looks_binary(JAPANESE.encode(encoding)), "is read as text"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_western_text_arrives_whole(encoding: str) -> None:
    assert decode(ENGLISH.encode(encoding)) == ENGLISH


@pytest.mark.parametrize("encoding", ["cp932", "euc-jp"])
@pytest.mark.parametrize(
    "text", ["東京都", "カタカナ", "ひらがなです", "議事録", "2024年4月の売上は、前年より増えた。"]
)
def test_a_few_words_of_japanese_are_enough(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    "text", ["élève", "été à l’école", "Ärger über Öl", "“Hi”, it’s", "don’t", "señor", "È", "a—b"]
)
def test_a_few_western_words_are_not_taken_for_japanese(text: str) -> None:
    assert decode(text.encode("cp1252")) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text",
    [
        "吾輩は、猫である。",  # no zero byte at all
        "　吾輩は猫である。\n　名前はまだ無い。\n" * 50,  # full-width spaces have a zero where ASCII has none
        "東京都千代田区の丸の内" * 200 + "\n",
        "Привет, мир. Как дела?",
        "Ελληνικά κείμενα εδώ",
        "氏名,年齢,住所\n田中,20,東京都\n",
        "𠮷野家の" * 6000 + "\n",
    ],
)
def test_wide_text_without_a_mark_arrives_whole(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    assert decode(data) == text
    assert not looks_binary(data)


@pytest.mark.parametrize("text", ["①㈱Ⅲの件、ｶﾞｿﾘﾝは②です", "ｶﾞｿﾘﾝのみ", "〒100-0001 東京都№1"])
def test_mails_of_windows_arrive_whole(text: str) -> None:
    decoder = {"①": b"-!", "㈱": b"-j", "Ⅲ": b"-7", "②": b'-"', "№": b"-b"}
    parts = []
    for character in text:
        if "｡" <= character <= "ﾟ":
            parts.append(b"\x1b(I" + bytes([ord(character) - 0xFF40]))
        elif character in decoder:
            parts.append(b"\x1b$B" + decoder[character])
        else:
            parts.append(character.encode("iso-2022-jp").removesuffix(b"\x1b(B"))
            parts[-1] = parts[-1] if parts[-1].startswith(b"\x1b") else b"\x1b(B" + parts[-1]
    assert decode(b"".join(parts) + b"\x1b(B") == text


def test_a_long_file_is_told_by_its_beginning() -> None:
    text = JAPANESE * 5000
    assert decode(text.encode("cp932")) == text


def test_mostly_english_with_a_little_japanese_is_told() -> None:
    text = "A long report in English. " * 100 + "担当者は田中です。" + " The end." * 100
    assert decode(text.encode("cp932")) == text
    assert decode(text.encode("euc-jp")) == text


def test_every_kind_of_line_end_becomes_one() -> None:
    assert decode(b"a\r\nb\rc\nd") == "a\nb\nc\nd"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\x00\ufeff\x1b"), min_size=1))
def test_utf_8_is_believed(text: str) -> None:
    assert decode(text.encode()) == text


@given(st.binary(max_size=500))
def test_no_bytes_stop_the_reader(data: bytes) -> None:
    text = decode(data)
    assert "\r" not in text
    assert "\x00" not in text
    text.encode()  # can be stored


@pytest.mark.parametrize(
    "data", [b"\x7fELF\x02\x01\x01\x00" + bytes(64), bytes(range(256)) * 4, b"PK\x03\x04\x14\x00\x06\x00"]
)
def test_programs_and_archives_are_no_text(data: bytes) -> None:
    assert looks_binary(data)
