"""Decode a text file of unknown encoding. In: bytes. Out: str. Knows nothing of documents.

A place that can't be decoded costs one character: it is "\ufffd" in the text, and the rest is read.
"""

from __future__ import annotations

import codecs
import re

from bunko.reading.text.broken_utf16 import decode_utf_16
from bunko.reading.text.legacy_encoding import BAD, decode_legacy, decode_line, is_ordinary_kanji, with_signs

_BOMS = (  # longest first: the UTF-32 mark begins with the UTF-16 one
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffe\uffff]")
# Letters of Europe and the Near East, signs, kana, full-width forms.
_LIKELY = re.compile(
    "[\t\n\r -~\xa0-\u024f\u0370-\u052f\u05d0-\u05ea\u0620-\u065f\u0e00-\u0e7f\u2000-\u22ff\u3000-\u30ff\uff00-\uffef]"
)
_IDEOGRAPH = re.compile("[\u4e00-\u9fff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")


def decode(data: bytes, *, declared: str = "") -> str:
    r"""Return the text, without byte order mark and with \n for every kind of line end.

    A byte order mark decides, then the `declared` encoding, if nearly all of the text decodes by it. Else ISO-2022-JP
    is found by its escapes and UTF-16/32 by their zeros; UTF-8 is taken if most of the text decodes, then the other
    Japanese encodings if the result looks Japanese, and finally Windows-1252.

    >>> decode("吾輩は猫である。".encode("euc-jp")), decode("café".encode("latin-1"))
    ('吾輩は猫である。', 'café')
    >>> decode("吾輩は猫である。".encode()[:-1])
    '吾輩は猫である�'
    """
    text = _decode_as(data, declared) if declared and not data.startswith(tuple(mark for mark, _ in _BOMS)) else None
    if text is None:
        text = _decode(data)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").removeprefix("\ufeff")


# A declared encoding is believed up to this share of bad places among the characters beyond ASCII, and one more.
_BAD_SHARE = 0.02
# These are written by programs that mean their supersets.
_SUPERSETS = {"shift_jis": "cp932", "euc_jp": "euc_jis_2004", "iso8859-1": "cp1252", "ascii": "cp1252"}
_JAPANESE = ("cp932", "euc_jis_2004")


def _decode_as(data: bytes, declared: str) -> str | None:
    """Return the text in the encoding that it declares; None if that is unknown, or wrong."""
    try:
        name = codecs.lookup(declared).name
        name = _SUPERSETS.get(name, name)
        if name.startswith(("utf-16", "utf-32", "iso2022_jp")):  # `decode` finds these by themselves
            return None
        text = with_signs(data, name)
    except (LookupError, UnicodeError, ValueError):  # such as base64, which is no encoding of text
        return None
    bad = text.count(BAD)
    foreign = sum(not character.isascii() for character in text) if bad else 0
    if not bad:
        return text
    if name == "utf-8" or bad - 1 > _BAD_SHARE * foreign:
        return None  # `decode` tries UTF-8 first, and finds lines of another encoding
    return "\n".join(decode_line(line, name) for line in data.split(b"\n")) if name in _JAPANESE else text


def _decode(data: bytes) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            if encoding == "utf-16":
                order = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
                return decode_utf_16(data[len(mark) :], order, likely=likely_characters)
            return data.decode(encoding, errors="replace")
    if any(escape in data for escape in (b"\x1b$", b"\x1b(J", b"\x1b(I")) and not _is_utf_8_beyond_ascii(data):
        return _decode_iso_2022_jp(data)
    if b"\x00" in data:
        if encoding := wide_encoding(data):
            if encoding.startswith("utf-16"):
                return decode_utf_16(data, encoding, likely=likely_characters)
            return data.decode(encoding, errors="replace")
        # Stray zeros, or broken UTF-16.
        if b"\x00" in data[:1000]:
            order = "utf-16-be" if data[:200:2].count(0) > data[1:200:2].count(0) else "utf-16-le"
            return decode_utf_16(data, order, likely=likely_characters)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # A few kanji in EUC may pass for Hangul in UTF-16: without a space or line break, a high score is required.
        encoding = wide_encoding(data, least=0.9)
        return data.decode(encoding, errors="replace") if encoding else decode_legacy(data)


def _is_utf_8_beyond_ascii(data: bytes) -> bool:
    """Return whether bytes are UTF-8 with characters beyond ASCII, so that escapes in them are a terminal's."""
    if data.isascii():
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def wide_encoding(data: bytes, *, least: float = 0.72) -> str:
    """Return the UTF-16 or UTF-32 encoding of bytes without a byte order mark; "" if they are neither.

    A wrong byte order or encoding gives characters of many scripts, and control characters. `least` is the required
    share of likely characters: correct decodings have 0.75 to 1, wrong ones up to 0.7.

    >>> wide_encoding("吾輩は猫である。".encode("utf-16-be")), wide_encoding("吾輩は猫である。".encode("cp932"))
    ('utf-16-be', '')
    """
    sample = data[:20_000]
    sample = sample[: len(sample) - len(sample) % 4] if len(sample) > 8 else sample  # the file may be cut
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
    return likely_characters(text) / len(text)


def likely_characters(text: str) -> float:
    """Return how many characters of a text are those of real texts; rare ones count less than one."""
    # A twentieth of all ideographs is common; Shift_JIS read as UTF-16 has few of those.
    ideographs = _IDEOGRAPH.findall(text)
    common = sum(map(is_ordinary_kanji, ideographs))
    return len(_LIKELY.findall(text)) + common + 0.3 * (len(ideographs) - common) + 0.7 * len(_HANGUL.findall(text))


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

    lines = _ISO_2022_JP_PART.sub(as_euc, data).split(b"\n")
    return "\n".join(decode_line(line, "euc_jis_2004") for line in lines)
