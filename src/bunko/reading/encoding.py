"""Decode a text file whose encoding nobody told. In: bytes. Out: str. Knows nothing of documents."""

from __future__ import annotations

import codecs
import re

_BOMS = (  # longest first: the UTF-32 mark begins with the UTF-16 one
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 200_000
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fc]")
_COMMON_HAN = re.compile(
    "[日本人年大一中国会事出者生見行部学同前社月後当全地上定下場合手高性発政法主要時自入分方動業力物明実関文意語体度回対表問理]"
)
_ODD = re.compile("[\uff61-\uff9f\ue000-\uf8ff\u3400-\u4dbf\x80-\x9f]")  # half-width kana, private use, rare Han


def decode(data: bytes) -> str:
    r"""Return the text, without byte order mark and with \n for every kind of line end.

    UTF-8 is believed if it decodes; then ISO-2022-JP by its escapes, UTF-16/32 by their zeros, the other Japanese
    encodings by what makes sense as Japanese, and at last Western Windows-1252.

    >>> decode("吾輩は猫である。".encode("euc-jp")), decode("café".encode("latin-1"))
    ('吾輩は猫である。', 'café')
    """
    text = _decode(data)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").removeprefix("\ufeff")


def _decode(data: bytes) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\x1b$" in data[:_SAMPLE] or b"\x1b(J" in data[:_SAMPLE]:
        try:
            return data.decode("iso2022_jp_2004")
        except UnicodeDecodeError:
            return data.decode("iso2022_jp_2", errors="replace")
    if b"\x00" in data[:1000]:
        return data.decode(_wide_encoding(data), errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(data)


def _wide_encoding(data: bytes) -> str:
    """Tell UTF-16 and UTF-32 without a mark by where the zeros of ASCII characters stand."""
    sample = data[: 1000 - len(data[:1000]) % 4]
    zeros = [sample[n::4].count(0) for n in range(4)]
    full = max(1, len(sample) // 4)
    if zeros[0] > 0.6 * full and zeros[1] > 0.6 * full:
        return "utf-32-be"
    if zeros[2] > 0.6 * full and zeros[3] > 0.6 * full:
        return "utf-32-le"
    return "utf-16-be" if zeros[0] + zeros[2] > zeros[1] + zeros[3] else "utf-16-le"


def _decode_legacy(data: bytes) -> str:
    best, best_score = "cp1252", 0.0
    sample = data[:_SAMPLE]
    for encoding in ("euc_jis_2004", "cp932"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            text = decoder.decode(sample, final=len(sample) == len(data))
        except UnicodeDecodeError:
            continue
        score = _japanese_score(text)
        if score > best_score:
            best, best_score = encoding, score
    return data.decode(best, errors="replace")


def _japanese_score(text: str) -> float:
    """Return how much the non-ASCII characters look like Japanese: kana and common kanji for, oddities against."""
    foreign = sum(not character.isascii() for character in text)
    good: float = len(_KANA.findall(text)) + 2 * len(_COMMON_HAN.findall(text))
    if not good and foreign > 0.3 * len(text):  # a name or a title in kanji alone
        ordinary = sum(map(_is_ordinary_kanji, text))
        good = 0.5 * ordinary if ordinary > 1 else 0
    return (good - 2 * len(_ODD.findall(text))) / max(1, foreign)


def _is_ordinary_kanji(character: str) -> bool:
    """Tell whether a character is one of the 2,965 kanji of JIS level 1, which accented letters never pass for."""
    return 0xB0 <= character.encode("euc_jp", "replace")[0] <= 0xCF
