"""Decode a text file of unknown encoding. In: bytes. Out: str. Knows nothing of documents."""

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
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffe\uffff]")
# Letters of Europe and the Near East, signs, kana, full-width forms.
_LIKELY = re.compile(
    "[\t\n\r -~\xa0-\u024f\u0370-\u052f\u05d0-\u05ea\u0620-\u065f\u0e00-\u0e7f\u2000-\u22ff\u3000-\u30ff\uff00-\uffef]"
)
_IDEOGRAPH = re.compile("[\u4e00-\u9fff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_ODD = re.compile("[\uff61-\uff9f\ue000-\uf8ff\u3400-\u4dbf\x80-\x9f]")  # half-width kana, private use, rare Han


def decode(data: bytes) -> str:
    r"""Return the text, without byte order mark and with \n for every kind of line end.

    UTF-8 is taken if it decodes; then ISO-2022-JP by its escapes, UTF-16/32 by their zeros, the other Japanese
    encodings if the result looks Japanese, and finally Windows-1252.

    >>> decode("吾輩は猫である。".encode("euc-jp")), decode("café".encode("latin-1"))
    ('吾輩は猫である。', 'café')
    """
    text = _decode(data)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").removeprefix("\ufeff")


def _decode(data: bytes) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\x1b$" in data[:_SAMPLE] or b"\x1b(J" in data[:_SAMPLE] or b"\x1b(I" in data[:_SAMPLE]:
        return _decode_iso_2022_jp(data)
    if b"\x00" in data:
        if encoding := wide_encoding(data):
            return data.decode(encoding, errors="replace")
        # Stray zeros, or broken UTF-16.
        if b"\x00" in data[:1000]:
            return data.decode("utf-16-be" if data[::2].count(0) > data[1::2].count(0) else "utf-16-le", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # A few kanji in EUC may pass for Hangul in UTF-16: without a space or line break, a high score is required.
        encoding = wide_encoding(data, least=0.9)
        return data.decode(encoding) if encoding else _decode_legacy(data)


def wide_encoding(data: bytes, *, least: float = 0.72) -> str:
    """Return the UTF-16 or UTF-32 encoding of bytes without a byte order mark; "" if they are neither.

    A wrong byte order or encoding gives characters of many scripts, and control characters. `least` is the required
    share of likely characters: correct decodings have 0.75 to 1, wrong ones up to 0.7.

    >>> wide_encoding("吾輩は猫である。".encode("utf-16-be")), wide_encoding("吾輩は猫である。".encode("cp932"))
    ('utf-16-be', '')
    """
    sample = data[:20_000]
    scores = {encoding: _wide_score(sample, encoding) for encoding in ("utf-32-le", "utf-32-be")}
    if not any(scores.values()):  # "A" in UTF-32 is "A" and a zero in UTF-16
        scores = {encoding: _wide_score(sample, encoding) for encoding in ("utf-16-le", "utf-16-be")}
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if scores[best] >= least and sorted(scores.values())[-2] < scores[best] else ""


def _wide_score(sample: bytes, encoding: str) -> float:
    width = 4 if "32" in encoding else 2
    if len(sample) % width:
        return 0.0
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)  # the sample may end within a pair
    except UnicodeDecodeError:
        return 0.0
    if not text or _CONTROL.search(text):
        return 0.0
    # A twentieth of all ideographs is common; Shift_JIS read as UTF-16 has few of those.
    ideographs = _IDEOGRAPH.findall(text)
    common = sum(map(_is_ordinary_kanji, ideographs))
    score = len(_LIKELY.findall(text)) + common + 0.3 * (len(ideographs) - common) + 0.7 * len(_HANGUL.findall(text))
    return score / len(text)


# Python's decoder for ISO-2022-JP lacks half-width kana, and ① or ㈱, which are common in mails.
_ISO_2022_JP_PART = re.compile(rb"\x1b(\$@|\$B|\$\([A-Z]|\([A-Z])([^\x1b\r\n]*)")


def _decode_iso_2022_jp(data: bytes) -> str:
    try:
        return data.decode("iso2022_jp_2004")
    except UnicodeDecodeError:
        pass

    def as_euc(match: re.Match[bytes]) -> bytes:
        kind, text = match.groups()
        if kind in (b"$@", b"$B"):
            return bytes(byte | 0x80 for byte in text)
        if kind == b"(I":
            return b"".join(bytes((0x8E, byte | 0x80)) for byte in text)
        return text if kind in (b"(B", b"(J") else match.group()

    try:
        return _ISO_2022_JP_PART.sub(as_euc, data).decode("euc_jis_2004")
    except UnicodeDecodeError:
        return data.decode("iso2022_jp_2", errors="replace")


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
    """Return whether a character is one of the 2,965 kanji of JIS level 1; misread accented letters never are."""
    return 0xB0 <= character.encode("euc_jp", "replace")[0] <= 0xCF
