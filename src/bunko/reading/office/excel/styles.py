"""Find the format of cells. In: xl/styles.xml. Out: for each style its format code, and whether it hides its text."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

GENERAL = "General"
# Formats without a code in the file: ECMA-376 part 1, 18.8.30. Those that depend on the system's language (14, 22) are
# written as ISO 8601 does; 27 to 36 and 50 to 58 as in Japanese.
_ACCOUNTING = '_({0}* #,##0{1}_);_({0}* \\(#,##0{1}\\);_({0}* "-"{2}_);_(@_)'
_ERA_SHORT, _ERA = "[$-411]ge.m.d", '[$-411]ggge"年"m"月"d"日"'
_BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: '"$"#,##0_);\\("$"#,##0\\)', 6: '"$"#,##0_);\\("$"#,##0\\)',
    7: '"$"#,##0.00_);\\("$"#,##0.00\\)', 8: '"$"#,##0.00_);\\("$"#,##0.00\\)', 9: "0%", 10: "0.00%", 11: "0.00E+00",
    12: "# ?/?", 13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 27: _ERA_SHORT, 28: _ERA, 29: _ERA,
    30: "m/d/yy", 31: 'yyyy"年"m"月"d"日"', 32: 'h"時"mm"分"', 33: 'h"時"mm"分"ss"秒"', 34: 'yyyy"年"m"月"',
    35: 'm"月"d"日"', 36: _ERA_SHORT, 37: "#,##0_);\\(#,##0\\)", 38: "#,##0_);\\(#,##0\\)",
    39: "#,##0.00_);\\(#,##0.00\\)", 40: "#,##0.00_);\\(#,##0.00\\)", 41: _ACCOUNTING.format("", "", ""),
    42: _ACCOUNTING.format('"$"', "", ""), 43: _ACCOUNTING.format("", ".00", "??"),
    44: _ACCOUNTING.format('"$"', ".00", "??"), 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
    50: _ERA_SHORT, 51: _ERA, 52: 'yyyy"年"m"月"', 53: 'm"月"d"日"', 54: _ERA, 55: 'yyyy"年"m"月"', 56: 'm"月"d"日"',
    57: _ERA_SHORT, 58: _ERA,
}  # fmt: skip
_WHITE = frozenset({"FFFFFFFF", "00FFFFFF", "FFFFFF"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How cells of a style show their value."""

    code: str = GENERAL
    is_white: bool = False
    """White letters without a fill."""


def cell_styles(tree: Element | None) -> list[Style]:
    """Return the styles of cells by their index."""
    if tree is None:
        return []
    codes = dict(_BUILT_IN)
    for item in tree.iterfind("numFmts/numFmt"):
        if (key := item.get("numFmtId", "")).isdecimal():
            codes[int(key)] = item.get("formatCode", GENERAL)
    fonts = [_is_white(item.find("color")) for item in tree.iterfind("fonts/font")]
    fills = [_is_filled(item) for item in tree.iterfind("fills/fill")]
    return [
        Style(
            code=codes.get(_index(item, "numFmtId"), GENERAL),
            is_white=_at(fonts, _index(item, "fontId")) and not _at(fills, _index(item, "fillId")),
        )
        for item in tree.iterfind("cellXfs/xf")
    ]


def _index(item: Element, name: str) -> int:
    text = item.get(name, "0")
    return int(text) if text.isdecimal() else 0


def _at(found: list[bool], n: int) -> bool:
    return n < len(found) and found[n]


def _is_white(colour: Element | None) -> bool:
    return colour is not None and colour.get("rgb", "").upper() in _WHITE


def _is_filled(fill: Element) -> bool:
    pattern = fill.find("patternFill")
    return pattern is None or pattern.get("patternType", "none") != "none"
