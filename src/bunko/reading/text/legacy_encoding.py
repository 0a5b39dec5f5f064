"""Decode text that is not quite UTF-8: damaged, of several encodings, or of an older one. In: bytes. Out: str.

Only the lines with characters beyond ASCII are examined, wherever in the file they are. UTF-8 is taken if most of them
decode; else EUC-JP or Shift_JIS if the result looks Japanese; else Windows-1252. A line of another encoding than the
rest, as in logs that were put together, is decoded on its own. Knows nothing of byte order marks and escapes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

BAD = "\ufffd"
"""Stands for a place that can't be decoded."""

_SAMPLE = 200_000  # bytes of lines beyond ASCII
_WINDOW = 4_000  # bytes of a long line that are examined at once
_FOREIGN = re.compile(rb"[\x80-\xff]")
_UNDECODED = re.compile("[\udc80-\udcff]+")
_ASIAN = re.compile("[\u0800-\ud7ff\ue000-\U0010ffff]")  # three or four bytes in UTF-8
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fc]")
_COMMON_HAN = re.compile(
    "[日本人年大一中国会事出者生見行部学同前社月後当全地上定下場合手高性発政法主要時自入分方動業力物明実関文意語体度回対表問理]"
)
_HAN_WORD = re.compile("[\u4e00-\u9fff々ヶ]{2,}")
_ODD = re.compile("[\ue000-\uf8ff\u3400-\u4dbf\x80-\x9f]")  # private use, rare Han
_HALF_WIDTH = re.compile("[\uff61-\uff9f]+")
_VOICED = re.compile("(?<![ｳｶ-ﾄﾊ-ﾎ])ﾞ|(?<![ﾊ-ﾎ])ﾟ")  # a mark after a kana that has none
_NO_SHIFT_JIS = re.compile("[\uf8f0-\uf8f3]")  # what Python makes of the bytes that begin no character
_UTF_8_KANA = re.compile(rb"(?:\xe3[\x80-\x83][\x80-\xbf]){2}")
_UTF_8_PAIR = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_LONGEST_REPAIRED = 400  # bytes


def decode_legacy(data: bytes) -> str:
    r"""Return the text of bytes that are not UTF-8 throughout.

    >>> decode_legacy("機械室の温度".encode() + b"\xe3\x81 ok"), decode_legacy("ｼﾊﾗｲﾋﾞ ﾆｼﾞｭｳﾆﾁ".encode("cp932"))
    ('機械室の温度\ufffd ok', 'ｼﾊﾗｲﾋﾞ ﾆｼﾞｭｳﾆﾁ')
    """
    sample = b"\n".join(_foreign_parts(data))
    if _is_damaged_utf_8(sample):
        return _mended(data)
    lines = [line for line in sample.split(b"\n") if not _decodes_as_utf_8(line, asian=True)]
    encoding = _japanese_encoding(b"\n".join(lines))
    if not (_UTF_8_KANA if encoding else _UTF_8_PAIR).search(data):
        whole = _decoded(data, encoding) if encoding else with_signs(data, "cp1252")
        if whole is not None:
            return whole
    lines = data.split(b"\n")
    for n, line in enumerate(lines):
        if not line.isascii() and _decodes_as_utf_8(line, asian=bool(encoding)):
            continue
        lines[n] = (decode_line(line, encoding) if encoding else with_signs(line, "cp1252")).encode()
    return b"\n".join(lines).decode()


def _foreign_parts(data: bytes) -> Iterator[bytes]:
    """Yield the lines with bytes beyond ASCII, long ones in pieces, until there are enough."""
    end = taken = 0
    while taken < _SAMPLE and (found := _FOREIGN.search(data, end)):
        start = max(end, data.rfind(b"\n", max(end, found.start() - _WINDOW), found.start()) + 1)
        start = found.start() if found.start() - start > _WINDOW else start
        stop = data.find(b"\n", found.end(), found.end() + _WINDOW)
        end = stop if stop >= 0 else min(len(data), found.end() + _WINDOW)
        taken += end - start
        yield data[start:end]


# --- damaged UTF-8 ---------------------------------------------------------------------------------------------


def _is_damaged_utf_8(sample: bytes) -> bool:
    """Return whether most of the bytes beyond ASCII are UTF-8.

    A run of three bytes hardly ever decodes by chance. Of two bytes, as in European letters, it often does.
    """
    text = sample.decode("utf-8", "surrogateescape")
    bad = len("".join(_UNDECODED.findall(text)))
    strong = len("".join(_ASIAN.findall(text)).encode("utf-8"))
    weak = sum(not character.isascii() for character in text) - bad
    if not strong and not weak:  # a text whose only character beyond ASCII was cut at the end
        return bad > 1 and len(_UNDECODED.findall(text)) == 1 and text.endswith(text[-bad:]) and _is_cut(sample[-bad:])
    return strong + 2 * weak > bad and (strong > bad or 2 * weak > 4 * bad)


def _is_cut(end: bytes) -> bool:
    try:
        end.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start == 0 and error.end == len(end) and error.reason == "unexpected end of data"
    return False


def _mended(data: bytes) -> str:
    """Return UTF-8 with one sign for each bad place, and lines of a Japanese encoding in theirs."""
    text = data.decode("utf-8", "surrogateescape")
    pieces, end = [], 0
    while found := _UNDECODED.search(text, end):
        start = max(end, text.rfind("\n", end, found.start()) + 1)
        stop = text.find("\n", found.end())
        stop = stop if stop >= 0 else len(text)
        pieces += [text[end:start], _mended_line(text[start:stop])]
        end = stop
    return "".join([*pieces, text[end:]])


