"""Find where a sentence says the contrary of a text in nearly the same words. In: two texts. Out: why, or nothing.

What counting words can't see: a negation, an opposite, a number that belongs to something else, two names that changed
places. Each is looked for by its outward signs, in English and Japanese, without parsing: what has other signs passes.
Knows nothing of answers and sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from bunko.language.inflection import base_form, same_word, stands
from bunko.language.names import Name, has_part, names
from bunko.language.numerals import fold_width
from bunko.language.quantities import Quantity, agrees, quantities
from bunko.language.words import STOP_WORDS, stem


def contradiction(sentence: str, source: str) -> str:
    """Return in a few words how the sentence contradicts the source; empty if it does not, as far as can be seen.

    >>> contradiction("The mill was not built in 1911.", "The mill was built in 1911.")
    'negated: build'
    >>> contradiction("Rome was conquered by Carthage.", "Rome conquered Carthage in 146 BC.")
    'changed places: Carthage, Rome'
    >>> contradiction("塔は1958年に完成した。", "塔は1957年に完成し、1958年に開業した。")
    'belongs to something else: 1958年'
    >>> contradiction("The mill was built by Ada.", "Ada built the mill.")
    ''
    """
    if word := _negated(sentence, source):
        return f"negated: {word}"
    if word := _opposite(sentence, source) or _compared(sentence, source):
        return f"opposite: {word}"
    if word := _misplaced_number(sentence, source):
        return f"belongs to something else: {word}"
    if pair := _changed_places(sentence, source):
        return f"changed places: {', '.join(pair)}"
    return ""


# --- negation ------------------------------------------------------------------------------------------------------

_NOT = re.compile(
    r"\b(?:not(?! (?:only|just|merely|until|later|less|more|fewer))|never|cannot|neither|nor|non|without"
    r"|no(?! (?:more|less|fewer|later|one)))\b|n['’]t\b",
    re.I,
)
_WORD = re.compile(r"[A-Za-z]+(?:['’](?!t\b)[a-z]+)?")
_NEGATED_WITHIN = 40  # characters: what a "not" turns round stands near it
_JA_NOT = re.compile(
    r"([一-鿿々]{1,8}|[ァ-ヺー]{2,})([ぁ-ん]{0,6}?)(?:なかった|ない|なく(?!な)|ません|ぬ(?=[、。])|ず(?=[、。にと]))"
)
_JA_NO_NEGATION = re.compile(r"[少危汚過違必他得程間切]")  # 少ない, 過ぎない, 違いない, 必ず, やむを得ず, 間もなく
_JA_NO_NEGATION_AFTER = re.compile(r"だけ|のみ|ばかり|かもしれ|なければ")


@lru_cache(maxsize=512)
def _turned(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the stems of the words that are negated, and of those that are not."""
    negated: set[str] = set()
    spans: list[tuple[int, int]] = []
    for cue in _NOT.finditer(text):
        for match in _WORD.finditer(text, cue.end(), cue.end() + _NEGATED_WITHIN):
            word = match.group().lower()
            if word in STOP_WORDS or word.endswith("ly") or word in ("yet", "ever", "even"):
                continue
            if not re.match(r"[^.;,]*\buntil\b", text[match.end() : match.end() + _NEGATED_WITHIN]):
                negated.add(base_form(stem(word)))
                spans.append(match.span())
            break
    others = {base_form(stem(m.group().lower())) for m in _WORD.finditer(text) if m.span() not in spans}
    for match in _JA_NOT.finditer(text):
        word, after = match.groups()
        if not _JA_NO_NEGATION.fullmatch(word):
            if _JA_NO_NEGATION_AFTER.search(after):
                continue
            negated.add(word)
            spans.append(match.span())
    for match in re.finditer(r"[一-鿿々]+|[ァ-ヺー]{2,}", text):
        if not any(start <= match.start() < end for start, end in spans):
            others.add(match.group())
    return frozenset(negated), frozenset(others)


_JA_IS_NOT = re.compile(r"(?<!だけ)(?<!のみ)(?<!ばかり)では(?:ない|なかった|ありません)(?!か)")
_JA_ANY_NOT = re.compile(r"な[いくか]|ませ|[^必]ず|ぬ|非|不|無")


def _negated(sentence: str, source: str) -> str:
    if (found := _JA_IS_NOT.search(sentence)) and not _JA_ANY_NOT.search(source):  # 120km/hではない
        return found.group()
    said, said_plainly = _turned(sentence)
    there, there_plainly = _turned(source)
    for negated, plainly, also in ((said, there_plainly, there), (there, said_plainly, said)):
        for word in sorted(negated):
            if _any_same(word, plainly) and not _any_same(word, also):
                return word
    return ""


