"""Find names in a sentence, and check whether a text has them. In: texts. Out: names; a bool.

A name is written in capitals, or in katakana, or is a run of kanji that is no verb. Spellings of one name are equal:
Zelensky and Zelenskyy, Gdańsk and Gdansk, アダ・リンド and アダリンド, 斉藤 and 齋藤, A. Lind and Ada Lind. English and
Japanese; other languages by their capitals. Knows nothing of answers.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from bunko.language.japanese_words import KANJI_VARIANTS, to_katakana
from bunko.language.numerals import CARDINALS, KANJI, ORDINALS, SCALES, fold_width
from bunko.language.words import STOP_WORDS, fold_katakana

_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ð": "d"})
_TITLES = frozenset(
    "mr mrs ms miss dr prof professor sir dame lord lady st saint president king queen prince princess emperor pope "
    "general captain minister prime chancellor senator bishop the".split()
)
_CALENDAR = frozenset(
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday".split()
)
# Words that are no names where they begin a sentence. Plurals and words with certain endings are none there, either.
_ORDINARY = frozenset(
    "yes no according based however therefore thus although because since while finally additionally furthermore "
    "moreover overall meanwhile instead later earlier today several both answer question context text source passage "
    "document sources documents people water man woman men women children book city country group work one once "
    "compare contrast explain describe discuss list name give show tell define outline summarise summarize".split()
)
_ORDINARY_ENDING = re.compile(r"(?:[tsc]ion|ment|ness|ity|ing|ly|ed|ance|ence|ism|[^aeiousy]s|ies|ers)$")
_DEMONYM = re.compile(r"(?:n|an|ian|ese|ish|i|ic|s|es)")

_LETTER = r"(?:(?![\u3041-\u30ff\u3400-\u9fff々〆])\w[\u0300-\u036f]*)"
_LATIN_NAME = re.compile(rf"(?![\d_]){_LETTER}(?:(?:{_LETTER}|[’'-])*{_LETTER})?\.?")
_BEGINS = re.compile(r"(?:[.!?…。:：]\s*[\"'“‘(]?|\n\s*)$")
_PARTICLES = frozenset("of the de von van da di la le du der den al el bin ibn".split())
_KANA = r"[\u30a1-\u30fa\u30fc\uff66-\uff9d][\u30a1-\u30fa\u30fc\uff66-\uff9f]*"  # half-width ones, too
_KATAKANA = re.compile(rf"{_KANA}(?:[・＝=]{_KANA})*")
_KANJI_RUN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf々〆]+")
_VERBAL = re.compile(r"する|され|させ|でき|[いきぎしじちみりえけげせねめべれるっらくぐまわ]")
_JAPANESE = re.compile(r"[\u3041-\u30ff\u3400-\u9fff々〆]")
_LEAST_KATAKANA = 3  # of a name that may be written in hiragana
_GENERIC = frozenset(
    "質問 文章 資料 回答 答 場所 理由 名前 人物 内容 情報 記述 以下 以上 可能 必要 現在 当時 時代 世界 自分 時間 問題 "
    "結果 原因 目的 方法 種類 意味 存在 一部 最初 最後 最大 最小 全体 部分 間 中 上 下 前 後 時 年 月 日 人 的".split()
)
_LEAST_KANJI = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name as it appears in a text."""

    start: int
    end: int
    text: str
    words: tuple[str, ...]
    """Its parts, folded, without titles: ("ada", "lind"). A Japanese name is a single part, without dots."""


_CYRILLIC_ENDINGS = ("yy", "yi", "iy", "ij", "i")


def names(sentence: str) -> list[Name]:
    """Return the names in a sentence, in order.

    >>> [name.text for name in names("In 1871 Dr. Ada Lind of Norway built it with Bob, アダ・リンドが建てた。")]
    ['Dr. Ada Lind of Norway', 'Bob', 'アダ・リンド']
    >>> [name.text for name in names("Elephants came in May. Napoleon did not. Construction began.")]
    ['Napoleon']
    >>> [name.text for name in names("足利義満が建設した。")]
    ['足利義満']
    """
    folded = fold_width(sentence)
    found = _latin_names(folded)
    for match in _KATAKANA.finditer(folded):
        if len(match.group()) >= 3:
            found.append(_japanese(match))
    for match in _KANJI_RUN.finditer(folded):
        text = match.group()
        verbal = _VERBAL.match(folded, match.end())
        if len(text) >= _LEAST_KANJI and not verbal and text not in _GENERIC and not set(text) <= set(KANJI):
            found.append(_japanese(match))
    return sorted(found, key=lambda name: name.start)


def _japanese(match: re.Match[str]) -> Name:
    return Name(start=match.start(), end=match.end(), text=match.group(), words=(fold_name(match.group()),))


