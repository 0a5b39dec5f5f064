"""Link the words of a question to a table. In: a question, a Table. Out: Links in order.

Words that are linked to nothing are Links, too. Knows nothing of what the question asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bunko.language.numerals import CARDINALS, from_kanji
from bunko.rows.lexicon import LONGEST_PHRASE, key_of, read_lexicon
from bunko.rows.table import Column, Table
from bunko.rows.values import Date, date_at, evidence_of_mark, fold, unit_of

_TOKEN = re.compile(r"[a-z\u00c0-\u024f]+(?:['’][a-z]+)?|\d+|\S")
_SAID_NUMBER = re.compile(
    r"(?P<minus>-)?(?P<before>us\$|[$€£¥])?\s?(?P<digits>\d{1,3}(?:[,.]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)"
    r"(?P<kanji>[万億兆千百][\d万億兆千百]*)?(?P<scale>(?:k|m|bn)(?![a-z])|\s(?:thousand|million|billion)\b)?"
)
_KANJI_NUMBER = re.compile(r"[一二三四五六七八九十]+(?=[件人名個社店本冊つ位行台回枚])")
_YEAR = re.compile(r"(?:19|20)\d\d(?![\d,.]?\d)")
_UNIT = re.compile(r"\s?(?P<unit>[a-z%]+|[^\x00-\x7f]{1,5})")
_COUNTERS = frozenset(  # units that may follow a number in a question
    "年 年生 件 人 名 行 個 本 台 冊 回 枚 匹 社 店 点 度 歳 才 日 時間 分 秒 つ 品 位 円 ドル ユーロ % パーセント "
    "ポイント キロ グラム メートル センチ ミリ リットル "
    "mm cm km kg mg ml g m l t ha kwh kw degrees degree points point percent dollars dollar "
    "euros euro yen pounds pound hours hour minutes minute days units unit pieces people years".split()
)
_SCALES = {"k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "bn": 10**9, "billion": 10**9}
_QUOTED = re.compile(r"[「『“\"‘'](?P<inner>[^」』”\"’']{1,100})[」』”\"’']")
_MOST_TOKENS = 16  # words, or Japanese characters, of a phrase
_MOST_VALUES = 50_000  # distinct texts of a column that questions can name
_SUFFIXES = re.compile(r"(?:id|no|name|date|number|type|kind|code|日|数|者|額|名|率|年|地|先|量)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A stretch of the question, and what it may be."""

    start: int
    end: int
    text: str
    roles: Mapping[str, str] = field(default_factory=dict)
    """What the words do, from the lexicon; empty for words that nothing explains."""
    columns: tuple[int, ...] = ()
    """The columns that it names; several where only a part of their names is said."""
    values: tuple[tuple[int, str], ...] = ()
    """Columns with the value that it names, as written in the cells."""
    number: Decimal | None = None
    unit: str = ""
    date: Date | None = None
    flag: str = ""
    """Of a column of yes and no: "yes" or "no"."""
    is_name: bool = False
    """Whether it is the table's name."""
    is_file: bool = False
    """Whether it is the name of the table's file, with the ending."""

    def has(self, role: str) -> bool:
        """Return whether the words may have a role."""
        return role in self.roles

    @property
    def is_plain(self) -> bool:
        """Whether it is of the language only, not of the table."""
        return not (self.columns or self.values or self.number is not None or self.date or self.is_name)

    @property
    def is_filler(self) -> bool:
        """Whether nothing is lost without it."""
        return self.has("filler") and self.is_plain

    @property
    def is_unknown(self) -> bool:
        """Whether nothing explains it."""
        return not (self.roles or self.columns or self.values or self.number is not None or self.date or self.is_name)


