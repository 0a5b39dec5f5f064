"""Write a number with the digits, separators and signs of a format. In: a number and tokens. Out: text. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

from bunko.reading.office.excel.dates import Token

_DIGITS = frozenset("0#?")
_MOST_DECIMALS = 30
_EXACT = Context(prec=1_500)  # a number of 308 digits in a format of 255 signs, all of them %


def number_text(value: float, tokens: Sequence[Token], general: Callable[[float], str]) -> str:
    """Return a number as the tokens of a section say.

    The digits are set from the right into the places; words between places stay between them: 000-0000.
    """
    kinds = [token.kind for token in tokens]
    if "general" in kinds:
        return "".join(general(value) if token.kind == "general" else token.text for token in tokens).strip()
    if not _DIGITS & set(kinds):
        return "".join(general(value) if token.kind == "@" else token.text for token in tokens).strip()
    if not math.isfinite(value):
        return general(value)
    amount = Decimal(f"{abs(value):.15g}") * Decimal(100) ** kinds.count("%")
    if "/" in kinds and _is_fraction(kinds):
        text = _fraction(amount, tokens)
    elif "exponent" in kinds:
        text = _scientific(amount, tokens)
    else:
        text = _decimal(amount, tokens)
    text = " ".join(text.split())
    return f"-{text}" if value < 0 and any(sign in "123456789" for sign in text) else text


def _is_fraction(kinds: Sequence[str]) -> bool:
    place = kinds.index("/")
    after = kinds[place + 1] if place + 1 < len(kinds) else ""
    return any(kind in _DIGITS for kind in kinds[:place]) and (after in _DIGITS or after == "text")


# --- decimals --------------------------------------------------------------------------------------------------


def _decimal(amount: Decimal, tokens: Sequence[Token]) -> str:
    kinds = [token.kind for token in tokens]
    point = kinds.index(".") if "." in kinds else len(kinds)
    whole = [n for n in range(point) if kinds[n] in _DIGITS]
    decimals = [n for n in range(point, len(kinds)) if kinds[n] in _DIGITS]
    last = (whole or decimals or [0])[-1]
    scales, place = 0, last + 1
    while place < len(kinds) and kinds[place] == ",":
        scales, place = scales + 1, place + 1
    if decimals:
        place = decimals[-1] + 1
        while place < len(kinds) and kinds[place] == ",":
            scales, place = scales + 1, place + 1
    grouped = bool(whole) and any(kinds[n] == "," for n in range(whole[0], last))
    amount = amount / Decimal(1000) ** scales
    digits, _, rest = f"{_rounded(amount, len(decimals)):f}".partition(".")
    return _set(
        tokens, _whole_places(digits.lstrip("0"), whole, kinds, grouped), _decimal_places(rest, decimals, kinds)
    )


def _rounded(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-min(places, _MOST_DECIMALS)), ROUND_HALF_UP, _EXACT)


def _whole_places(digits: str, places: Sequence[int], kinds: Sequence[str], grouped: bool) -> dict[int, str]:
    """Return the text for each place of the whole number; the first one takes all that is left."""
    shown: dict[int, str] = {}
    count = 0
    for n in reversed(places):
        rest = digits if n == places[0] else digits[-1:]
        digits = "" if n == places[0] else digits[:-1]
        if not rest:
            rest = {"0": "0", "?": " ", "#": ""}[kinds[n]]
        text = ""
        for sign in reversed(rest):
            text = (f"{sign}," if grouped and count and count % 3 == 0 and sign != " " else sign) + text
            count += 1
        shown[n] = text
    return shown


def _decimal_places(digits: str, places: Sequence[int], kinds: Sequence[str]) -> dict[int, str]:
    shown: dict[int, str] = {}
    seen = False
    for index in range(len(places) - 1, -1, -1):
        digit = digits[index] if index < len(digits) else "0"
        kind = kinds[places[index]]
        seen = seen or digit != "0" or kind == "0"
        shown[places[index]] = digit if seen else {"?": " ", "#": ""}[kind]
    return shown


def _set(tokens: Sequence[Token], whole: dict[int, str], decimals: dict[int, str]) -> str:
    pieces = []
    for n, token in enumerate(tokens):
        if n in whole or n in decimals:
            pieces.append(whole.get(n, "") + decimals.get(n, ""))
        elif token.kind != ",":
            pieces.append(token.text)
    return "".join(pieces)


# --- powers of ten and fractions -------------------------------------------------------------------------------


def _scientific(amount: Decimal, tokens: Sequence[Token]) -> str:
    at = next(n for n, token in enumerate(tokens) if token.kind == "exponent")
    head, tail = tokens[:at], tokens[at + 1 :]
    kinds = [token.kind for token in head]
    point = kinds.index(".") if "." in kinds else len(kinds)
    step = max(1, sum(kind in _DIGITS for kind in kinds[:point]))
    places = sum(kind in _DIGITS for kind in kinds[point:])
    power = 0
    if amount:
        power = amount.adjusted() // step * step
        if _rounded(amount.scaleb(-power), places) >= Decimal(10) ** step:
            power += step
    width = sum(token.kind in _DIGITS for token in tail)
    sign = "-" if power < 0 else "+" if tokens[at].text[1] == "+" else ""
    rest = "".join(token.text for token in tail if token.kind not in _DIGITS)
    return f"{_decimal(amount.scaleb(-power), head)}E{sign}{abs(power):0{width}}{rest}"


def _fraction(amount: Decimal, tokens: Sequence[Token]) -> str:
    """Return a number as a whole and a fraction: 1 1/4."""
    at = next(n for n, token in enumerate(tokens) if token.kind == "/")
    below = "".join(token.text for token in tokens[at + 1 :] if token.kind in _DIGITS or token.text.isdigit())
    top = at
    while top and tokens[top - 1].kind in _DIGITS:
        top -= 1
    has_whole = any(token.kind in _DIGITS for token in tokens[:top])
    exact = Fraction(amount)
    whole = int(exact) if has_whole else 0
    if below.isdigit() and below.strip("0"):
        bottom = min(int(below), 10**6)
        number = int((exact - whole) * bottom + Fraction(1, 2))
    else:
        part = (exact - whole).limit_denominator(10 ** min(max(len(below), 1), 6) - 1)
        number, bottom = part.numerator, part.denominator
    if has_whole and number == bottom:
        whole, number = whole + 1, 0
    outside = "".join(token.text for token in tokens if token.kind == "text" and not token.text.isdigit()).strip()
    shown = f"{number}/{bottom}" if number or not has_whole else ""
    return " ".join(filter(None, [str(whole) if has_whole and (whole or not shown) else "", shown, outside]))
