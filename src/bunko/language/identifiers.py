"""Find ids, codes, versions and addresses in a text. In: a text. Out: identifiers with their places; a bool.

PPR-9087, E-17, AB2016-0X, 10.20.30.41, 3.11.2, INV/2026/0042, 0x80070005, 03-1234-5678, max_open_files, C++ and
night.desk@example.org are each one word. Case, width and the sign between a letter and a digit don't matter: E-17, e17.
Dates, measures and words with a number in them (18-year-old, mid-1990s, 5km) are no identifiers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bunko.language.numerals import KANJI, fold_width, from_kanji


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An identifier as it appears in a text."""

    start: int
    end: int
    text: str
    key: str
    """Its folded spelling, equal for all spellings: ppr9087, 10-20-30-41."""


_PLAIN = r"[A-Za-z0-9]"
# Most words have no figure: they are passed over here, and not one by one in Python.
_RUN = rf"(?<![A-Za-z0-9])(?=[A-Za-z/.-]{{0,200}}[0-9_])(?P<other>{_PLAIN}+(?:[-_/.]{_PLAIN}+)*)"
_CANDIDATE = re.compile(
    rf"(?P<mail>{_PLAIN}[A-Za-z0-9_.+-]{{0,63}}@{_PLAIN}[A-Za-z0-9-]*(?:\.{_PLAIN}[A-Za-z0-9-]*)+)"
    rf"|(?<![A-Za-z0-9])(?P<signed>[A-Za-z](?:\+\+|#))(?![A-Za-z0-9])"
    r"|(?<![0-9A-Za-z])(?P<phone>\+\d{1,3}(?:[ -]\(?\d{1,4}\)?){2,5})(?!\d)"
    rf"|第(?P<n>[0-9{KANJI}]{{1,8}})(?P<unit>[条項章節款編号表図版])(?:の(?P<sub>[0-9{KANJI}]{{1,3}}))?"
    rf"|{_RUN}"
)
# Without these signs there is only the last kind, which is found three times as fast alone.
_SIGNS = ("@", "第", "#", "+")
_UNSIGNED_CANDIDATE = re.compile(_RUN)
# Most texts with figures have no identifier. A pattern that begins with a figure is looked for ten times as fast.
_MAY_BE_ONE = re.compile(r"[0-9](?:(?<=[A-Za-z].)|(?<=[A-Za-z][-/.].)|[-/.]?[A-Za-z]|[-/.][0-9]+[-/.][0-9])")
_FIGURE = re.compile("[0-9]")
_SEPARATOR = re.compile(r"[-_/. ()+]+")
_DATE = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2\d{4}")
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+")
# 21st, 1990s, 5km, 10am, 4K: a number with an ending.
_MEASURE = re.compile(r"\d+[a-z]{1,4}", re.I)
_WITH_NUMBER = frozenset(
    "mid pre post late early non circa under over sub top since from to and or in of anti pro ex super ultra multi "
    "semi age ages aged grade about around near before after until page pages no nos vol fig figure chapter table "
    "section part version ver step year years".split()
)
_LONGEST = 64


@lru_cache(maxsize=4096)
def identifiers(text: str) -> tuple[Identifier, ...]:
    """Return the identifiers of a text, in order. So is the number of an article: 第二十一条, 第２１条.

    >>> [item.key for item in identifiers("PPR-9087, e17 and E-17, v. 3.11.2, C#; INV/2026/0042 on 2026-03-05")]
    ['ppr9087', 'e17', 'e17', '3-11-2', 'c#', 'inv2026-0042']
    >>> [item.key for item in identifiers("第二十一条と第２１条の２、一般、型番ＡＢ－１２")]
    ['第21条', '第21条の2', 'ab12']
    >>> identifiers("an 18-year-old of the mid-1990s, 5km, 21st, 1914-18, 9/11, 10.5")
    ()
    """
    folded = fold_width(text)
    has_signs = any(sign in folded for sign in _SIGNS)
    if not (has_signs or "_" in folded or _MAY_BE_ONE.search(folded)):
        return ()
    found = []
    for match in (_CANDIDATE if has_signs else _UNSIGNED_CANDIDATE).finditer(folded):
        said = match.group()
        if match.lastgroup == "other":
            said = _identifying(said)
        if said and len(said) <= _LONGEST:
            start = match.start()
            key = _numbered(match) if match.lastgroup in ("unit", "sub") else _key(said)
            found.append(Identifier(start=start, end=start + len(said), text=said, key=key))
    return tuple(found)