def _any_same(word: str, others: frozenset[str]) -> bool:
    if word.isascii():
        return stands(word, others)
    return any(word in other or other in word for other in others if not other.isascii())


# --- opposites -----------------------------------------------------------------------------------------------------

_OPPOSITES = [
    tuple({base_form(stem(word)) for word in side.split("/")} for side in pair.split())
    for pair in """
        north/northern south/southern
        east/eastern west/western
        increase/increased/rise/rose/risen decrease/decreased/fall/fell/fallen
        larger/bigger/greater smaller
        largest/biggest/greatest smallest
        more fewer/less
        highest lowest
        higher lower
        oldest youngest/newest
        older younger/newer
        before after
        won/win/winner lost/lose/defeated
        male female
        man/men woman/women
        father mother
        son daughter
        brother sister
        husband wife
        legal/legalized illegal/banned
        accepted/approved rejected/refused
        supported/support opposed/oppose
        allowed/permitted forbidden/prohibited/banned
        maximum minimum
        above below
        always never
        positive negative
        upper lower
        early late
        success failure
        majority minority
        import/imported export/exported
        born/birth died/death
        true false
        possible impossible
        include/includes exclude/excludes
        opened/open closed
    """.strip().splitlines()
]
_JA_OPPOSITES = [
    tuple(side.split("/") for side in pair.split())
    for pair in """
        増加/増え 減少/減っ
        上昇/上がっ 下落/下降/低下/下がっ
        最大 最小
        最高 最低
        最古 最新
        以上 以下/未満
        以前 以後/以降
        賛成 反対
        勝利/勝っ 敗北/敗れ
        輸入 輸出
        北部/北側/北に 南部/南側/南に
        東部/東側/東に 西部/西側/西に
        男性 女性
        息子 娘
        成功 失敗
        許可/認め 禁止/禁じ
        開始/始ま 終了/終わ
        誕生/生まれ 死去/死亡/亡くな
        肯定 否定
        可決 否決
        多数 少数
        前半 後半
        上流 下流
        直接 間接
        合法 違法
        有料 無料
        大きい 小さい
        高い 低い
        長い 短い
    """.strip().splitlines()
]


@lru_cache(maxsize=512)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(match.group().lower()) for match in _WORD.finditer(text))


_MORE = re.compile(r"\b(?:more|less) ([a-z]+) than\b", re.I)
_AS = re.compile(r"\bas ([a-z]+) as\b", re.I)


def _compared(sentence: str, source: str) -> str:
    """Return what is more in one and as much in the other: more powerful than, as powerful as."""
    for one, other in ((_MORE, _AS), (_AS, _MORE)):
        for word in one.findall(sentence):
            if word in other.findall(source) and word not in one.findall(source):
                return str(word)
    return ""


def _opposite(sentence: str, source: str) -> str:
    said, there = _stems(sentence), _stems(source)
    for pair in _OPPOSITES:
        for one, other in (pair, pair[::-1]):
            if said & one and there & other and not said & other and not there & one:
                return min(said & one)
    for word in said - there:
        if len(word) >= 6 and word.startswith("un") and word[2:] in there:
            return word
    for word in there - said:
        if len(word) >= 6 and word.startswith("un") and word[2:] in said:
            return word[2:]
    for ja_pair in _JA_OPPOSITES:
        for these, those in (ja_pair, ja_pair[::-1]):
            says = [word for word in these if word in sentence]
            turned = any(word in source for word in those) and not any(word in source for word in these)
            if says and turned and not any(word in sentence for word in those):
                return says[0]
    return ""


# --- numbers that belong to something else ---------------------------------------------------------------------------

_AFTER = re.compile(r"[\s\"'”’)\]-]*(?:[ぁ-ん]{0,3}([一-鿿々]+|[ァ-ヺー]{2,})|([A-Za-z]+)(?:\s+([A-Za-z]+))?)")


def _misplaced_number(sentence: str, source: str) -> str:
    """Return a number that the source has, but of something else, where the sentence's thing has another number."""
    sentence, source = fold_width(sentence), fold_width(source)
    there = quantities(source)
    for item in quantities(sentence):
        if item.weak or item.kind == "code":
            continue
        for attached in (_word_after, _verb_before):
            word = attached(sentence, item)
            if not word:
                continue
            same_thing = [
                other for other in there if _of_one_kind(item, other) and _is_word(word, attached(source, other))
            ]
            elsewhere = [other for other in there if agrees(item, other)]
            if same_thing and elsewhere and not any(agrees(item, other) for other in same_thing):
                return sentence[item.start : item.end]
    return ""


