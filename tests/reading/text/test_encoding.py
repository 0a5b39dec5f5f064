"""Texts arrive whole, whatever encoding they were saved in."""

from __future__ import annotations

import itertools
import re

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


NOTES = "倉庫の鍵は管理室の青い箱にある。\n消火器は非常口の左に置く。点検は毎年九月に行う。\n"


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\x00\ufeff\x1b\ufffd"), max_size=30), st.data()
)
def test_a_bad_byte_in_utf_8_costs_one_character(text: str, data: st.DataObject) -> None:
    whole = (NOTES + text + NOTES).encode()
    at = data.draw(st.integers(1, len(whole) - 1))
    kind = data.draw(st.sampled_from(["cut", "drop", "replace", "insert"]))
    damaged = {
        "cut": whole[:at],
        "drop": whole[:at] + whole[at + 1 :],
        "replace": whole[:at] + b"\xff" + whole[at + 1 :],
        "insert": whole[:at] + b"\xe9" + whole[at:],
    }[kind]
    expected = whole.decode()[: len(decode(damaged))] if kind == "cut" else whole.decode()
    assert decode(damaged).count("\ufffd") <= 1
    assert lost(expected, decode(damaged)) <= 1 or kind == "insert"  # a byte that happens to complete another


@pytest.mark.parametrize("encoding", ["euc-jp", "cp932", "iso-2022-jp"])
def test_a_bad_byte_in_another_japanese_encoding_costs_a_few_characters(encoding: str) -> None:
    whole = (NOTES * 3).encode(encoding)
    for at in range(60, 120):
        if b"\x1b" in whole[at - 2 : at + 2]:
            continue  # an escape of ISO-2022-JP stands for a whole line
        for damaged in (whole[:at] + whole[at + 1 :], whole[:at] + b"\xff" + whole[at + 1 :]):
            assert lost(NOTES * 3, decode(damaged)) <= 8
        cut = decode(whole[: len(whole) - at])
        assert lost((NOTES * 3)[: len(cut)], cut) <= 2


def equal(first: str, second: str) -> int:
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def lost(text: str, read: str) -> int:
    """Return the number of characters between the parts at both ends that are the same."""
    start = equal(text, read)
    end = equal(text[start:][::-1], read[start:][::-1])
    return len(text) - start - end


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"The price is 20 \xe2\x82", "The price is 20 \ufffd"),
        ("Café crème, naïve, 20 €".encode() + b", a stray \xe9.", "Café crème, naïve, 20 €, a stray \ufffd."),
        (b"\xef\xbb\xbfA stray \xe9.", "A stray \ufffd."),
        ("門の鍵".encode() + b"\xe3\x81\xe3\x81\xe3" + "は青い。".encode(), "門の鍵\ufffdは青い。"),
    ],
)
def test_a_bad_place_is_one_sign(data: bytes, text: str) -> None:
    assert decode(data) == text


@pytest.mark.parametrize("encoding", ["cp932", "euc-jp"])
def test_lines_of_another_encoding_are_read(encoding: str) -> None:
    call = "警備の電話は内線九番である。\n"
    assert decode((NOTES * 5).encode() + call.encode(encoding)) == NOTES * 5 + call
    assert decode((NOTES * 5).encode(encoding) + call.encode()) == NOTES * 5 + call


def test_a_line_of_utf_8_among_windows_1252_is_read() -> None:
    assert (
        decode("Ärger über Öl, ".encode("cp1252") * 9 + b"\n" + "Größe".encode()) == "Ärger über Öl, " * 9 + "\nGröße"
    )


@pytest.mark.parametrize("encoding", ["cp932", "euc-jp", "iso-2022-jp"])
@pytest.mark.parametrize("end", ["9000,A09000,中村建設\n", "9000,A09000,渡辺運送\n9001,A09001,東京都港区\n", NOTES])
def test_japanese_after_a_long_beginning_in_ascii_is_read(encoding: str, end: str) -> None:
    text = "8999,A08999,nobody at all here\n" * 8000 + end
    assert decode(text.encode(encoding)) == text
    assert decode(text.replace("\n", ", ").encode(encoding)) == text.replace("\n", ", "), "in one long line"


@pytest.mark.parametrize(
    "text", ["ｶﾀｶﾅ ﾃｽﾄ ｼﾝﾌﾞﾝ ﾆﾎﾝｺﾞ\nｼﾊﾗｲﾋﾞ 20ﾆﾁ\n", "ﾔﾏﾀﾞ ﾀﾛｳ,03-1234-5678", "ﾌﾘｺﾐ,ｽｽﾞｷ ﾊﾅｺ,12000,ｶ)ﾃｽﾄ\n" * 50]
)
def test_half_width_kana_alone_are_read(text: str) -> None:
    assert decode(text.encode("cp932")) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("СКЛАД ЗАКРЫТ ДО ПЯТНИЦЫ", "cp1251"),
        ("ÄÖÜ, ÀÉÈ: GRÖSSE, ÜBER ÄRGER UND ÖL, CAFÉ", "cp1252"),
        ("┌────────┐\n│ Total  │\n└────────┘", "cp437"),
        ("仓库的钥匙在蓝色的盒子里。电话是五五一二。", "gbk"),
    ],
)
def test_other_capitals_and_frames_are_no_half_width_kana(text: str, encoding: str) -> None:
    assert not re.search("[ｱ-ﾝ]", decode(text.encode(encoding)))


@pytest.mark.parametrize("declared", ["utf-8", "shift_jis", "euc-jp", "windows-1251"])
def test_a_declared_encoding_is_believed_in_spite_of_a_bad_byte(declared: str) -> None:
    text = "Ключ лежит в синей коробке. " * 9 if declared == "windows-1251" else NOTES * 9
    data = text.encode(declared) + {"windows-1251": b"\x98", "utf-8": b"\xe3\x81"}.get(declared, b"\xff")
    assert decode(data, declared=declared) == text + "\ufffd"
    assert decode(NOTES.encode(), declared="windows-31j-and-more") == NOTES
    assert decode(NOTES.encode("euc-jp"), declared="utf-8") == NOTES, "which it is not"


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