class Vocabulary:
    """The names of a table, its columns and values, as questions say them."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.columns = _column_keys(table.columns)
        self.names = {key: path for name in table.names for key, path in _name_keys(name)}
        self.flags = {
            key_of(prefix + column.name): n
            for n, column in enumerate(table.columns)
            if column.flags
            for prefix in ("un", "non", "non-", "未")
        }
        self.units = frozenset(unit for column in table.columns for unit in column.units)
        self._values: dict[str, dict[int, list[str]]] | None = None

    @property
    def has_dates(self) -> bool:
        """Whether a column holds dates."""
        return any(column.kind == "date" for column in self.table.columns)

    def values(self, text: str) -> tuple[tuple[int, str], ...]:
        """Return the columns that have a value, each with the value as it is written."""
        if self._values is None:
            self._values = _values(self.table.columns)
        for form in _singulars(text):
            if found := self._values.get(form):
                return tuple((n, value) for n, written in found.items() for value in written)
        return ()


def names_of(columns: Sequence[str], names: Sequence[str]) -> frozenset[str]:
    """Return the keys of what a table and its columns may be called.

    >>> sorted(names_of(["order_id", "amount"], ["sales"]) & {"order", "amount", "sale"})
    ['amount', 'order', 'sale']
    """
    blank = [Column(name=name, kind="text", values=()) for name in columns]
    return frozenset(_column_keys(blank)) | {key for name in names for key, _ in _name_keys(name)}


def phrases_of(question: str) -> frozenset[str]:
    """Return the keys of all phrases of a question, to be compared with those of `names_of`.

    >>> "total amount" in phrases_of("What is the total amount?")
    True
    """
    folded = fold(question)
    return frozenset(key_of(folded[start:end]) for start, end in _stretches(folded))


def link(question: str, vocabulary: Vocabulary) -> list[Link]:
    """Return the links of a question, in order: as few as explain the most characters."""
    folded = fold(question).rstrip("?？。.!！ ")
    original = question.strip()
    tokens = [(match.start(), match.end()) for match in _TOKEN.finditer(folded)]
    best: dict[int, tuple[tuple[int, int], list[Link]]] = {len(folded): ((0, 0), [])}
    starts = [start for start, _ in tokens]
    for start, end in reversed(tokens):
        options = [*_at(folded, original, start, tokens, vocabulary), _unknown(folded, start, end)]
        choices = []
        for option in options:
            goes_on = next((place for place in starts if place >= option.end), len(folded))
            (unknown, count), rest = best[goes_on]
            cost = (unknown + (option.end - start if option.is_unknown else 0), count + (2 if option.is_plain else 1))
            choices.append((cost, -option.end, [option, *rest]))
        cost, _, links = min(choices, key=lambda choice: choice[:2])
        best[start] = (cost, links)
    return _joined(best[tokens[0][0]][1] if tokens else [], folded)


def _unknown(folded: str, start: int, end: int) -> Link:
    text = folded[start:end]
    is_word = any(character.isalnum() for character in text)
    return Link(start=start, end=end, text=text, roles={} if is_word else {"filler": ""})


def _at(
    folded: str, original: str, start: int, tokens: Sequence[tuple[int, int]], vocabulary: Vocabulary
) -> list[Link]:
    """Return what may start at a place."""
    found = [item for item in (_date(folded, original, start, vocabulary), _number(folded, start, vocabulary)) if item]
    if match := _QUOTED.match(folded, start):
        inner = match["inner"].strip()
        if values := vocabulary.values(inner):
            return [Link(start=start, end=match.end(), text=inner, values=values)]
    phrases = (_phrase(folded, start, end, vocabulary) for end in _ends(folded, start, tokens))
    return [*found, *filter(None, phrases)]


def _phrase(folded: str, start: int, end: int, vocabulary: Vocabulary) -> Link | None:
    text = folded[start:end]
    key = key_of(text)
    roles = read_lexicon().roles.get(key, {})
    columns, values = vocabulary.columns.get(key, ()), vocabulary.values(text)
    if values and ("filler" in roles or (roles and not columns and len(text) < 3)):
        values = ()
    path = vocabulary.names.get(key)
    flag = vocabulary.flags.get(key)
    if not (roles or columns or values or path is not None or flag is not None):
        return None
    return Link(
        start=start,
        end=end,
        text=text,
        roles=roles,
        columns=(flag,) if flag is not None else columns,
        values=values,
        flag="no" if flag is not None else "",
        is_name=path is not None,
        is_file=bool(path),
    )


def _stretches(folded: str) -> Iterator[tuple[int, int]]:
    tokens = [(match.start(), match.end()) for match in _TOKEN.finditer(folded)]
    for start, _ in tokens:
        yield from ((start, end) for end in _ends(folded, start, tokens))


def _ends(folded: str, start: int, tokens: Sequence[tuple[int, int]]) -> Iterator[int]:
    """Yield the ends of the phrases that may start at a place."""
    ends = [end for begin, end in tokens if begin >= start and end - start <= LONGEST_PHRASE]
    yield from ends[:_MOST_TOKENS]


def _joined(links: list[Link], folded: str) -> list[Link]:
    """Join what is unknown and adjacent, so that it can be named in one piece."""
    joined: list[Link] = []
    for item in links:
        last = joined[-1] if joined else None
        if last and last.is_unknown and item.is_unknown and last.end == item.start:
            joined[-1] = Link(start=last.start, end=item.end, text=folded[last.start : item.end])
        else:
            joined.append(item)
    return joined


# --- numbers and dates ------------------------------------------------------------------------------------------------


def _date(folded: str, original: str, start: int, vocabulary: Vocabulary) -> Link | None:
    if not vocabulary.has_dates:
        return None
    if start and folded[start - 1].isdigit():
        return None
    if found := date_at(folded, start):
        end, date = found
        alone = folded[start:end].rstrip(".").isalpha()
        # "may" and "march" are dates only with a capital.
        if not alone or (len(original) == len(fold(original)) and original[start].isupper()):
            return Link(start=start, end=end, text=folded[start:end], date=date)
    if match := _YEAR.match(folded, start):
        return Link(start=start, end=match.end(), text=match.group(), date=Date(year=int(match.group())))
    return None


def _number(folded: str, start: int, vocabulary: Vocabulary) -> Link | None:
    if start and folded[start - 1].isdigit():
        return None
    if match := _KANJI_NUMBER.match(folded, start):
        value = from_kanji(match.group())
        return None if value is None else _with_unit(folded, match.span(), Decimal(int(value)), vocabulary)
    word = _TOKEN.match(folded, start)
    if word and CARDINALS.get(word.group(), 0) > 1:
        return _with_unit(folded, word.span(), Decimal(CARDINALS[word.group()]), vocabulary)
    match = _SAID_NUMBER.match(folded, start)
    if not match:
        return None
    digits = match["digits"]
    comma = evidence_of_mark(digits) == ","
    plain = digits.replace(".", "").replace(",", ".") if comma else digits.replace(",", "")
    if match["kanji"]:
        amount = from_kanji(plain + match["kanji"])
        if amount is None:
            return None
        number = Decimal(amount.numerator) / Decimal(amount.denominator)
    else:
        number = Decimal(plain) * _SCALES.get((match["scale"] or "").strip(), 1)
    number = -number if match["minus"] else number
    return _with_unit(folded, match.span(), number, vocabulary, unit=unit_of(match["before"] or ""))


def _with_unit(folded: str, place: tuple[int, int], number: Decimal, vocabulary: Vocabulary, *, unit: str = "") -> Link:
    start, end = place
    if (match := _UNIT.match(folded, end)) and not unit:
        said = match["unit"]
        sizes = [len(said)] if said.isascii() else range(len(said), 0, -1)
        for size in sizes:
            if said[:size] in _COUNTERS or unit_of(said[:size]) in vocabulary.units:
                unit, end = unit_of(said[:size]), match.start("unit") + size
                break
    return Link(start=start, end=end, text=folded[start:end], number=number, unit=unit)


# --- names ------------------------------------------------------------------------------------------------------------


def _column_keys(columns: Sequence[Column]) -> dict[str, tuple[int, ...]]:
    """Return the columns by what they may be called: whole names win over parts and synonyms."""
    whole: dict[str, list[int]] = {}
    parts: dict[str, list[int]] = {}
    for n, column in enumerate(columns):
        plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.name)
        plain = re.sub(r"[(（\[][^)）\]]*[)）\]]|[%％$€£¥℃°#]", " ", plain).strip()
        for name in (column.name, plain):
            whole.setdefault(key_of(name), []).append(n)
        for part in _parts(key_of(plain or column.name)):
            parts.setdefault(part, []).append(n)
    for key, found in parts.items():
        whole.setdefault(key, found)
    for names, words in read_lexicon().synonyms:
        called = [n for n, column in enumerate(columns) if _is_called(key_of(column.name), names)]
        for word in words:
            if called and word not in whole:
                whole[word] = called
    return {key: tuple(dict.fromkeys(found)) for key, found in whole.items() if key}


def _parts(key: str) -> Iterator[str]:
    """Yield the parts of a column's name that may stand for it: its last word, and what is left without a suffix."""
    pieces = key.split(" ")
    if len(pieces) > 1:
        yield pieces[-1]
        if _SUFFIXES.fullmatch(pieces[-1]):
            yield " ".join(pieces[:-1])
    elif not key.isascii() and len(key) > 1 and _SUFFIXES.search(key) and key[:-1] not in read_lexicon().roles:
        yield key[:-1]
    elif not key.isascii() and key and key[-1] in "当" and len(key) > 1:
        yield key + "者"


