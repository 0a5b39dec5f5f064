"""Split text into words that have meaning. In: strings. Out: folded, stemmed words. Knows nothing of documents.

English is split at spaces and stemmed, Japanese is cut by script: kanji into pairs, katakana into runs, hiragana into
what is no grammar. An identifier (PPR-9087) and a whole date are one word in any notation. Uses no dictionaries and no
models, since it runs on every sentence of every document.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from bunko.language.identifiers import identifiers
from bunko.language.japanese_words import (
    fold_spellings,
    japanese_words,
    joined_compounds,
    other_spellings,
    pairs,
    to_hiragana,
    to_katakana,
)
from bunko.language.quantities import whole_dates
from bunko.language.reading_variants import reading_variants
from bunko.language.scripts import CJK

STOP_WORDS = frozenset(
    "a an the of in on at to for from by with and or is are was were be been being as it its this that these those "
    "he she they his her their them him i you we our your my me us who whom whose which what when where why how "
    "do does did done has have had having can could will would shall should may might must not no than then there "
    "here also into about over under after before between during through so if but such some any all each other "
    "many much more most very just only own same too s t tell describe explain name give list".split()
)


def normalise(text: str) -> str:
    """Fold full-width forms, ligatures and letter case.

    >>> normalise("ＡＢＣ１２３ ｶﾞｿﾘﾝ")
    'abc123 ガソリン'
    """
    return unicodedata.normalize("NFKC", text).casefold()


_WORD = re.compile(
    r"\d+(?:[.,:]\d+)*%?"  # numbers stay whole: 1,234.5
    r"|(?P<katakana>[\u30a1-\u30fa\u30fc]{2,})"  # a run of katakana is one (foreign) word
    r"|(?P<letters>(?:(?![\u3041-\u30ff\u3400-\u9fff々〆])[^\W\d_])+"
    r"(?:['’](?:(?![\u3041-\u30ff])[^\W\d_])+)?)"
)
# Whether a text may have a Japanese character. Without one, words are these, and nothing else has to be looked for.
_EAST_ASIAN = re.compile(r"[\u2e80-\uffef]")
_MARK = "\ue000"  # for private use, and no character of a plain text
_PLAIN_WORD = re.compile(rf"\d+(?:[.,:]\d+)*%?|[^\W\d_]+(?:['’][^\W\d_]+)?|{_MARK}")
_MAY_IDENTIFY = re.compile(r"[0-9_@#第]|\+\+")
# Of day, month and year. Looking for them takes ten times as long as finding the words.
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DAY_FIRST = re.compile(rf"\d(?:[-/.]\d{{1,2}}[-/.]\d|年\d|(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH})", re.I)
_FIGURE = re.compile(r"\s(?:the\s)?\d", re.I)
_MONTH_BEFORE = re.compile(rf"\b{_MONTH}\.?$", re.I)
_LONGEST_MONTH = 10  # September and a full stop
_PARTS = re.compile(r"[^\W\d_]+|\d+")
_SPACE_AND_FIGURE = re.compile(r" \d")
_SPACED = re.compile(r"\b([A-Za-z]{1,8}) (\d+)\b")


def words(text: str) -> list[str]:
    """Return the words that have meaning, folded and stemmed, in order, repeats kept.

    Runs of kanji give their pairs of characters, so that 東京都 matches 東京; words in hiragana do, too. An identifier
    and a whole date are one word each. Grammar is left out, also in Japanese.

    >>> words("The Normans' raiders of 1,066"), words("東京都のタワー"), words("みかんはどれですか")
    (['norman', 'raider', '1066'], ['東京', '京都', 'タワ'], ['みか', 'かん'])
    >>> words("PPR-9087 of 5 March 2026"), words("令和8年3月5日")
    (['ppr9087', '2026-03-05'], ['2026-03-05'])
    """
    folded = fold(text)
    whole = _whole_words(folded)
    if not is_plain(folded):
        rest = _without(folded, whole).casefold()
        found = [(start, word) for start, _, word in whole]
        found += [(match.start(), _word(match)) for match in _WORD.finditer(rest)]
        found += japanese_words(rest)
        return [word for _, word in sorted(found, key=lambda item: item[0]) if word]
    if not whole:
        return list(_plain_words(folded))
    in_order = sorted(whole)
    marked = iter(in_order)
    tokens = _PLAIN_WORD.findall(_marked(folded, in_order).casefold())
    return [word for token in tokens if (word := next(marked)[2] if token == _MARK else _plain_word(token))]


@lru_cache(maxsize=4096)
def source_words(text: str) -> frozenset[str]:
    """Return every form in which a question's word may be found in a source: more than `words` has.

    Also the parts of identifiers and dates, katakana in hiragana and the reverse, compounds with and without the kana
    between their kanji, and common words in kanji or kana: お茶, おちゃ.

    >>> sorted(source_words("PPR-9087")), words("ねじ")[0] in source_words("ネジを回す"), "e17" in source_words("E 17")
    (['9087', 'ppr', 'ppr9087'], True, True)
    """
    folded = fold(text)
    found = {word for _, _, word in _whole_words(folded)}
    if is_plain(folded):
        found.update(_plain_words(folded))
    else:
        found |= {word for match in _WORD.finditer(folded.casefold()) if (word := _word(match))}
    if _SPACE_AND_FIGURE.search(folded):
        found |= {f"{match[1]}{match[2]}".casefold() for match in _SPACED.finditer(folded)}
    if not is_plain(folded):
        found.update(words(text))
        found.update(map(fold_katakana, other_spellings(folded)))
        katakana = re.findall(r"[\u30a1-\u30fa\u30fc]{2,}", folded)
        found.update(pair for word in katakana for pair in pairs(to_hiragana(word)))
        found.update(fold_katakana(name) for name in re.findall(r"[\u30a1-\u30fa\u30fc・＝=]{3,}", folded))
        for other in reading_variants(folded):
            found.update(words(other), pairs(other))
            found.add(fold_katakana(to_katakana(other)))
    return frozenset(found)


def spellings(text: str) -> str:
    """Return other spellings of a text's words, for an index that splits words in its own way: with spaces between.

    Numbers in kanji as digits, articles, identifiers as one word, compounds without the kana between their kanji.

    >>> spellings("PPR-9087: 第二十一条の問い合わせ先は四百五十円。"), spellings("The mill is old.")
    ('ppr9087 第21条 問合先 21 450', '')
    """
    if text.isascii() and not _MAY_IDENTIFY.search(text):
        return ""
    plain = unicodedata.normalize("NFKC", text)
    folded = fold(text)
    found = [item.key.replace("-", "_") for item in identifiers(folded)]
    if not text.isascii():
        found += joined_compounds(folded)
        if folded != plain:
            found += [number for number in re.findall(r"\d+", folded) if number not in plain]
    return " ".join(dict.fromkeys(found))


def fold(text: str) -> str:
    """Fold a text's full-width forms, and the spellings of its Japanese words; letter case stays.

    >>> fold("ＡＢ－１２ ﾌﾟﾘﾝﾀ 第二十一条")
    'AB-12 プリンタ 第21条'
    """
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    return text if is_plain(text) else fold_spellings(text)


def is_plain(text: str) -> bool:
    """Return whether a text has no Japanese characters, nor others of East Asia."""
    return text.isascii() or not _EAST_ASIAN.search(text)


@lru_cache(maxsize=256)
def _whole_words(folded: str) -> tuple[tuple[int, int, str], ...]:
    """Return start, end and word of the identifiers and the whole dates of a folded text."""
    if not _MAY_IDENTIFY.search(folded):
        return ()
    found = [(item.start, item.end, item.key) for item in identifiers(folded)]
    if _may_have_date(folded):
        found += [
            (item.start, item.end, f"{item.year:04}-{item.month:02}-{item.day:02}") for item in whole_dates(folded)
        ]
    return tuple(found)


def _without(text: str, places: Sequence[tuple[int, int, str]]) -> str:
    """Return a text with spaces at these places."""
    rest = list(text)
    for start, end, _ in places:
        rest[start:end] = " " * (end - start)
    return "".join(rest)


def _marked(text: str, places: Sequence[tuple[int, int, str]]) -> str:
    """Return a text with a mark for each of these places, which are in order and may overlap."""
    parts, done = [], 0
    for start, end, _ in places:
        parts += [text[done:start], f" {_MARK} "]
        done = max(done, end)
    return "".join(parts) + text[done:]


def _may_have_date(folded: str) -> bool:
    """Return whether a text may have a whole date: "5 March 2026", "March 5, 2026", "令和元年5月3日"."""
    if _DAY_FIRST.search(folded) or "元年" in folded:
        return True
    figures = (match.start() for match in _FIGURE.finditer(folded))
    return any(_MONTH_BEFORE.search(folded, max(0, at - _LONGEST_MONTH), at) for at in figures)


def _word(match: re.Match[str]) -> str:
    """Return a number, a word in katakana or one in letters as it is compared; empty for a stop word."""
    word = match.group()
    if match.lastgroup == "katakana":
        return fold_katakana(word)
    if match.lastgroup == "letters":
        return "" if word in STOP_WORDS else stem(word)
    return word.replace(",", "")


@lru_cache(maxsize=65536)
def _plain_word(token: str) -> str:
    """Return what `_word` does for a match of `_PLAIN_WORD`."""
    if token[0].isdecimal():
        return token.replace(",", "")
    return "" if token in STOP_WORDS else stem(token)


@lru_cache(maxsize=256)  # of a search: its passages are looked at twice
def _plain_words(folded: str) -> tuple[str, ...]:
    """Return the words of a plain text, identifiers and dates in parts."""
    return tuple(word for word in map(_plain_word, _PLAIN_WORD.findall(folded.casefold())) if word)


def fold_katakana(word: str) -> str:
    """Fold the spellings of a word in katakana: コンピューター and コンピュータ, ヴァイオリン and バイオリン.

    >>> fold_katakana("コンピューター"), fold_katakana("アダ・リンド"), fold_katakana("ヴァイオリン")
    ('コンピュタ', 'アダリンド', 'バイオリン')
    """
    word = re.sub(r"[・＝=ー]", "", word).replace("ヴァ", "バ").replace("ヴィ", "ビ").replace("ヴェ", "ベ")
    return word.replace("ヴォ", "ボ").replace("ヴ", "ブ").replace("ヂ", "ジ").replace("ヅ", "ズ")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return the stem of an English word in lower case (Snowball, "english"); other scripts stay as they are.

    >>> stem("countries"), stem("invaded"), stem("running"), stem("studied") == stem("studies")
    ('countri', 'invad', 'run', True)
    """
    word = word.replace("’", "'")
    return str(_stemmer().stemWord(word)) if word.isascii() else word


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english", 0)  # no cache of its own: `stem` has one


def estimate_tokens(text: str) -> int:
    """Estimate the number of tokens of a text without a tokenizer. Errs on the high side.

    Byte-pair vocabularies give English about four characters a token; a Japanese character is one token in most
    multilingual vocabularies, and up to two in those made for English alone.

    >>> estimate_tokens("Where is it?"), estimate_tokens("東京都")
    (5, 5)
    """
    cjk = len(CJK.findall(text))
    return int((len(text) - cjk) / 3 + cjk * 1.5) + 1