def _of_one_kind(one: Quantity, other: Quantity) -> bool:
    return _is_year(one) == _is_year(other)


def _is_year(item: Quantity) -> bool:
    return item.kind == "date" or (not item.unit and 1000 <= item.value < 2100)


def _is_word(word: str, other: str) -> bool:
    if not word or not other:
        return False
    if word.isascii():
        return same_word(word, other)
    return word == other or word.startswith(other) or other.startswith(word)


def _word_after(text: str, item: Quantity) -> str:
    """Return what is counted: the word after a number; a verb after a Japanese date."""
    found = _AFTER.match(text, item.end)
    if not found:
        return ""
    if found.group(1):
        return found.group(1)
    if _is_year(item):
        return ""
    for word in found.group(2, 3):
        if word and word.lower() not in STOP_WORDS:
            return stem(word.lower())
    return ""


def _verb_before(text: str, item: Quantity) -> str:
    """Return what happened then: the last word of meaning before an English date, "completed in 1958"."""
    if not _is_year(item):
        return ""
    before = re.search(
        r"([A-Za-z]+)\s+(?:in|on|by|since|until|from|around|about|of|to)(?: the| early| late)*\s*$", text[: item.start]
    )
    return stem(before.group(1).lower()) if before and before.group(1).lower() not in STOP_WORDS else ""


# --- names that changed places ---------------------------------------------------------------------------------------

_PASSIVE = re.compile(r"\b(?:was|were|is|are|be|been|being|got)\b.*\bby\b", re.I)
_BOTH_WAYS = frozenset(
    stem(word) for word in "met meets married fought fight border borders joined signed and or".split()
)
_PIVOTS = frozenset({"than", "before", "after", "under", "over", "from", "to"})
_APART = 80  # characters between two names that one verb ties together
_JA_PASSIVE = re.compile(r"ら?れ[たるて、。]")
_JA_ROLE = re.compile(r"(?P<of>が|は|を|に|によって|より)")


def _changed_places(sentence: str, source: str) -> tuple[str, str] | None:
    for one, other, ties in _ties(sentence):
        agree = oppose = False
        for first, second, others in _ties(source):
            if not any(stands(word, others) for word in ties):
                continue
            agree |= has_part(one, first.text) and has_part(other, second.text)
            oppose |= has_part(one, second.text) and has_part(other, first.text)
        if oppose and not agree:
            return one.text, other.text
    return None


@lru_cache(maxsize=512)
def _ties(text: str) -> tuple[tuple[Name, Name, frozenset[str]], ...]:
    return tuple(_find_ties(text))


def _find_ties(text: str) -> Iterator[tuple[Name, Name, frozenset[str]]]:
    """Yield pairs of names, who does it first, with the words that tie them together."""
    found = names(text)
    for n, one in enumerate(found):
        for other in found[n + 1 :]:
            between = text[one.end : other.start]
            if len(between) > _APART:
                break
            if re.search(r"[\u3041-\u30ff]", between):
                tie = _japanese_tie(text, one, other, between)
                if tie:
                    yield tie
                continue
            words = {match.group().lower() for match in _WORD.finditer(between)}
            ties = (
                frozenset(base_form(stem(word)) for word in words if word in _PIVOTS or word not in STOP_WORDS)
                - _BOTH_WAYS
            )
            if ties and "and" not in words:
                yield (other, one, ties) if _PASSIVE.search(between) else (one, other, ties)


def _japanese_tie(text: str, one: Name, other: Name, between: str) -> tuple[Name, Name, frozenset[str]] | None:
    """Read who did what to whom off the particles: AがBを破った, BはAに破られた, AはBより高い."""
    first, second = _JA_ROLE.match(between), _JA_ROLE.match(text, other.end)
    if not first or not second or "と" in between[:1]:
        return None
    rest = text[second.end() : second.end() + 30]
    verb = re.match(r"[^一-鿿]*([一-鿿々]+)", rest)
    if not verb:
        return None
    roles = (first["of"], second["of"])
    passive = bool(_JA_PASSIVE.search(rest[: verb.end() + 8]))
    subject = {"が", "は"}
    if roles[0] in subject and roles[1] not in subject:
        doer, done = one, other
    elif roles[1] in subject and roles[0] not in subject:
        doer, done = other, one
    else:
        return None
    return (done, doer, frozenset({verb.group(1)})) if passive else (doer, done, frozenset({verb.group(1)}))