def _latin_names(text: str) -> list[Name]:
    found: list[Name] = []
    run: list[re.Match[str]] = []
    first = True
    for match in _LATIN_NAME.finditer(text):
        begins = first or bool(_BEGINS.search(text, max(0, match.start() - 12), match.start()))
        first = False
        word = match.group().rstrip(".")
        in_capitals = word[0].isupper() and word.lower() not in _NO_NAMES and not word.endswith(("’", "'"))
        near = run and re.fullmatch(r"[ \u00a0-]|\. ", text[run[-1].end() : match.start()])
        if in_capitals and not (begins and _is_ordinary(text, match)):
            if run and not near:
                _close(found, run, text)
                run = []
            run.append(match)
        elif not (near and word in _PARTICLES):
            _close(found, run, text)
            run = []
        else:
            run.append(match)
    _close(found, run, text)
    return found


_NO_NAMES = (
    _CALENDAR
    | (STOP_WORDS - {"us"})
    | frozenset(CARDINALS)
    | frozenset(ORDINALS)
    | frozenset(SCALES)
    | frozenset({"i", "i'm", "it's", "that's", "don't", "ad", "bc", "ce", "bce", "am", "pm"})
)


def _is_ordinary(text: str, match: re.Match[str]) -> bool:
    """Return whether the first word of a sentence is capitalised only because it is the first."""
    word = match.group().rstrip(".").lower()
    if word in _ORDINARY:
        return True
    following = _LATIN_NAME.match(text, match.end() + 1)
    if following and following.group()[0].isupper() and following.group().lower() not in _NO_NAMES:
        return False
    return bool(_ORDINARY_ENDING.search(word)) and not match.group()[1:2].isupper()


def _close(found: list[Name], run: list[re.Match[str]], text: str) -> None:
    while run and run[-1].group() in _PARTICLES:
        run = run[:-1]
    if not run:
        return
    parts = (fold_name(word) for part in run for word in _words_within(part.group()))
    words = tuple(word for word in parts if word and word not in _TITLES and word not in _PARTICLES)
    if words:
        start, end = run[0].start(), run[-1].end() - run[-1].group().endswith(".")
        found.append(Name(start=start, end=end, text=text[start:end], words=words))


def fold_kanji(text: str) -> str:
    """Fold old forms and variants of kanji, and names of several parts in katakana; all other characters stay.

    >>> fold_kanji("齋藤と髙橋、アダ・リンド")
    '斎藤と高橋、アダリンド'
    """
    return re.sub(r"(?<=[\u30a1-\u30fa\u30fc])[・＝=](?=[\u30a1-\u30fa])", "", text.translate(KANJI_VARIANTS))


@lru_cache(maxsize=4096)
def fold_name(word: str) -> str:
    """Fold the spellings of a name to one.

    >>> [fold_name(word) for word in ("Zelenskyy", "Zelenskiy", "Zelensky’s", "Gdańsk", "A.", "SVYRYDENKO")]
    ['zelensky', 'zelensky', 'zelensky', 'gdansk', 'a', 'svyrydenko']
    >>> tuple(fold_name(word) for word in ("アダ・リンド", "コンピューター", "ヴァイオリン", "齋藤", "髙橋"))
    ('アダリンド', 'コンピュタ', 'バイオリン', '斎藤', '高橋')
    """
    word = _fold_signs(word).translate(KANJI_VARIANTS)
    if _JAPANESE.search(word):
        return fold_katakana(word)
    word = re.sub(r"['’]s?$", "", word.casefold().rstrip(".")).translate(_LETTERS)
    word = "".join(sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))
    return re.sub(r"(?<=[a-z]{3})(?:yy|iy|ij|yi|ii)$", "y", word)


def other_spellings(name: str) -> list[str]:
    """Return how a folded name from Cyrillic is also spelled in Latin letters; none for other names.

    >>> other_spellings("zelensky"), other_spellings("lind")
    (['zelenskyy', 'zelenskyi', 'zelenskiy', 'zelenskij', 'zelenski'], [])
    """
    stem = name[:-1]
    return [stem + ending for ending in _CYRILLIC_ENDINGS] if re.fullmatch(r"[a-z]{4,}y", name) else []


def _words_within(word: str) -> list[str]:
    """Return the words that a word consists of, folded. A sign may stand for several, not all letters: A½ is A1⁄2."""
    return [word] if word.isascii() else _LATIN_NAME.findall(_fold_signs(word))


def _fold_signs(text: str) -> str:
    return fold_width(unicodedata.normalize("NFKC", text))


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedText:
    """A text, prepared for searching for names."""

    words: tuple[str, ...]
    """All its words in Latin letters, folded, in order."""
    initials: str
    """Their first letters; a space for a word that is not capitalised."""
    acronyms: frozenset[str]
    """The words in capitals, folded: un, of UN."""
    japanese: str
    """Its Japanese characters, folded, with spaces for the others."""


@lru_cache(maxsize=1024)
def fold_text(text: str) -> FoldedText:
    """Return a text, prepared for searching for names."""
    folded = _fold_signs(text)
    found = [word for match in _LATIN_NAME.finditer(text) for word in _words_within(match.group())]
    parts = [part for word in found for part in word.split("-") if part]
    japanese = re.sub(r"[^\u3041-\u30ff\u3400-\u9fff々〆]+", " ", re.sub(r"[・＝=]", "", folded))
    return FoldedText(
        words=tuple(fold_name(word) for word in parts),
        initials="".join(word[0].lower() if word[0].isupper() else " " for word in parts),
        acronyms=frozenset(fold_name(word) for word in parts if len(word) > 1 and word.isupper()),
        japanese=fold_name(japanese) if japanese.strip() else "",
    )


