"""Show the value of a cell as its number format does. In: a value and a format code. Out: text. Pure.

The codes are those of ECMA-376 part 1, 18.8.31: sections for positive, negative, zero and text, parted by semicolons.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from bunko.reading.office.counting import kanji_number
from bunko.reading.office.excel.dates import Token, date_text
from bunko.reading.office.excel.numerals import number_text

_TOKEN = re.compile(
    r"""(?P<text>"[^"]*"?|\\.)|_(?P<gap>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]|(?P<general>General|標準)
    |(?P<half>AM/PM|A/P|上午/下午|午前/午後)|(?P<exponent>E[+-])|(?P<fraction>\.0+(?<=s\.0)|(?<=s)\.0+|(?<=s\])\.0+)
    |(?P<date>y+|m+|d+|h+|s+|g+|e+|b+|aaaa?)|(?P<digit>[0#?])|(?P<sign>[.,%/@])|(?P<other>.)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[\d.]+(?:E[+-]?\d+)?)", re.IGNORECASE)
_CURRENCY = re.compile(r"\$([^-]*)(?:-(.*))?", re.DOTALL)
_JAPANESE = frozenset({"411", "ja-JP"})
_LONGEST = 255  # Excel's limit for a format
_DATES = frozenset("ymdhsgebaHMS")
_ERROR = "#"
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    tokens: tuple[Token, ...]
    is_date: bool
    is_japanese: bool
    gannen: bool
    digits: str
    """Which digits of DBNum are used: "1", "2", "3" or ""."""
    condition: tuple[str, float] | None

    def holds(self, value: float) -> bool:
        """Return whether the section's condition is true."""
        assert self.condition is not None
        sign, limit = self.condition
        return {
            "<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit, "=": value == limit,
            "<>": value != limit,
        }[sign]  # fmt: skip


def shown_number(value: float, code: str, *, is_1904: bool = False) -> str:
    """Return what a cell shows for a number.

    >>> [shown_number(value, code) for value, code in ((0.075, "0.0%"), (1234.5, '"$"#,##0.00'), (1234, "00000"))]
    ['7.5%', '$1,234.50', '01234']
    >>> shown_number(46096, 'yyyy"年"m"月"d"日"'), shown_number(46096, '[$-411]ggge"年"m"月"d"日";@')
    ('2026年3月15日', '令和8年3月15日')
    >>> shown_number(37.75 / 24, "[h]:mm"), shown_number(-5600, "#,##0;(#,##0)"), shown_number(1.5, ";;;")
    ('37:45', '(5,600)', '')
    """
    section, amount = _chosen(_sections(code[:_LONGEST]), value)
    if section is None:
        return general(value)
    if section.is_date:
        text = date_text(value, section.tokens, is_1904=is_1904, is_japanese=section.is_japanese, gannen=section.gannen)
        return _in_digits(text, section) if text else general(value)
    return _in_digits(number_text(amount, section.tokens, general), section)


def shown_text(text: str, code: str) -> str:
    """Return what a cell shows for a text: the format may set words around it, or hide it.

    >>> shown_text("12-B", '"No. "@'), shown_text("x", "0.00"), shown_text("x", ";;;")
    ('No. 12-B', 'x', '')
    """
    if "@" not in code and code.count(";") < 3:
        return text
    sections = _sections(code[:_LONGEST])
    section = sections[3] if len(sections) > 3 else sections[-1]
    if len(sections) < 4 and not any(token.kind == "@" for token in section.tokens):
        return text
    return "".join(text if token.kind == "@" else token.text for token in section.tokens).strip()


def hides_all(code: str) -> bool:
    """Return whether a format shows nothing at all, as ;;; does."""
    sections = code.split(";")
    return len(sections) > 2 and not any(section.strip() for section in sections)


def general(value: float) -> str:
    """Return a number without a format, with as many digits as Excel shows in a wide cell.

    >>> [general(value) for value in (0.1 + 0.2, 123456789012345.0, 1 / 3, -5.0, 1e21, 1.5e-12)]
    ['0.3', '123456789012345', '0.3333333333', '-5', '1E+21', '1.5E-12']
    """
    if value == int(value) and abs(value) < 1e16:
        return str(int(value))
    text = f"{value:.10g}"
    if "e" not in text:
        return text
    number, _, power = text.partition("e")
    if 1e-10 < abs(value) < 1:
        return f"{Decimal(value).quantize(Decimal(10) ** -14, ROUND_HALF_UP):f}".rstrip("0")
    return f"{number}E{power[0]}{power[1:].lstrip('0').zfill(2)}"


def _chosen(sections: tuple[_Section, ...], value: float) -> tuple[_Section | None, float]:
    """Return the section for a value, and the value to show: without a sign where the section is for negatives."""
    numbers = sections[:3]
    if any(section.condition for section in numbers):
        for section in numbers:
            if section.condition is None or section.holds(value):
                below = section.condition is not None and section.condition[0][0] == "<" and section.condition[1] <= 0
                return section, abs(value) if below else value
        return None, value
    if value < 0 and len(numbers) > 1:
        return numbers[1], abs(value)
    if value == 0 and len(numbers) > 2:
        return numbers[2], value
    return numbers[0], value


@functools.lru_cache(maxsize=2_000)
def _sections(code: str) -> tuple[_Section, ...]:
    found: list[list[Token]] = [[]]
    for match in _TOKEN.finditer(code):
        if match["other"] == ";":
            found.append([])
        else:
            found[-1].append(_token(match))
    return tuple(_section(tokens) for tokens in found)


def _token(match: re.Match[str]) -> Token:
    kind, text = str(match.lastgroup), match.group()
    if kind == "text":
        return Token(kind="text", text=text.strip('"') if text.startswith('"') else text[1:])
    if kind == "gap":
        return Token(kind="text", text=" ")
    if kind == "fill":
        return Token(kind="text", text="")
    if kind == "bracket":
        inner = str(match["bracket"])
        return Token(kind=inner[0].upper() if _ELAPSED.fullmatch(inner) else "bracket", text=inner)
    if kind == "date":
        return Token(kind=text[0].lower(), text=text)
    if kind == "fraction":
        return Token(kind="fraction", text=text[1:])
    if kind in ("digit", "sign"):
        return Token(kind=text, text=text)
    return Token(kind="text" if kind == "other" else kind, text=text)


def _section(tokens: list[Token]) -> _Section:
    kept: list[Token] = []
    condition: tuple[str, float] | None = None
    language = digits = ""
    for token in tokens:
        if token.kind != "bracket":
            kept.append(token)
        elif found := _CONDITION.fullmatch(token.text.strip()):
            condition = (found.group(1), float(found.group(2)))
        elif money := _CURRENCY.fullmatch(token.text):
            language = money.group(2) or language
            kept.append(Token(kind="text", text=money.group(1)))
        elif token.text.casefold().startswith("dbnum"):
            digits = token.text[5:6]
    is_date = any(token.kind in _DATES for token in kept)
    base = language.split(",")[0].removesuffix("-x-gannen")
    return _Section(
        tokens=tuple(kept),
        is_date=is_date,
        is_japanese=base in _JAPANESE or base.upper().endswith("0411"),
        gannen="gannen" in language,
        digits=digits,
        condition=condition,
    )


def _in_digits(text: str, section: _Section) -> str:
    """Return a text with its digits in kanji or in full width, where the format says so."""
    if section.digits == "3":
        return text.translate(_WIDE)
    if section.digits not in ("1", "2"):
        return text

    def number(match: re.Match[str]) -> str:
        digits = match.group()
        if len(digits) > 16 or (section.is_date and len(digits) == 4):
            return "".join(kanji_number(int(digit)) for digit in digits)
        if section.digits == "2":
            return kanji_number(int(digits), "〇壱弐参四伍六七八九", "拾百阡", ones="拾百阡")
        return kanji_number(int(digits))

    return re.sub(r"\d+", number, text)
