"""Recognise a name in Japanese writing that another text has in Latin letters. In: names, texts. Out: a bool; names.

A name in katakana says how it sounds: ルカシェンコ and Lukashenko have the same consonants in the same order, and
similar vowels. `across_scripts.toml` lists countries and bodies whose two names sound differently (ドイツ, Germany).
Knows nothing of documents.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from functools import cache, lru_cache, reduce
from pathlib import Path

from bunko.language.data_files import read_data

FILE = Path(__file__).with_name("across_scripts.toml")
_NAME_IN_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{3,}")
_JAPANESE = re.compile(r"[\u30a1-\u30fa\u30fc\u3400-\u9fff]")
_DOT = re.compile("[・＝=]")
_LATIN_NAME = re.compile(r"[A-ZÀ-Þ][a-zß-ÿA-ZÀ-Þ]{2,}")
# difflib's ratio that the sounds of names with so many consonants must reach; with fewer they are not compared.
_ALIKE = {2: 0.75, 3: 0.7}
_ALIKE_IF_LONG = 0.6

_DIGRAPHS = {
    "シャ": "sa", "シュ": "su", "ショ": "so", "シェ": "se", "ジャ": "za", "ジュ": "zu", "ジョ": "zo", "ジェ": "ze",
    "チャ": "ca", "チュ": "cu", "チョ": "co", "チェ": "ce", "ティ": "ti", "ディ": "di", "トゥ": "tu", "ドゥ": "du",
    "ファ": "ha", "フィ": "hi", "フェ": "he", "フォ": "ho", "ヴァ": "ba", "ヴィ": "bi", "ヴェ": "be", "ヴォ": "bo",
    "ウィ": "wi", "ウェ": "we", "ウォ": "wo", "ツァ": "ca", "ツェ": "ce", "イェ": "e",
}  # fmt: skip
_ROWS = {
    "アイウエオ": "", "カキクケコ": "k", "サシスセソ": "s", "タチツテト": "t", "ナニヌネノ": "n", "ハヒフヘホ": "h",
    "マミムメモ": "m", "ラリルレロ": "r", "ガギグゲゴ": "g", "ザジズゼゾ": "z", "ダヂヅデド": "d", "バビブベボ": "b",
    "パピプペポ": "p",
}  # fmt: skip
_KANA = {sign: row + vowel for signs, row in _ROWS.items() for sign, vowel in zip(signs, "aiueo", strict=True)}
_KANA |= {"チ": "ci", "ツ": "cu", "ヴ": "bu", "ワ": "wa", "ヲ": "o", "ン": "n", "ヤ": "ya", "ユ": "yu", "ヨ": "yo"}
_KANA |= {"ャ": "ya", "ュ": "yu", "ョ": "yo", "ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o"}
# Letters as they are heard in katakana; in this order.
_HEARD = [
    (re.compile(pattern), heard)
    for pattern, heard in (
        (r"sch|sh|sz|zh", "s"), (r"tch|ch|ts|tz|cz", "1"), (r"ph", "h"), (r"ck|q", "k"), (r"x", "ks"),
        (r"c(?=[eiy])", "s"), (r"c(?!$)", "k"), (r"c$", "k"), (r"dj|j", "z"), (r"g(?=[eiy])", "z"), (r"kh|gh", "k"),
        (r"th", "t"), (r"l", "r"), (r"v", "b"), (r"f", "h"), (r"m(?=[bp])", "n"), (r"(?<=[aeiou])h", ""),
        (r"1", "c"), (r"(.)\1+", r"\1"),
    )
]  # fmt: skip
_SOFT = str.maketrans("zc", "ss")


def is_same_name(japanese: str, latin: str) -> bool:
    """Return whether a name in katakana may be that of a word in Latin letters.

    >>> is_same_name("ゼレンスキー", "Zelenskyy"), is_same_name("ラトビア", "Latvia"), is_same_name("ロシア", "Laos")
    (True, True, False)
    """
    return any(_sound_alike(sound, heard) for sound in _sounds(japanese) for heard in _heard(latin))


def has_across_scripts(name: str, text: str) -> bool:
    """Return whether a text in one script has a name, or a part of it, that is written in the other.

    >>> has_across_scripts("ドイツ", "The capital of Germany"), has_across_scripts("Zelensky", "ゼレンスキー大統領")
    (True, True)
    """
    if bool(_JAPANESE.search(name)) is bool(_JAPANESE.search(text)) and not _LATIN_NAME.search(text):
        return False
    if any(_has(other, text) for part in (name, *_DOT.split(name)) for other in _by_name().get(part.casefold(), ())):
        return True
    if parts := _NAME_IN_KATAKANA.findall(name):
        return any(is_same_name(part, word) for part in parts for word in set(_LATIN_NAME.findall(text)))
    if _LATIN_NAME.fullmatch(name):
        return any(is_same_name(word, name) for word in set(_NAME_IN_KATAKANA.findall(text)))
    return False


def forms_in(text: str, name: str) -> list[str]:
    """Return how a text in Latin letters writes a name in Japanese writing; empty if it does not have it.

    >>> forms_in("chief of state: President Volodymyr ZELENSKYY", "ゼレンスキー")
    ['ZELENSKYY']
    """
    listed = [other for other in _by_name().get(name, ()) if _has(other, text)]
    if not _NAME_IN_KATAKANA.fullmatch(name):
        return listed
    return listed or [word for word in dict.fromkeys(_LATIN_NAME.findall(text)) if is_same_name(name, word)]


def names_in_other_script(text: str) -> list[str]:
    """Return the names of the list that a text has, as they are written in the other script.

    >>> names_in_other_script("ドイツの人口は？"), names_in_other_script("The capital of Germany")
    (['Germany', 'German'], ['ドイツ'])
    """
    return list(dict.fromkeys(other for one, others in _listed().items() if _has(one, text) for other in others))


def _has(name: str, text: str) -> bool:
    if _JAPANESE.search(name):
        return name in text
    return bool(re.search(rf"\b{re.escape(name)}\b", text))


@cache
def _listed() -> dict[str, list[str]]:
    """Return the list both ways: each name with its forms in the other script."""
    listed: dict[str, list[str]] = dict(read_data(FILE)["names"])
    for japanese, forms in tuple(listed.items()):
        for form in forms:
            listed.setdefault(form, []).append(japanese)
    return listed


@cache
def _by_name() -> dict[str, list[str]]:
    return {name.casefold(): others for name, others in _listed().items()}


@lru_cache(maxsize=4096)
def _sounds(katakana: str) -> tuple[str, ...]:
    """Return how a name in katakana sounds, in Latin letters; j and ch also as s, which other languages hear."""
    text = katakana.replace("ー", "").replace("ッ", "")
    for kana, latin in _DIGRAPHS.items():
        text = text.replace(kana, latin)
    heard = "".join(_KANA.get(sign, sign) for sign in text)
    heard = re.sub(r"(.)\1+", r"\1", heard)
    return tuple(dict.fromkeys((heard, heard.translate(_SOFT))))


@lru_cache(maxsize=16384)
def _heard(latin: str) -> tuple[str, ...]:
    """Return how a word may be heard in katakana: an r before a consonant is a long vowel, or a sound of its own."""
    text = unicodedata.normalize("NFD", latin.casefold())
    text = "".join(sign for sign in text if "a" <= sign <= "z")
    heard: list[str] = []
    for word in (text, text.replace("th", "s")):
        sound = reduce(lambda said, rule: rule[0].sub(rule[1], said), _HEARD, word)
        heard += [sound, sound.translate(_SOFT), re.sub(r"r(?![aeiouy])", "", sound), sound.replace("g", "k")]
    return tuple(dict.fromkeys(re.sub(r"(.)\1+", r"\1", word) for word in heard))


def _sound_alike(one: str, other: str) -> bool:
    consonants, others = _consonants(one), _consonants(other)
    if len(consonants) < min(_ALIKE) or consonants != others or (one[0] in "aeiou") != (other[0] in "aeiouy"):
        return False
    least = _ALIKE.get(len(consonants), _ALIKE_IF_LONG)
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() >= least


@lru_cache(maxsize=16384)
def _consonants(sound: str) -> str:
    """Return the consonants, each run of one once."""
    return re.sub(r"(.)\1+", r"\1", re.sub(r"[aeiouwy]", "", sound))