def _is_called(key: str, names: Sequence[str]) -> bool:
    return any(key == name or key.rpartition(" ")[2] == name for name in names)


def _name_keys(name: str) -> Iterator[tuple[str, str]]:
    """Yield what a table may be called, each with the file's name if that is in it."""
    base = name.rpartition("/")[2]
    if re.search(r"\.[a-z0-9]{2,7}$", base, re.I):
        yield key_of(base), base
        return
    yield key_of(base), ""
    bare = re.sub(r"[\d\s_.()-]+", " ", base).strip()
    if bare and bare != base:
        yield key_of(bare), ""


def _values(columns: Sequence[Column]) -> dict[str, dict[int, list[str]]]:
    found: dict[str, dict[int, list[str]]] = {}
    for n, column in enumerate(columns):
        if column.kind != "text":
            continue
        distinct = dict.fromkeys(value for value in column.values if isinstance(value, str))
        for value in list(distinct)[:_MOST_VALUES]:
            key = " ".join(fold(value).split())
            if 0 < len(key) <= LONGEST_PHRASE:
                found.setdefault(key, {}).setdefault(n, []).append(value)
    return found


def _singulars(text: str) -> Iterator[str]:
    text = " ".join(text.split())
    yield text
    if text.isascii() and len(text) > 3:
        if text.endswith("s"):
            yield text[:-1]
        if text.endswith("es"):
            yield text[:-2]
        if text.endswith("ies"):
            yield text[:-3] + "y"
