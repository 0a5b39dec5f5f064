"""Replace letters of symbol fonts, and raised and lowered digits, by Unicode. In: text. Out: text. Pure.

In the fonts Symbol and Wingdings, the code of a letter says nothing of its shape. Sources: Adobe's Symbol encoding, and
the characters that Unicode 7 took over from Wingdings.
"""

from __future__ import annotations

_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_PRIVATE = range(0xF000, 0xF100)  # where Word keeps the letters of symbol fonts

# From 0x20 and from 0xA0; a space where the font has nothing.
_SYMBOL = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼ ",
    "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪ 〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭ ",
)
_WINGDINGS = {
    0x20: " ", 0x22: "✂", 0x23: "✁", 0x28: "☎", 0x29: "✆", 0x2A: "✉", 0x36: "⌛", 0x3E: "✇", 0x3F: "✍", 0x41: "✌",
    0x43: "👍", 0x44: "👎", 0x45: "☜", 0x46: "☞", 0x47: "☝", 0x48: "☟", 0x4A: "☺", 0x4B: "😐", 0x4C: "☹", 0x4D: "💣",
    0x51: "✈", 0x52: "☼", 0x54: "❄", 0x58: "✠", 0x59: "✡", 0x5A: "☪", 0x5B: "☯", 0x6C: "●", 0x6D: "❍", 0x6E: "■",
    0x6F: "□", 0x70: "❐", 0x71: "❑", 0x72: "❒", 0x74: "⧫", 0x75: "◆", 0x76: "❖", 0x78: "⌧", 0x7A: "⌘", 0x9E: "·",
    0x9F: "•", 0xA1: "○", 0xA4: "◉", 0xA5: "◎", 0xA7: "▪", 0xA8: "☐", 0xAB: "★", 0xB6: "✰", 0xD5: "⌫", 0xD6: "⌦",
    0xD8: "➢", 0xDC: "➲", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE3: "↖", 0xE4: "↗", 0xE5: "↙", 0xE6: "↘",
    0xE8: "➔", 0xEF: "⇦", 0xF0: "⇨", 0xF1: "⇧", 0xF2: "⇩", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
    **{0x5E + n: chr(0x2648 + n) for n in range(12)},  # the zodiac
    **{0x80 + n: chr(0x2780 + n - 1) if n else "⓪" for n in range(11)},  # numbers in circles
    **{0x8B + n: chr(0x278A + n - 1) if n else "⓿" for n in range(11)},
    **{0xB7 + n: chr(0x1F550 + n) for n in range(12)},  # clocks
}  # fmt: skip
_WINGDINGS_2 = {
    0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0x96: "●", 0xA2: "■", 0xA3: "□",
    **{0x69 + n: chr(0x2460 + n - 1) if n else "⓪" for n in range(11)},
}  # fmt: skip
_FONTS = {
    "symbol": {start + n: sign for start, row in zip((0x20, 0xA0), _SYMBOL, strict=True) for n, sign in enumerate(row)},
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
}
_RAISED = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")


def symbol(code: str, font: str) -> str:
    """Return what a font shows for a code in hexadecimal digits; a replacement character if that is not known.

    >>> symbol("F0B0", "Symbol"), symbol("F0FE", "Wingdings"), symbol("2460", "MS Mincho"), symbol("F0C8", "Webdings")
    ('°', '☑', '①', '�')
    """
    try:
        place = int(code, 16)
    except ValueError:
        return ""
    if (table := _FONTS.get(font.casefold())) is not None:
        return table.get(place & 0xFF if place in _PRIVATE else place, _UNKNOWN)
    usual = place < 0xE000 or 0xF900 <= place <= 0x10FFFF
    return chr(place) if usual and not 0xD800 <= place < 0xE000 else _UNKNOWN


def in_font(text: str, font: str) -> str:
    r"""Return a text in which the letters of a symbol font are what they show.

    >>> in_font("40\uf0b0C", "Symbol"), in_font("40 m", "Symbol"), in_font("\uf0fc yes", "Arial")
    ('40°C', '40 m', '\uf0fc yes')
    """
    if font.casefold() not in _FONTS:
        return text
    return "".join(symbol(f"{ord(sign):X}", font) if ord(sign) in _PRIVATE else sign for sign in text)


def raised(text: str) -> str:
    """Return raised digits and signs as Unicode has them; other text as it is: 10⁶, but 1st.

    >>> raised("6"), raised("-3"), raised("st"), lowered("2")
    ('⁶', '⁻³', 'st', '₂')
    """
    return _changed(text, _RAISED)


def lowered(text: str) -> str:
    """Return lowered digits and signs as Unicode has them; other text as it is."""
    return _changed(text, _LOWERED)


def _changed(text: str, table: dict[int, int]) -> str:
    return text.translate(table) if all(ord(sign) in table or sign.isspace() for sign in text) else text
