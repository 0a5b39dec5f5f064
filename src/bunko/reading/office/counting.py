"""Write the numbers of lists and notes as Word and LibreOffice do. In: a number and a format's name. Out: text. Pure.

The names are those of ST_NumberFormat, ECMA-376 part 1, 17.18.59.
"""

from __future__ import annotations

from collections.abc import Callable

_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_KANJI = "〇一二三四五六七八九"
_LEGAL = "零壱弐参四伍六七八九"
_AIUEO = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"
_LARGEST = 1_000_000  # a larger number is written in digits
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_HALF_WIDTH = {
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"[n]: sign
    for n, sign in enumerate("ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝ")
}


def count_as(number: int, form: str) -> str:
    """Return a number in a format of Word; in digits where the format or the number is out of the ordinary.

    >>> [count_as(14, form) for form in ("decimal", "lowerRoman", "upperLetter", "aiueoFullWidth", "japaneseCounting")]
    ['14', 'xiv', 'N', 'セ', '十四']
    >>> count_as(3, "ideographTraditional"), count_as(5, "decimalEnclosedCircle"), count_as(7, "decimalZero")
    ('丙', '⑤', '07')
    """
    if not 0 < number < _LARGEST:
        return str(number)
    write = _FORMS.get(form)
    return write(number) if write else str(number)


def kanji_number(number: int, digits: str = _KANJI, units: str = "十百千", *, ones: str = "") -> str:
    """Return a number in kanji, with units; `ones` are the units that have a 一 before them.

    >>> kanji_number(21), kanji_number(305), kanji_number(12_000), kanji_number(0)
    ('二十一', '三百五', '一万二千', '〇')
    """
    if number == 0:
        return digits[0]
    text = ""
    for n, myriad in enumerate(("", "万", "億", "兆")):
        part = number // 10_000**n % 10_000
        if part:
            text = _below_myriad(part, digits, units, ones) + myriad + text
    return text


def _below_myriad(number: int, digits: str, units: str, ones: str) -> str:
    text = ""
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            unit = units[place - 1] if place else ""
            text += ("" if digit == 1 and unit and unit not in ones else digits[digit]) + unit
    return text


def _roman(number: int) -> str:
    text = ""
    for value, sign in _ROMAN:
        text += sign * (number // value)
        number %= value
    return text


def _letters(number: int) -> str:
    """Return a, b, … z, aa, bb: Word repeats the letter."""
    times, place = divmod(number - 1, 26)
    return _LATIN[place] * min(times + 1, 20)


def _of(signs: str) -> Callable[[int], str]:
    """Return a writer for one sign a number; beyond them, digits."""
    return lambda number: signs[number - 1] if number <= len(signs) else str(number)


def _around(signs: str) -> Callable[[int], str]:
    """Return a writer that begins again after the last sign."""
    return lambda number: signs[(number - 1) % len(signs)]


def _digits_of(signs: str) -> Callable[[int], str]:
    return lambda number: "".join(signs[int(digit)] for digit in str(number))


def _ordinal(number: int) -> str:
    last = number % 10 if number % 100 not in (11, 12, 13) else 0
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def _circled(number: int) -> str:
    places = ((1, 20, 0x2460), (21, 35, 0x3251), (36, 50, 0x32B1))
    return next((chr(code + number - low) for low, high, code in places if low <= number <= high), str(number))


def _half(signs: str) -> str:
    return "".join(_HALF_WIDTH.get(sign, sign) for sign in signs)


_FORMS: dict[str, Callable[[int], str]] = {
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "ordinal": _ordinal,
    "decimalZero": lambda number: f"{number:02}",
    "decimalFullWidth": lambda number: str(number).translate(_WIDE),
    "decimalFullWidth2": lambda number: str(number).translate(_WIDE),
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedCircleChinese": _circled,
    "decimalEnclosedFullstop": lambda number: chr(0x2487 + number) if number <= 20 else f"{number}.",
    "decimalEnclosedParen": lambda number: chr(0x2473 + number) if number <= 20 else f"({number})",
    "aiueo": _around(_half(_AIUEO)),
    "iroha": _around(_half(_IROHA)),
    "aiueoFullWidth": _around(_AIUEO),
    "irohaFullWidth": _around(_IROHA),
    "japaneseCounting": kanji_number,
    "chineseCounting": kanji_number,
    "chineseCountingThousand": kanji_number,
    "taiwaneseCounting": kanji_number,
    "taiwaneseCountingThousand": kanji_number,
    "japaneseLegal": lambda number: kanji_number(number, _LEGAL, "拾百阡", ones="拾百阡"),
    "japaneseDigitalTenThousand": _digits_of(_KANJI),
    "ideographDigital": _digits_of(_KANJI),
    "taiwaneseDigital": _digits_of(_KANJI),
    "ideographTraditional": _of(_STEMS),
    "ideographZodiac": _of(_BRANCHES),
    "ideographEnclosedCircle": lambda number: chr(0x327F + number) if number <= 10 else str(number),
    "russianLower": _around(_RUSSIAN),
    "russianUpper": _around(_RUSSIAN.upper()),
    "numberInDash": lambda number: f"- {number} -",
    "hex": lambda number: f"{number:X}",
    "none": lambda number: "",
}
