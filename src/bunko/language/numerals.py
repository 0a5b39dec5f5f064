"""Read numbers that are written in words or in kanji. In: strings. Out: values. Knows nothing of units and dates."""

from __future__ import annotations

import re
from fractions import Fraction

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
CARDINALS = {word: n for n, word in enumerate(_SMALL)} | {word: 10 * n for n, word in enumerate(_TENS, 2)}
SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_FIRST = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
ORDINALS = {word: n for n, word in enumerate(_FIRST, 1)} | {"thirtieth": 30, "fortieth": 40, "fiftieth": 50}
ORDINALS |= {f"twenty-{word}": 20 + n for n, word in enumerate(_FIRST[:9], 1)} | {"thirty-first": 31}

_WORD = re.compile(r"[A-Za-z]+")
_DIGITS = {"〇": 0, "零": 0} | {sign: n for n, sign in enumerate("一二三四五六七八九", 1)}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "億": 10**8, "兆": 10**12}
_KANJI_TOKEN = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?|.")
KANJI = "〇零一二三四五六七八九十百千万億兆"
# Characters that differ only in width, one for one, so that places stay the same.
_WIDE = {0xFF01 + n: 0x21 + n for n in range(0x5E)} | {0x3000: " ", 0x2212: "-", 0x2010: "-", 0x2011: "-"}
_IS_WIDE = re.compile(f"[{''.join(map(chr, _WIDE))}]")  # sought in a third of the time that folding takes


def fold_width(text: str) -> str:
    """Fold full-width characters to narrow ones; every character keeps its place.

    >>> fold_width("１，９５８年")
    '1,958年'
    """
    return text.translate(_WIDE) if not text.isascii() and _IS_WIDE.search(text) else text


def from_kanji(text: str) -> Fraction | None:
    """Return the value of a number in kanji, or in digits with kanji between them; None if it is not a number.

    >>> [int(from_kanji(text)) for text in ("千九百五十八", "一九五八", "3万5千", "1億2,000万", "二十")]
    [1958, 1958, 35000, 120000000, 20]
    >>> from_kanji("万"), from_kanji("十十二三百")
    (None, None)
    """
    total, section = Fraction(0), Fraction(0)
    current: Fraction | None = None
    positional, least, least_myriad = False, 10**4, 10**16
    for token in _KANJI_TOKEN.findall(text):
        if token[0].isdigit() and token.isascii():
            if current is not None:
                return None
            current, positional = Fraction(token.replace(",", "")), False
        elif token in _DIGITS:
            if current is not None and not positional:
                return None
            current, positional = (current or Fraction(0)) * 10 + _DIGITS[token], True
        elif token in _UNITS:
            if _UNITS[token] >= least:  # in a number, units decrease
                return None
            least = _UNITS[token]
            section += (Fraction(1) if current is None else current) * least
            current = None
        elif token in _MYRIADS:
            section += current or 0
            if not section or _MYRIADS[token] >= least_myriad:
                return None
            least_myriad = _MYRIADS[token]
            total += section * least_myriad
            section, current, least = Fraction(0), None, 10**4
        else:
            return None
    return total + section + (current or 0)


def from_words(text: str) -> list[tuple[int, int, Fraction]]:
    """Return the numbers in English words as (start, end, value). Vague ones, such as "hundreds of", are left out.

    >>> [int(value) for _, _, value in from_words("one hundred and twelve, twenty-one cats, two thousand, a dozen")]
    [112, 21, 2000, 12]
    >>> [int(value) for _, _, value in from_words("between five and six, nineteen fifty")]
    [5, 6, 19, 50]
    """
    found: list[tuple[int, int, Fraction]] = []
    run: list[re.Match[str]] = []
    for match in _WORD.finditer(text):
        if match.group().lower() in _NUMBER_WORDS:
            if run and _joins(run[-1], match, text):
                run.append(match)
                continue
            _close(found, run)
            run = [match]
    _close(found, run)
    return found


_NUMBER_WORDS = frozenset(CARDINALS) | frozenset(SCALES) | {"dozen"}


def _joins(last: re.Match[str], match: re.Match[str], text: str) -> bool:
    """Return whether a number word continues the number before it."""
    before, word = last.group().lower(), match.group().lower()
    between = text[last.end() : match.start()].lower()
    large = before in SCALES
    if between not in (" ", "-") and not (large and between == " and "):
        return False
    if word in SCALES or word == "dozen":
        return True
    return large or (before in _TENS and 0 < CARDINALS[word] < 10)


def _close(found: list[tuple[int, int, Fraction]], run: list[re.Match[str]]) -> None:
    if not run:
        return
    total, section = Fraction(0), Fraction(0)
    for match in run:
        word = match.group().lower()
        if word == "hundred":
            section = (section or 1) * Fraction(100)
        elif word in SCALES:
            total += (section or 1) * SCALES[word]
            section = Fraction(0)
        elif word == "dozen":
            section = (section or 1) * Fraction(12)
        else:
            section += CARDINALS[word]
    found.append((run[0].start(), run[-1].end(), total + section))
