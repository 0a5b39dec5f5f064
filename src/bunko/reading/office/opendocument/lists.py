"""Count the items of lists and headings of OpenDocument. In: list styles. Out: labels such as "1.2" or "- "."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from bunko.reading.office.counting import count_as
from bunko.reading.office.opendocument.styles import Styles

_LEVELS = 10
_FORMS = {
    "1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman",
    "一, 二, 三, ...": "japaneseCounting", "１, ２, ３, ...": "decimalFullWidth",
    "①, ②, ③, ...": "decimalEnclosedCircle",
    "ア, イ, ウ, ...": "aiueoFullWidth", "ｱ, ｲ, ｳ, ...": "aiueo", "イ, ロ, ハ, ...": "irohaFullWidth",
    "ｲ, ﾛ, ﾊ, ...": "iroha", "甲, 乙, 丙, ...": "ideographTraditional", "子, 丑, 寅, ...": "ideographZodiac",
    "壹, 貳, 參, ...": "japaneseLegal", "01, 02, 03, ...": "decimalZero",
}  # fmt: skip


class Counter:
    """Counts the items of one list, on all its levels."""

    def __init__(self, style: Element | None) -> None:
        self._levels = (
            {int(item.get("level", "0")): item for item in style if item.get("level", "").isdecimal()}
            if (style is not None)
            else {}
        )
        self._counts: dict[int, int] = {}

    def label(self, level: int, *, start: str = "") -> str:
        """Count an item on a level, from 1 for the topmost, and return its label with a space."""
        item = self._levels.get(level)
        first = _whole(item.get("start-value"), 1) if item is not None else 1
        number = self._counts.get(level, first - 1) + 1
        self._counts[level] = int(start) if start.isdecimal() and len(start) < 9 else number
        for deeper in [n for n in self._counts if n > level]:
            del self._counts[deeper]
        if item is None or item.tag.endswith("bullet"):
            return "- "
        text = self._written(level, item)
        return f"{text} " if text else ""

    def _written(self, level: int, item: Element) -> str:
        if not item.get("num-format"):
            return (item.get("num-prefix", "") + item.get("num-suffix", "")).strip()
        shown = min(max(_whole(item.get("display-levels"), 1), 1), level)
        numbers = []
        for place in range(level - shown + 1, level + 1):
            other = self._levels.get(place)
            form = other.get("num-format", "") if other is not None else ""
            if form:
                first = _whole(other.get("start-value"), 1) if other is not None else 1
                numbers.append(count_as(self._counts.get(place, first), _FORMS.get(form, "decimal")))
        return f"{item.get('num-prefix', '')}{'.'.join(numbers)}{item.get('num-suffix', '')}".strip()


class Lists:
    """The lists of a document; one may continue another."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._by_key: dict[str, Counter] = {}
        self._by_style: dict[str, Counter] = {}
        self._headings = Counter(styles.outline)
        self._numbers_headings = styles.outline is not None and any(
            item.get("num-format") for item in styles.outline.iter()
        )

    def open(self, item: Element, inherited: str) -> tuple[Counter, str]:
        """Return the counter of a list, and the name of its style."""
        style = item.get("style-name") or inherited
        counter = self._by_key.get(item.get("continue-list", ""))
        if counter is None and item.get("continue-numbering") == "true":
            counter = self._by_style.get(style)
        counter = counter or Counter(self._styles.lists.get(style))
        self._by_style[style] = counter
        if key := item.get("id"):
            self._by_key[key] = counter
        return counter, style

    def heading(self, level: int) -> str:
        """Count a heading, and return its label."""
        label = self._headings.label(min(level, _LEVELS)) if self._numbers_headings else ""
        return "" if label == "- " else label


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else default
