"""Read the cells of a sheet of .xlsx. In: the pieces of its XML. Out: a Sheet. Never holds the XML as a tree."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Any

from bunko.reading.office.blocks import check_length
from bunko.reading.office.excel.number_formats import hides_all, shown_number, shown_text
from bunko.reading.office.excel.sheet import MOST_COLUMNS, MOST_ROWS, Sheet, area_of, column_name, name_of, place_of
from bunko.reading.office.excel.styles import GENERAL, Style
from bunko.reading.office.package import visit_xml

_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_ON = frozenset({"1", "true"})
_PLAIN = Style()
_KEPT = 20_000  # numbers with a format whose text is remembered
_MIDNIGHT = re.compile(r"T00:00:00(?:\.0+)?Z?$")


def shared_strings(pieces: Iterable[bytes], name: str) -> list[str]:
    """Return the texts that cells name by their number, without the readings over kanji."""
    strings: list[str] = []
    parts: list[str] = []
    skipping = writing = 0

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal skipping, writing
        if tag == "si":
            parts.clear()
        skipping += tag == "rPh"
        writing = tag == "t" and not skipping

    def end(tag: str) -> None:
        nonlocal skipping, writing
        skipping -= tag == "rPh"
        writing = 0
        if tag == "si":
            strings.append(unescaped("".join(parts)))

    def text(data: str) -> None:
        if writing:
            parts.append(data)

    visit_xml(pieces, name, start=start, end=end, text=text)
    return strings


def unescaped(text: str) -> str:
    r"""Return a text with the characters that the format escapes.

    >>> unescaped("a_x0009_b_x005F_x0041_")
    'a\tb_x0041_'
    """
    return _ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), text) if "_x" in text else text


class CellReader:
    """Fills a Sheet. `fresh` says that Excel counts all formulas anew, so that a saved 0 may be none."""

    def __init__(
        self, sheet: Sheet, *, strings: list[str], styles: list[Style], is_1904: bool, fresh: bool, most: int
    ) -> None:
        self.sheet = sheet
        self.white: list[tuple[int, int]] = []
        """Cells in white letters without a fill: hidden, unless something else colours what is behind them."""
        self.is_coloured = False
        self.parts: set[str] = set()
        """Relationships that the sheet names."""
        self._strings, self._styles = strings, styles
        self._is_1904, self._fresh, self._most = is_1904, fresh, most
        self._length = 0
        self._row = self._column = 0
        self._row_name = ""
        self._columns: dict[str, int] = {}
        """The columns seen so far, by their letters: looking them up costs a tenth of reading them."""
        self._shown_before: dict[tuple[str, str], str] = {}
        self._kind = self._style = self._formula = ""
        self._has_formula = False
        self._value: list[str] = []
        self._taken: list[str] | None = None
        self._code: list[str] = []
        self._in_reading = False

    def read(self, pieces: Iterable[bytes], name: str) -> None:
        """Read the whole part. Raises ReadError."""
        visit_xml(pieces, name, start=self._start, end=self._end, text=self._text)

    def _start(self, tag: str, found: dict[str, str]) -> None:
        if tag == "c":
            self._begin_cell(found)
        elif tag in ("v", "t"):
            self._taken = None if self._in_reading else self._value
        elif tag == "f":
            self._has_formula, self._taken = True, self._code
        elif tag == "row":
            self._begin_row(found)
        elif tag == "rPh":
            self._in_reading = True
        else:
            self._arrangement(tag, found)

    def _arrangement(self, tag: str, found: dict[str, str]) -> None:
        if tag == "col" and (found.get("hidden") in _ON or _number(found.get("width"), 1.0) == 0):
            first, last = _number(found.get("min"), 0.0), _number(found.get("max"), 0.0)
            if 0 < first <= last <= MOST_COLUMNS and len(self.sheet.hidden_columns) < MOST_COLUMNS:
                self.sheet.hidden_columns.append((int(first), int(last)))
        elif tag == "mergeCell" and (area := area_of(found.get("ref", ""))):
            self.sheet.merged.append(area)
        elif tag == "autoFilter" and (area := area_of(found.get("ref", ""))):
            self.sheet.headers.add(area.top)
        elif tag in ("conditionalFormatting", "tablePart", "picture"):
            self.is_coloured = True

    def _begin_row(self, found: dict[str, str]) -> None:
        row = found.get("r", "")
        self._row = int(row) if row.isdecimal() and len(row) < 9 else self._row + 1
        self._row_name = str(self._row)
        self._column = 0
        if found.get("hidden") in _ON or _number(found.get("ht"), 1.0) == 0:
            self.sheet.hidden_rows.add(self._row)

    def _begin_cell(self, found: dict[str, str]) -> None:
        reference = found.get("r", "")
        letters = reference.rstrip("0123456789")
        if reference[len(letters) :] == self._row_name and letters in self._columns:
            self._column = self._columns[letters]
        else:
            self._row, self._column = place_of(reference) or (max(self._row, 1), self._column + 1)
            self._row_name = str(self._row)
            self._columns[column_name(self._column)] = self._column
        self._kind, self._style = found.get("t", "n"), found.get("s", "0")
        self._value, self._code, self._has_formula = [], [], False

    def _text(self, data: str) -> None:
        if self._taken is not None:
            self._taken.append(data)

    def _end(self, tag: str) -> None:
        self._taken = None
        if tag == "rPh":
            self._in_reading = False
        elif tag == "c" and self._row <= MOST_ROWS and self._column <= MOST_COLUMNS:
            self._end_cell()

    def _end_cell(self) -> None:
        raw = "".join(self._value)
        if not raw and not self._has_formula:
            return
        style = self._style_of()
        if self._has_formula and self._is_uncounted(raw):
            self.sheet.uncounted.append(name_of(self._row, self._column))
            code = "".join(self._code).strip()
            text = f"={code}" if code else ""
        else:
            text = self._shown(raw, style)
            if style.code[:1] in ";[" and raw.strip() and hides_all(style.code):
                self.sheet.unseen.append(name_of(self._row, self._column))
        if not text.strip():
            return
        self._length += len(text)
        check_length(self._length, self._most)
        if style.is_white:
            self.white.append((self._row, self._column))
        self.sheet.rows.setdefault(self._row, {})[self._column] = text

    def _style_of(self) -> Style:
        n = int(self._style) if self._style.isdecimal() else 0
        return self._styles[n] if n < len(self._styles) else _PLAIN

    def _is_uncounted(self, raw: str) -> bool:
        return (not raw and self._kind != "str") or (self._fresh and raw == "0" and self._kind == "n")

    def _shown(self, raw: str, style: Style) -> str:
        if self._kind == "s":
            n = int(raw) if raw.strip().isdecimal() else -1
            return shown_text(self._strings[n], style.code) if 0 <= n < len(self._strings) else ""
        if self._kind in ("str", "inlineStr"):
            return shown_text(unescaped(raw), style.code)
        if self._kind == "b":
            return "TRUE" if raw.strip() in _ON else "FALSE"
        if self._kind == "e":
            return raw
        if self._kind == "d":
            return self._date(raw.strip(), style)
        if style.code == GENERAL and _WHOLE.fullmatch(raw):
            return raw
        return self._number(raw, style.code)

    def _number(self, raw: str, code: str) -> str:
        """Return a number as it is shown. Columns hold the same dates and rates again and again."""
        key = raw, code
        if (known := self._shown_before.get(key)) is not None:
            return known
        try:
            shown = shown_number(float(raw), code, is_1904=self._is_1904)
        except (ValueError, ArithmeticError):
            shown = raw
        if len(self._shown_before) < _KEPT:
            self._shown_before[key] = shown
        return shown

    def _date(self, raw: str, style: Style) -> str:
        try:
            moment = datetime.datetime.fromisoformat(raw.removesuffix("Z"))
        except ValueError:
            return raw
        if style.code == GENERAL:
            return _MIDNIGHT.sub("", raw).replace("T", " ")
        base = datetime.datetime(1904, 1, 1) if self._is_1904 else datetime.datetime(1899, 12, 30)
        serial = (moment.replace(tzinfo=None) - base) / datetime.timedelta(days=1)
        return shown_number(serial, style.code, is_1904=self._is_1904)


def _number(text: Any, default: float) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return default