def _mended_line(line: str) -> str:
    raw = line.encode("utf-8", "surrogateescape")
    bad = len("".join(_UNDECODED.findall(line)))
    if bad > 4 and bad >= 2 * len(_ASIAN.findall(_UNDECODED.sub("", line))):
        encoding = _japanese_encoding(raw)
        text = _decoded(raw, encoding) if encoding else None
        if text is not None:
            return text
    return _UNDECODED.sub(BAD, line)


def _decodes_as_utf_8(line: bytes, *, asian: bool) -> bool:
    """Return whether a line of a text in another encoding is UTF-8; among Japanese, by Asian characters only."""
    text = _decoded(line, "utf-8")
    return text is not None and (not asian or len(_ASIAN.findall(text)) > 1)


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if encoding == "cp932" and _NO_SHIFT_JIS.search(text) else text


def with_signs(data: bytes, encoding: str) -> str:
    """Return text with a sign for each place that can't be decoded."""
    text = data.decode(encoding, "replace")
    return _NO_SHIFT_JIS.sub(BAD, text) if encoding == "cp932" else text


# --- Japanese --------------------------------------------------------------------------------------------------


def _japanese_encoding(sample: bytes) -> str:
    """Return euc_jis_2004 or cp932, whichever gives the more Japanese text; "" if neither does."""
    best, best_score = "", 0.0
    for encoding in ("euc_jis_2004", "cp932"):
        text = with_signs(sample, encoding)
        bad, foreign = text.count(BAD), sum(not character.isascii() for character in text)
        score = japanese_score(text)
        # Whole text needs little evidence. Other texts decode in part, so damaged text needs more.
        if score > best_score and (not bad or (score > 0.2 and bad <= max(1, 0.05 * foreign))):
            best, best_score = encoding, score
    return best


def japanese_score(text: str) -> float:
    """Return how much the non-ASCII characters look like Japanese: kana and common kanji for, oddities against."""
    foreign = sum(not character.isascii() for character in text)
    half_good, half_odd = _half_width(text)
    good: float = len(_KANA.findall(text)) + 2 * len(_COMMON_HAN.findall(text))
    if not good and foreign:  # a name or a title in kanji alone
        words = "".join(_HAN_WORD.findall(text))
        ordinary = sum(map(is_ordinary_kanji, text if foreign > 0.3 * len(text) else words))
        good = 0.5 * ordinary if ordinary > 1 else 0
    return (good + half_good - 2 * (len(_ODD.findall(text)) + half_odd + text.count(BAD))) / max(1, foreign)


def _half_width(text: str) -> tuple[float, int]:
    """Return how much the half-width kana speak for Japanese, and how many of them against.

    Other encodings read as Shift_JIS also give half-width kana: hiragana in EUC-JP give punctuation at every other
    place; accented capitals stand alone; Cyrillic capitals are of the second half of the kana; the frames of DOS repeat
    one kana; Chinese gives rare kanji beside them.
    """
    runs = _HALF_WIDTH.findall(text)
    kana = "".join(runs)
    letters = [sign for sign in kana if sign > "･"]
    count = len(letters)
    others = [sign for sign in text if not sign.isascii() and not "｡" <= sign <= "ﾟ"]
    is_text = (
        count >= 6
        and count >= 2 * len(runs)
        and len(kana) - count <= 0.2 * count
        and sum(sign < "ﾀ" for sign in letters) >= 0.1 * count
        and len(_VOICED.findall(kana)) <= 0.02 * count
        and sum(a == b != "ｰ" for a, b in itertools.pairwise(letters)) <= 0.25 * count
        and sum(map(_is_ordinary, others)) >= 0.7 * len(others)
    )
    if not is_text:
        return 0.0, len(kana)
    # Kanji in EUC-JP may pass for a word or two in half-width kana, but not for more.
    return (1.0 if count >= 12 else 0.4) * count, 0


def _is_ordinary(character: str) -> bool:
    return bool("\u3000" <= character <= "\u30ff" or "\uff01" <= character <= "\uff5e") or is_ordinary_kanji(character)


def is_ordinary_kanji(character: str) -> bool:
    """Return whether a character is one of the 2,965 kanji of JIS level 1; misread accented letters never are."""
    return 0xB0 <= character.encode("euc_jp", "replace")[0] <= 0xCF


def decode_line(line: bytes, encoding: str) -> str:
    """Return a line of Japanese; a damaged one without the one to three bytes that make the rest of it read best.

    Where half of a character is missing, the following ones would be read shifted by a byte.
    """
    text = _decoded(line, encoding)
    if text is not None:
        return text
    best, best_score = with_signs(line, encoding), 0.0
    if len(line) > _LONGEST_REPAIRED:
        return best
    for place in range(len(line)):
        head = _decoded(line[:place], encoding) if line[place] >= 0x80 else None
        for length in (1, 2, 3) if head is not None else ():
            tail = _decoded(line[place + length :], encoding)
            score = _good_signs(f"{head}{tail}") if tail is not None else 0.0
            if score > 0 and score >= best_score:  # of equals the last: most files are damaged at their end
                best, best_score = f"{head}{BAD}{tail}", score
    return best


def _good_signs(text: str) -> float:
    kana, common, odd = (len(pattern.findall(text)) for pattern in (_KANA, _COMMON_HAN, _ODD))
    return kana + 0.5 * common + 0.5 * sum(map(is_ordinary_kanji, text)) - 2 * odd