def has_part(name: Name, text: str) -> bool:
    """Return whether a text has the name, or a part of it that can stand for it: Lind, for Ada Lind.

    >>> lind = names("It was Ada Lind.")[0]
    >>> has_part(lind, "Lind built it."), has_part(lind, "A. Lind built it."), has_part(lind, "Linda built it.")
    (True, True, False)
    """
    there = fold_text(text)
    if _JAPANESE.search(name.words[0]):
        return _is_pieced_together(name.words[0], there.japanese)
    telling = [word for word in name.words if len(word) > 1] or name.words
    return _is_abbreviated(name, there) or any(_has_word(word, there) for word in telling)


def has_whole(name: Name, text: str) -> bool:
    """Return whether a text has all parts of the name side by side, first names perhaps as initials.

    >>> lind = names("It was Ada Lind.")[0]
    >>> has_whole(lind, "Ada B. Lind built it."), has_whole(lind, "A. Lind built it."), has_whole(lind, "Paul Lind")
    (True, True, False)
    """
    there = fold_text(text)
    if _JAPANESE.search(name.words[0]):
        return _is_pieced_together(name.words[0], there.japanese)
    if _is_abbreviated(name, there):
        return True
    parts = [part for word in name.words for part in word.split("-") if part]
    if len(parts) == 1:
        return _has_word(parts[0], there)
    return any(_follow(parts, there.words[place : place + len(parts) + 3]) for place in range(len(there.words)))


def _is_pieced_together(word: str, text: str) -> bool:
    """Return whether a Japanese word is in a text, or consists of words that are: 東京都港区 in 東京都の港区.

    >>> _is_pieced_together("東京都港区", "東京都の港区"), _is_pieced_together("東京", "大阪")
    (True, False)
    """
    if word in text:
        return True
    if len(word) >= _LEAST_KATAKANA and _KATAKANA.fullmatch(word) and word in to_katakana(text):
        return True  # メガネ, めがね
    if not _KANJI_RUN.fullmatch(word):
        return False
    while word:
        length = next((n for n in range(len(word), 1, -1) if word[:n] in text), 0)
        if not length:
            return len(word) == 1 and word in text
        word = word[length:]
    return True


def _follow(parts: list[str], words: tuple[str, ...]) -> bool:
    """Return whether the parts are in these words in order, the first at the start; others (B.) may be between."""
    place = 0
    for n, part in enumerate(parts):
        while place < len(words) and not _same(part, words[place], initials=n + 1 < len(parts)):
            if n == 0:
                return False
            place += 1
        if place == len(words):
            return False
        place += 1
    return True


_PEOPLES = {
    people: line.split()[0]
    for line in """
        britain british
        china chinese
        denmark danish danes
        england english
        finland finnish finns
        france french
        germany german germans
        greece greek greeks
        ireland irish
        netherlands dutch
        norway norwegian norwegians
        poland polish poles
        portugal portuguese
        scotland scottish scots
        spain spanish
        sweden swedish swedes
        switzerland swiss
        turkey turkish
        wales welsh
    """.strip().splitlines()
    for people in line.split()[1:]
}


def _same(one: str, other: str, *, initials: bool) -> bool:
    one, other = _PEOPLES.get(one, one), _PEOPLES.get(other, other)
    if one == other or _is_of(one, other) or _is_of(other, one):
        return True
    return initials and min(len(one), len(other)) == 1 and one[0] == other[0]


def _is_of(longer: str, shorter: str) -> bool:
    """Return whether a word is derived from the name of a place: Japanese, from Japan."""
    return len(shorter) >= 4 and longer.startswith(shorter) and bool(_DEMONYM.fullmatch(longer[len(shorter) :]))


def _has_word(word: str, there: FoldedText) -> bool:
    if any(_same(word, other, initials=False) for other in there.words):
        return True
    pieces = [fold_name(piece) for piece in word.split("-") if piece]
    if len(pieces) > 1:
        return all(_has_word(piece, there) for piece in pieces)
    return _singular(word) in map(_singular, there.words)


def _singular(word: str) -> str:
    """Return a name without the ending of a plural. Stems would equate names: University, Universal.

    >>> _singular("jews"), _singular("kennedies"), _singular("paris"), _singular("ross")
    ('jew', 'kennedy', 'pari', 'ross')
    """
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def _is_abbreviated(name: Name, there: FoldedText) -> bool:
    """Return whether one is an acronym of the other: UN, United Nations.

    >>> [_is_abbreviated(names(f"The {one} met.")[0], fold_text(other)) for one, other in (
    ...     ("UN", "the United Nations"), ("United Nations", "the UN"), ("United States", "among us"))]
    [True, True, False]
    """
    letters = "".join(name.words)
    if len(name.words) == 1 and name.text.isupper() and 2 <= len(letters) <= 6 and letters in there.initials:
        return True
    return len(name.words) > 1 and "".join(word[0] for word in name.words) in there.acronyms
