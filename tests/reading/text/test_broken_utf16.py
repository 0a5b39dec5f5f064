"""A byte that is missing from UTF-16 costs one character, and not the rest of the file."""

from __future__ import annotations

import codecs
import random

import pytest

from bunko.reading.text.encoding import decode

ENGLISH = "The mill was built in 1911.\nIts wheel was taken away in 1951, and nobody knows where it went.\n" * 30
JAPANESE = "水車小屋は1911年に建てられた。\n水車は1951年に取り外され、その行方を知る者はいない。\n" * 30


@pytest.mark.parametrize("text", [ENGLISH, JAPANESE], ids=["English", "Japanese"])
@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", [True, False])
@pytest.mark.parametrize("missing", [1, 2, 3])
def test_what_comes_after_a_missing_byte_is_read(text: str, order: str, mark: bool, missing: int) -> None:
    data = bytearray(text.encode(order))
    chance = random.Random(missing)
    for part in range(missing, 0, -1):  # far from each other
        del data[len(text) * 2 * part // (missing + 1) + chance.randrange(60)]
    bom = codecs.BOM_UTF16_LE if order == "utf-16-le" else codecs.BOM_UTF16_BE
    found = decode((bom if mark else b"") + bytes(data))
    wrong = sum(line not in text.splitlines() for line in found.splitlines())
    assert wrong <= missing
    assert abs(len(found) - len(text)) <= 2 * missing


@pytest.mark.parametrize("text", [ENGLISH, JAPANESE], ids=["English", "Japanese"])
def test_a_byte_at_the_end_or_the_beginning_may_be_missing(text: str) -> None:
    data = text.encode("utf-16-le")
    assert decode(codecs.BOM_UTF16_LE + data[:-1]).startswith(text[:-1])
    assert decode(codecs.BOM_UTF16_LE + data[1:]).endswith(text[20:])


def test_a_large_file_takes_linear_time() -> None:
    data = codecs.BOM_UTF16_LE + (ENGLISH * 40).encode("utf-16-le")[:-1]
    assert decode(data).startswith(ENGLISH)