def contains(text: str, key: str) -> bool:
    """Return whether a text has the identifier with this key, in any spelling, and not as a part of a longer one.

    >>> contains("COVID 19", "covid19"), contains("E-170 and E-1", "e17"), contains("10.20.30.41", "10-20-30-4")
    (True, False, False)
    """
    if key.startswith("第"):
        return any(item.key == key for item in identifiers(text))
    return bool(_pattern(key).search(fold_width(text)))


@lru_cache(maxsize=1024)
def _pattern(key: str) -> re.Pattern[str]:
    pieces = re.findall(r"[^\W\d_]+|\d+|[+#@]+", key)
    loose = r"[-_/. ()]{0,2}"
    return re.compile(
        rf"(?<![A-Za-z0-9])(?<![0-9]\.){loose.join(map(re.escape, pieces))}(?![A-Za-z0-9+#]|\.[0-9])", re.I
    )


def _numbered(match: re.Match[str]) -> str:
    """Return the key of a part of a Japanese document: 第21条, 第21条の2."""
    numbers = [str(int(from_kanji(said) or 0)) for said in (match["n"], match["sub"]) if said]
    return f"第{numbers[0]}{match['unit']}" + (f"の{numbers[1]}" if len(numbers) > 1 else "")


@lru_cache(maxsize=8192)  # the same ones are all over a manual
def _identifying(said: str) -> str:
    """Return the part of a run of letters, digits and signs that is an identifier; empty if it has none.

    >>> _identifying("F-16s"), _identifying("COVID-19-related"), _identifying("and/or"), _identifying("max_open_files")
    ('F-16', 'COVID-19', '', 'max_open_files')
    """
    if "_" in said:
        return said
    if said.isdigit() or not _FIGURE.search(said):
        return ""
    parts = re.split(r"([-_/.])", said)
    while len(parts) > 1 and parts[-1].isalpha() and len(parts[-1]) > 3:
        parts = parts[:-2]  # COVID-19-related
    said = re.sub(r"(?<=[A-Za-z])(-?\d+)s$", r"\1", "".join(parts), flags=re.I)
    names = parts[::2]
    if not re.search("[A-Za-z]", said):
        return said if len(names) > 2 and not (_DATE.fullmatch(said) or _THOUSANDS.fullmatch(said)) else ""
    if said.isalpha():
        return ""
    if len(names) == 1:
        return "" if _MEASURE.fullmatch(said) else said
    return "" if _is_compound_word(names) else said


def _is_compound_word(names: list[str]) -> bool:
    """Return whether the parts are those of a word with a number in it: mid-1990s, 18-year-old, 20th-century."""
    if names[0].casefold() in _WITH_NUMBER:
        return True
    words = [name for name in names if name.isalpha()]
    with_number = [name for name in names if not name.isalpha()]
    measured = len(with_number) == 1 and bool(re.fullmatch(r"\d+[a-z]{0,4}", with_number[0], re.I))
    return names[0][0].isdigit() and measured and all(len(word) > 1 for word in words)


@lru_cache(maxsize=8192)
def _key(said: str) -> str:
    """Return the spelling without the signs between a letter and a digit; between two digits they count."""
    said = said.casefold()
    if "++" in said or "#" in said:
        return said
    joined = _SEPARATOR.sub("-", said)
    return re.sub(r"(?<=[a-z])-(?=\d)|(?<=\d)-(?=[a-z])", "", joined.strip("-"))
