"""Find the parts of a web page that a reader does not see. In: its tree and source. Out: bool for an element.

Only what the page itself shows for certain counts: the style of an element, and rules of the page's own style sheets.
Sheets in other files are missing, and scripts are not run: a part that a script may show (a fold, a tab, what fades
in) counts as hidden only if it has `hidden`, `display: none` or `visibility: hidden` on the element itself.
aria-hidden hides nothing from the eye.
"""

from __future__ import annotations

import re
from collections import Counter

from selectolax.lexbor import LexborHTMLParser, LexborNode

_GONE = re.compile(r"display:none|visibility:(?:hidden|collapse)")
# No script undoes these: letters without size, parts a thousand pixels away or clipped to a pixel.
_TOO_SMALL = re.compile(
    r"(?:^|;)font-size:(?:0(?=[a-z%;! ]|$)|(?:0?\.\d+|1)(?:px|pt|%)|0?\.[0-2]\d*r?em)|(?:^|;)font:0[ p/]"
)
_FAR = re.compile(
    r"(?:^|;)(?:left|right|top|bottom|text-indent|margin-left|margin-top):-(?:\d{4,}|999)\d*(?:px|pt|em|rem)"
)
_CLIPPED = re.compile(r"clip:rect\((?:0|1px|0px)[, ]|clip-path:(?:inset\((?:50|100)%|circle\(0)|transform:scale\(0\)")
_SQUEEZED = re.compile(r"(?:^|;)(?:max-)?(?:height|width):[01](?:px|pt|em)?(?:;|$)")
# A script may undo this.
_FADED = re.compile(r"(?:^|;)opacity:0?(?:\.0\d*)?%?(?:;|$)")
_COLOUR = re.compile(r"(?:^|;)color:([^;!]+)")
_BACKGROUND = re.compile(r"(?:^|;)background(?:-color)?:([^;!]+)")
_ANY_BACKGROUND = re.compile(
    r"background(?:-color|-image)?\s*:\s*([^;\"'}]{0,200})|bgcolor\s*=\s*[\"']?([#\w]{1,30})|<body[^>]{0,300}\sclass",
    re.I,
)
_LINKED_SHEET = re.compile(r"<link[^>]{0,300}stylesheet|@import", re.I)
_SCRIPT = re.compile(r"<script|\son\w{3,20}\s*=", re.I)
_AT_BLOCK = re.compile(r"@[^{};]{0,300}\{(?:[^{}]{0,4000}\{[^{}]{0,4000}\}){0,500}[^{}]{0,4000}\}")
_SELECTOR = re.compile(r"[\w\s.#>*-]*[.#][\w\s.#>*-]*")  # without states and attributes
_NAME = re.compile(r"[a-z0-9]*([.#][\w-]+)", re.I)
_NAME = re.compile(r"[.#][A-Za-z_][\w-]*")
_WHITES = frozenset("white snow ivory ghostwhite floralwhite mintcream azure".split())
_NEARLY = 8  # of 255: differences of colour that the eye does not see


class Hidden:
    """What a page hides. Create one for each page."""

    def __init__(self, tree: LexborHTMLParser, source: str) -> None:
        self._has_script = bool(_SCRIPT.search(source))
        # A sheet in another file, or a background anywhere, may be what makes white letters visible.
        self._is_white = not _LINKED_SHEET.search(source) and all(
            _is_white(_colour(found[1] or found[2] or "?")) for found in _ANY_BACKGROUND.finditer(source)
        )
        selectors = self._hiding_selectors("\n".join(sheet.text() for sheet in tree.css("style")))
        self._by_sheet = {node.mem_id for node in tree.css(", ".join(selectors))} if selectors else set[int]()

    def hides(self, node: LexborNode) -> bool:
        """Return whether an element, with all in it, is hidden."""
        attributes = node.attributes
        style = _squeezed(attributes.get("style") or "")
        if attributes.get("color"):  # <font color=white>
            style += f";color:{attributes['color']}"
        if "hidden" in attributes or _GONE.search(style) or self._never_shown(style):
            return True
        return node.mem_id in self._by_sheet

    def _never_shown(self, style: str) -> bool:
        if not style:
            return False
        if any(pattern.search(style) for pattern in (_TOO_SMALL, _FAR, _CLIPPED)):
            return True
        if _SQUEEZED.search(style) and "overflow:hidden" in style:
            return True
        return self._is_invisible(style) or (not self._has_script and bool(_FADED.search(style)))

    def _is_invisible(self, style: str) -> bool:
        """Return whether letters have the colour of their background."""
        found = _COLOUR.findall(style)
        colour = _colour(found[-1]) if found else None
        if colour is None or "background-clip" in style or "text-shadow" in style:
            return False
        if colour == ():
            return True
        behind = _BACKGROUND.findall(style)
        if behind:
            below = _colour(behind[-1])
            return bool(below) and all(abs(a - b) <= _NEARLY for a, b in zip(colour, below or (), strict=True))
        return self._is_white and _is_white(colour)

    def _hiding_selectors(self, sheets: str) -> list[str]:
        """Return the selectors of rules that hide, if no other rule names their classes and ids and may show them."""
        sheets = _AT_BLOCK.sub("", _without_comments(sheets))
        pairs = [rule.rpartition("{") for rule in sheets.split("}")]
        rules = [(selector.strip(), _squeezed(body)) for selector, _, body in pairs]
        counts = Counter(name for selector, _ in rules for name in _NAME.findall(selector))
        found = []
        for selector, body in rules:
            gone = not self._has_script and _GONE.search(body)
            if gone or self._never_shown(body):
                parts = [part.strip() for part in selector.split(",")]
                found += [
                    part
                    for part in parts
                    if _SELECTOR.fullmatch(part) and all(counts[name] == 1 for name in _NAME.findall(part))
                ]
        return found


def _without_comments(style: str) -> str:
    parts = style.split("/*")
    return parts[0] + "".join(part.partition("*/")[2] for part in parts[1:])


def _squeezed(style: str) -> str:
    r"""Return declarations in lower case without needless spaces.

    >>> _squeezed("Font-Size : 0px ;\n COLOR: White")
    'font-size:0px;color:white'
    """
    return re.sub(r"\s*([:;,(])\s*", r"\1", _without_comments(style).strip().lower())


def _colour(text: str) -> tuple[int, ...] | None:
    """Return red, green and blue; () for a transparent colour, None for one that is not understood.

    >>> _colour("#FFF"), _colour("rgb(255, 254,255)"), _colour("transparent"), _colour("var(--x)")
    ((255, 255, 255), (255, 254, 255), (), None)
    """
    text = text.strip().lower().split(" ")[0] if "(" not in text else text.strip().lower()
    if text in _WHITES:
        return (255, 255, 255)
    if text == "black":
        return (0, 0, 0)
    if text == "transparent":
        return ()
    if found := re.fullmatch(r"#?([0-9a-f]{6})(?:[0-9a-f]{2})?", text):
        return () if len(text) == 9 and text.endswith("00") else tuple(bytes.fromhex(found[1]))
    if found := re.fullmatch(r"#([0-9a-f]{3})", text):
        return tuple(int(sign * 2, 16) for sign in found[1])
    if found := re.match(r"rgba?\((\d+)[, ]+(\d+)[, ]+(\d+)(?:[,/ ]+([\d.]+%?))?", text):
        return () if found[4] and not float(found[4].rstrip("%")) else tuple(int(found[n]) for n in (1, 2, 3))
    return None


def _is_white(colour: tuple[int, ...] | None) -> bool:
    return bool(colour) and min(colour or (0,)) >= 255 - _NEARLY
