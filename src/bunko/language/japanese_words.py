"""Cut Japanese into words that can be compared. In: folded text. Out: words. Uses no dictionary.

Kanji give pairs of characters, katakana words, hiragana the words that are left without grammar. Spellings of one word
are equal: 問い合わせ and 問合せ, 第二十一条 and 第21条, 御飯 and ご飯, 齋藤 and 斎藤. Knows nothing of sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from bunko.language.hiragana import After, hiragana_words
from bunko.language.numerals import KANJI, from_kanji

_K = r"\u4e00-\u9fff\u3400-\u4dbf々〆"
_H = r"\u3041-\u3096"
# Old forms and variants of kanji, one for one.
KANJI_VARIANTS = str.maketrans(
    "齋齊斉髙﨑碕邊邉澤濱濵廣國學嶋嶌壽德眞龍惠榮櫻圓會萬與來實寶瀧舘曾條靜黑淺增藏縣豐關島冨舊附廻聯綠藝驛鐵圖賣體號氣發變戰對點當",
    "斎斎斎高崎崎辺辺沢浜浜広国学島島寿徳真竜恵栄桜円会万与来実宝滝館曽条静黒浅増蔵県豊関島富旧付回連緑芸駅鉄図売体号気発変戦対点当",
)
_NUMERAL = re.compile(rf"[0-9]*[{KANJI}][0-9,{KANJI}]*")
_COUNTED = re.compile(r"[条項章節款編号版回月日年時分秒円人個本台枚件名階歳割番丁世次期位級冊点週つ]")
# The end of a verb between two kanji, which may be left out in writing: 問い合わせ, 引っ越し, 申し込み. Not that of an
# adjective (高い山), nor て after a verb that another follows (見て回る).
_BETWEEN = (
    r"(?:わせ|らせ|まり|がり|わり|もり|かり|らし|わし|かし|まし|がし|かえ|まえ|かけ|だて|[いきぎしちびみりえけげせねべめれてっ])"
    r"(?<![高低長短多少古近遠強弱早速遅安重軽広狭深浅暑寒熱良悪若暗赤青白黒太細厚薄硬固甘辛苦丸無濃鋭鈍痛怖臭善]い)"
    r"(?<![見出似寝得経来着煮]て)"
)
_VERBAL_COMPOUND = re.compile(rf"(?<![{_K}])[{_K}](?:{_BETWEEN}[{_K}])+")
_INNER = re.compile(rf"(?<=[{_K}]){_BETWEEN}(?=[{_K}])")
_HONORIFIC = re.compile(rf"御(?![所殿前家陵苑三嶽用中曹神輿])(?=[{_K}])")
_ASKS = re.compile(r"誰|何[人年月日時個回本台歳倍種類匹頭軒件冊枚階割分番号曜間世紀語県市国色円点名度代通]{0,3}")
_REQUEST = re.compile(r"教えて|下さい")
_RUN = re.compile(rf"[{_K}]+|[{_H}]+")


def fold_spellings(text: str) -> str:
    """Fold the spellings of Japanese words that differ in single characters. The text is in NFKC.

    >>> fold_spellings("第二十一条、四百五十円、御飯、國學院、一般、九州、3万5千円")
    '第21条、450円、飯、国学院、一般、九州、35000円'
    """
    return _HONORIFIC.sub("", _NUMERAL.sub(_digits, text.translate(KANJI_VARIANTS)))


def japanese_words(text: str) -> Iterator[tuple[int, str]]:
    """Yield the place and text of each word in the kanji and hiragana of a folded text.

    >>> [word for _, word in japanese_words("問い合わせ先はどこですか。みかんの引っ越し")]
    ['問合', '合先', 'みか', 'かん', '引越']
    """
    joined = _VERBAL_COMPOUND.sub(_without_kana, _REQUEST.sub(" ", text))
    for match in _RUN.finditer(joined):
        run = match.group()
        if "\u3041" <= run[0] <= "\u3096":
            for word in hiragana_words(run, after=_after(joined, match.start())):
                yield from ((match.start(), pair) for pair in pairs(word))
        elif not _ASKS.fullmatch(run):
            yield from ((match.start(), pair) for pair in pairs(run))


def other_spellings(text: str) -> Iterator[str]:
    """Yield all forms under which a question's word may be in a folded text, beside those of `japanese_words`.

    >>> sorted(set(other_spellings("めがねの見積もり書")))
    ['がね', 'ねの', 'めが', 'もり', 'メガネ', 'モリ', '書', '積書', '見積']
    """
    for match in _RUN.finditer(text):
        run = match.group()
        yield from pairs(run)
        if "\u3041" <= run[0] <= "\u3096":
            for word in hiragana_words(run, after=_after(text, match.start())):
                yield to_katakana(word)
    if _INNER.search(text):
        for run in re.findall(rf"[{_K}]+", _INNER.sub("", text)):
            yield from pairs(run)


def kana_words(text: str) -> list[str]:
    """Return the words in hiragana of a folded text.

    >>> kana_words("みかんの出荷はいつですか")
    ['みかん']
    """
    return [
        word
        for match in _RUN.finditer(text)
        if "\u3041" <= match.group()[0] <= "\u3096"
        for word in hiragana_words(match.group(), after=_after(text, match.start()))
    ]


def pairs(run: str) -> list[str]:
    """Return the pairs of neighbouring characters; a single one stays alone."""
    return [one + other for one, other in pairwise(run)] or [run]


def to_katakana(word: str) -> str:
    """Return hiragana as katakana."""
    return "".join(chr(ord(sign) + 0x60) if "\u3041" <= sign <= "\u3096" else sign for sign in word)


def to_hiragana(word: str) -> str:
    """Return katakana as hiragana; the long vowel mark stays."""
    return "".join(chr(ord(sign) - 0x60) if "\u30a1" <= sign <= "\u30f6" else sign for sign in word)


def joined_compounds(text: str) -> list[str]:
    """Return the verbal compounds of a folded text without the kana between their kanji.

    >>> joined_compounds("引っ越しの問い合わせ先")
    ['引越', '問合先']
    """
    return [_without_kana(match) for match in _VERBAL_COMPOUND.finditer(text)]


def _digits(match: re.Match[str]) -> str:
    """Return a number in kanji as digits, unless it is more likely a part of a word: 一般, 三重, 千葉."""
    said = match.group().rstrip(",")
    rest = match.group()[len(said) :]
    value = from_kanji(said)
    text, end = match.string, match.start() + len(said)
    is_counted = text[match.start() - 1 : match.start()] == "第" or bool(_COUNTED.match(text, end))
    if value is None or value.denominator != 1 or (len(said) == 1 and not is_counted) or set(said) <= set("百千万億兆"):
        return match.group()
    return f"{value}{rest}"


def _after(text: str, start: int) -> After:
    before = text[start - 1 : start]
    if re.fullmatch(rf"[{_K}]", before):
        return "kanji"
    return "word" if before.isalnum() else "nothing"


def _without_kana(match: re.Match[str]) -> str:
    return re.sub(rf"[{_H}]", "", match.group())
