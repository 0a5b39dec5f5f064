"""Tell which parts of a web page a person who opens it does not see. In: its source, a tag's attributes. Out: bool.

Only what the page itself says for certain: the style of the element, and rules of its own style sheets for one class
or one id. Sheets of other files are not there, and scripts are not run: a part that a script may show (a fold, a tab,
what fades in) counts as hidden only where that has always been so, by `hidden`, `display: none` or
`visibility: hidden` on the element. aria-hidden hides nothing from the eye. Knows nothing of trees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_GONE = re.compile(r"display:none|visibility:(?:hidden|collapse)")
# What no script undoes: letters of nothing, parts a thousand pixels away or cut down to a pixel.
_TOO_SMALL = re.compile(
    r"(?:^|;)font-size:(?:0(?=[a-z%;! ]|$)|(?:0?\.\d+|1)(?:px|pt|%)|0?\.[0-2]\d*r?em)|(?:^|;)font:0[ p/]"
)
_FAR = re.compile(
    r"(?:^|;)(?:left|right|top|bottom|text-indent|margin-left|margin-top):-(?:\d{4,}|999)\d*(?:px|pt|em|rem)"
)
_CLIPPED = re.compile(r"clip:rect\((?:0|1px|0px)[, ]|clip-path:(?:inset\((?:50|100)%|circle\(0)|transform:scale\(0\)")
_SQUEEZED = re.compile(r"(?:^|;)(?:max-)?(?:height|width):[01](?:px|pt|em)?(?:;|$)")
# What a script may undo.
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
_ONE_NAME = re.compile(r"[a-z0-9]*([.#][\w-]+)", re.I)
_NAME = re.compile(r"[.#][A-Za-z_][\w-]*")
_WHITES = frozenset("white snow ivory ghostwhite floralwhite mintcream azure".split())
_NEARLY = 8  # of 255: differences of colour that no eye makes out


class Hidden:
    """What a page hides. Made once for a page."""

    def __init__(self, source: str) -> None:
        self._has_script = bool(_SCRIPT.search(source))
        # With a sheet that is not there, or a background anywhere, nobody can tell what white letters stand on.
        self._is_white = not _LINKED_SHEET.search(source) and all(
            _is_white(_colour(found[1] or found[2] or "?")) for found in _ANY_BACKGROUND.finditer(source)
        )
        self._names = self._read_sheets(source)

    def hides(self, attributes: Mapping[str, str | None]) -> bool:
        """Tell whether an element and all in it is not to be seen."""
        style = _squeezed(attributes.get("style") or "")
        if attributes.get("color"):  # <font color=white>
            style += f";color:{attributes['color']}"
        if "hidden" in attributes or _GONE.search(style) or self._never_shown(style):
            return True
        names = [f".{name}" for name in (attributes.get("class") or "").split()]
        return any(name in self._names for name in (*names, f"#{attributes.get('id')}"))

    def _never_shown(self, style: str) -> bool:
        if not style:
            return False
        if any(pattern.search(style) for pattern in (_TOO_SMALL, _FAR, _CLIPPED)):
            return True
        if _SQUEEZED.search(style) and "overflow:hidden" in style:
            return True
        return self._is_invisible(style) or (not self._has_script and bool(_FADED.search(style)))

    def _is_invisible(self, style: str) -> bool:
        """Tell whether letters have the colour of what they stand on."""
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

    def _read_sheets(self, source: str) -> frozenset[str]:
        """Return the classes and ids that the page's own sheets hide, if no other rule can show them."""
        sheets = _AT_BLOCK.sub("", "\n".join(_sheets(source)))
        pairs = [rule.rpartition("{") for rule in sheets.split("}")]
        rules = [(selector.strip(), _squeezed(body)) for selector, _, body in pairs]
        counts: dict[str, int] = {}
        for selector, _ in rules:
            for name in _NAME.findall(selector):
                counts[name] = counts.get(name, 0) + 1
        found = set()
        for selector, body in rules:
            for part in selector.split(","):
                one = _ONE_NAME.fullmatch(part.strip())
                gone = not self._has_script and _GONE.search(body)
                if one and counts[one[1]] == 1 and (gone or self._never_shown(body)):
                    found.add(one[1])
        return frozenset(found)


def _sheets(source: str) -> Iterator[str]:
    """Yield the style sheets within a page, without their comments."""
    lower, end = source.lower(), 0
    while (start := lower.find("<style", end)) >= 0 and (end := lower.find("</style", start)) >= 0:
        yield _without_comments(source[source.find(">", start) + 1 : end])


def _without_comments(style: str) -> str:
    parts = style.split("/*")
    return parts[0] + "".join(part.partition("*/")[2] for part in parts[1:])


def _squeezed(style: str) -> str:
    r"""Return declarations in small letters without needless spaces.

    >>> _squeezed("Font-Size : 0px ;\n COLOR: White")
    'font-size:0px;color:white'
    """
    return re.sub(r"\s*([:;,(])\s*", r"\1", _without_comments(style).strip().lower())


def _colour(text: str) -> tuple[int, ...] | None:
    """Return red, green and blue, () for none at all, None for what is not understood.

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
