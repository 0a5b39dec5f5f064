"""Count the items of Word's lists. In: word/numbering.xml. Out: the label of each numbered paragraph, in their order.

A paragraph names a list (`numId`) and a level; the label, such as "1.2" or "第3条", is nowhere in the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from bunko.reading.office.counting import count_as
from bunko.reading.office.word.styles import Styles, number_of, value_of

_LEVELS = 9
_PLACE = re.compile("%([1-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    start: int
    form: str
    pattern: str
    restart: int | None
    """The level, counted from 1, whose items start this one again; 0: none. By default, any above."""
    is_legal: bool
    """All numbers are in digits."""
    gap: str


@dataclass(slots=True, kw_only=True)
class _List:
    key: str
    levels: dict[int, _Level]
    starts: dict[int, int]
    """Levels that begin anew at the list's first item on them, and with which number."""
    fresh: set[int] = field(default_factory=set)


class Numbering:
    """The lists of a document, and how far each has counted."""

    def __init__(self, tree: Element | None, styles: Styles) -> None:
        self._styles = styles
        self._abstract: dict[str, Element] = {}
        self._lists: dict[str, Element] = {}
        for item in tree if tree is not None else ():
            if item.tag == "abstractNum":
                self._abstract[item.get("abstractNumId", "")] = item
            elif item.tag == "num":
                self._lists[item.get("numId", "")] = item
        self._open: dict[str, _List | None] = {}
        self._counts: dict[str, list[int | None]] = {}

    def level_of_style(self, number: str, style: str) -> int:
        """Return the level of a list that belongs to a paragraph style; 0 if none does."""
        _, tree = self._levels_of(number)
        for level in tree.iter("lvl") if tree is not None else ():
            if value_of(level.find("pStyle")) == style:
                return _whole(level.get("ilvl"), 0)
        return 0

    def label(self, number: str, level: int) -> str:
        """Count an item, and return its label with the gap after it; "- " for a bullet; empty if there is none."""
        if number not in self._open:
            self._open[number] = self._list(number)
        found = self._open[number]
        if found is None or level not in found.levels:
            return ""
        counts = self._counts.setdefault(found.key, [None] * _LEVELS)
        if level in found.starts and level not in found.fresh:
            counts[level] = None
            found.fresh.add(level)
            counts[level] = found.starts[level]
        else:
            before = counts[level]
            counts[level] = found.levels[level].start if before is None else before + 1
        for deeper in range(level + 1, _LEVELS):
            if _starts_again(found.levels.get(deeper), level):
                counts[deeper] = None
        return _written(found.levels, counts, level)

    def _list(self, number: str) -> _List | None:
        item = self._lists.get(number)
        key, tree = self._levels_of(number)
        if item is None or tree is None:
            return None
        levels = {_whole(level.get("ilvl"), 0): _level(level) for level in tree.iter("lvl")}
        starts: dict[int, int] = {}
        for override in item.iter("lvlOverride"):
            place = _whole(override.get("ilvl"), 0)
            if (level := override.find("lvl")) is not None:
                levels[place] = _level(level)
            if (start := override.find("startOverride")) is not None:
                starts[place] = number_of(start, 1)
        return _List(key=key, levels={n: one for n, one in levels.items() if 0 <= n < _LEVELS}, starts=starts)

    def _levels_of(self, number: str) -> tuple[str, Element | None]:
        """Return the definition of a list's levels, and its key; it may stand in that of a list style."""
        for _ in range(4):
            item = self._lists.get(number)
            key = value_of(item.find("abstractNumId")) if item is not None else ""
            tree = self._abstract.get(key)
            link = value_of(tree.find("numStyleLink")) if tree is not None else ""
            if not link:
                return key, tree
            number = self._styles.numbering(link)[0]
        return "", None


def _level(tree: Element) -> _Level:
    restart = tree.find("lvlRestart")
    gap = value_of(tree.find("suff"))
    form = tree.find("numFmt")
    return _Level(
        start=number_of(tree.find("start"), 1),
        form=value_of(form) or "decimal",
        pattern=value_of(tree.find("lvlText")),
        restart=None if restart is None else number_of(restart, 0),
        is_legal=tree.find("isLgl") is not None,
        gap="" if gap == "nothing" else " ",
    )


def _starts_again(level: _Level | None, above: int) -> bool:
    return level is None or level.restart is None or above < level.restart


def _written(levels: dict[int, _Level], counts: list[int | None], at: int) -> str:
    level = levels[at]
    if level.form == "bullet":
        return "- "

    def number(match: re.Match[str]) -> str:
        place = int(match.group(1)) - 1
        other = levels.get(place)
        if other is None:
            return ""
        value = counts[place]
        return count_as(
            other.start if value is None else value,
            "decimal" if level.is_legal and other.form != "decimalZero" else other.form,
        )

    text = _PLACE.sub(number, level.pattern).strip()
    return f"{text}{level.gap}" if text else ""


def _whole(text: str | None, default: int) -> int:
    try:
        return int(text or "")
    except ValueError:
        return default
