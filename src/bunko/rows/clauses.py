"""Read the conditions of a question over rows. In: Links. Out: Conditions, and which links they used.

"Over 1,000", "since March", 2,000円以上, "North and South", "not paid". Knows nothing of what is computed.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bunko.rows.linking import Link, Vocabulary
from bunko.rows.query import Condition, Operator, Reason
from bunko.rows.table import NO_YEAR, Column, Table
from bunko.rows.values import Date


class Several(Exception):
    """Words that may mean several columns."""

    def __init__(self, words: str, columns: Sequence[int], *, reason: Reason = "several") -> None:
        super().__init__(words)
        self.reason: Reason = reason if words or reason != "several" else "missing"
        self.words = words
        self.columns = tuple(columns)


class Unclear(Exception):
    """The question has no known form."""


class Clauses:
    """The links of a question, of which each is used once."""

    def __init__(self, links: Sequence[Link], vocabulary: Vocabulary) -> None:
        self.table: Table = vocabulary.table
        self.links = [link for link in links if not link.is_filler or len(link.roles) > 1]
        self.all = list(links)
        self.used: set[int] = set()
        self.targets: set[int] = set()  # links of columns that only say what a condition is about
        self.ops = {link.roles["op"] for link in self.links if link.has("op") and not link.columns}
        within = [link.roles["op"] for link in self.links if link.has("op") and link.columns]
        if not self.ops - {"list"}:
            self.ops |= set(within)
        if "superlative" in self.ops:
            self.ops |= {"large": {"max"}, "small": {"min"}}.get(next(iter(self.ops & {"large", "small"}), ""), set())

    def quantities(self) -> Iterator[Condition]:
        """Yield the conditions of the numbers and dates. Raises Several, Unclear."""
        for n, link in enumerate(self.links):
            if n in self.used or (link.number is None and link.date is None):
                continue
            self.used.add(n)
            yield from self._range(n) or self._single(n)

    def _range(self, n: int) -> list[Condition]:
        first = self.links[n]
        join = self.links[n + 1] if n + 1 < len(self.links) else None
        last = self.links[n + 2] if n + 2 < len(self.links) else None
        if not (join and join.has("range") and last) or (first.date is None) != (last.date is None):
            return []
        if (first.number is None and first.date is None) or (last.number is None and last.date is None):
            return []
        before, after = self.near(n, -1), self.near(n + 2, 1)
        opens = before is not None and before.roles.get("compare before") in ("between", ">=")
        closes = after is not None and after.roles.get("compare after") == "<="
        if not (
            opens
            or closes
            or not join.text.isalpha()
            or (first.date and join.text in ("to", "から", "through", "until"))
        ):
            return []
        for index, used in (
            (n + 1, join),
            (n + 2, last),
            (self.links.index(before) if opens and before else -1, before),
        ):
            if used is not None and index >= 0:
                self.used.add(index)
        if closes and after is not None:
            self.used.add(self.links.index(after))
        if first.date and last.date:
            first, last = _completed(first, last)
        column = self._target(n, first)
        return [*self._compared(column, ">=", first), *self._compared(column, "<=", last)]

    def _single(self, n: int) -> list[Condition]:
        link = self.links[n]
        sign = self.sign(n)
        column = self._target(n, link, is_equal=not sign)
        found = self._compared(column, sign or "=", link)
        return [_negated(item) for item in found] if self.is_negated(n) else found

    def sign(self, n: int) -> Operator | None:
        """Return how a quantity compares, and use the words that say so."""
        before, after = self.near(n, -1), self.near(n, 1)
        for other, role in ((after, "compare after"), (before, "compare before")):
            if other is not None and other.has(role) and other.roles[role] != "between":
                self.used.add(self.links.index(other))
                return other.roles[role]  # type: ignore[return-value]
        return None

    def _target(self, n: int, link: Link, *, is_equal: bool = False) -> int:
        """Return the column that a quantity is compared with. Raises Several, Unclear."""
        wanted = "date" if link.date else "number"
        named = [
            (abs(n - other) + (0.5 if other > n else 0), other, column)
            for other, item in enumerate(self.links)
            for column in item.columns
            if self.column(column).kind == wanted
            and (is_equal or not self.column(column).is_key)
            and not (is_equal and wanted == "number" and abs(n - other) > 1)
        ]
        if named:
            _, other, column = min(named)
            if len(self.links[other].columns) > 1:
                fitting = [c for c in self.links[other].columns if self.column(c).kind == wanted]
                if len(fitting) > 1:
                    raise Several(self.links[other].text, fitting)
            if link.date or abs(n - other) <= 2:
                self.targets.add(other)
            return column
        if is_equal and wanted == "number":
            counted = [c for c, column in enumerate(self.table.columns) if link.unit and column.units == (link.unit,)]
            if len(counted) != 1 or self.column(counted[0]).is_money:
                raise Unclear
            return counted[0]
        fitting = [c for c, column in enumerate(self.table.columns) if column.kind == wanted and not column.is_key]
        with_unit = [c for c in fitting if link.unit and link.unit in self.column(c).units]
        fitting = with_unit or fitting
        if len(fitting) != 1:
            if not fitting:
                raise Unclear
            raise Several("", fitting)
        return fitting[0]

    def _compared(self, n: int, sign: Operator, link: Link) -> list[Condition]:
        column = self.column(n)
        if link.date:
            return _dated(n, column, sign, link.date)
        if link.unit in "$€£¥" and column.units and link.unit and link.unit not in column.units:
            raise Unclear
        return [Condition(column=n, operator=sign, values=(link.number,))]

    def values(self) -> list[Condition]:
        """Return the conditions of the values that the question names. Raises Several."""
        found: dict[tuple[int, bool], list[str]] = {}
        for n, link in enumerate(self.links):
            if not link.values or (link.columns and not self._prefers_value(n)):
                continue
            self.used.add(n)
            column = self._column_of_value(n)
            values = [value for c, value in link.values if c == column]
            found.setdefault((column, self.is_negated(n)), []).extend(values)
        return [
            Condition(column=column, operator="!=" if negated else "=", values=tuple(dict.fromkeys(values)))
            for (column, negated), values in found.items()
        ]

    def _prefers_value(self, n: int) -> bool:
        """Return whether words that name a column and a value mean the value: the column is named beside them."""
        columns = {column for column, _ in self.links[n].values}
        return any(other and set(other.columns) & columns for other in (self.near(n, -1), self.near(n, 1)))

    def _column_of_value(self, n: int) -> int:
        columns = list(dict.fromkeys(column for column, _ in self.links[n].values))
        for step in (-1, 1):
            other = self.near(n, step)
            if other and (shared := [column for column in columns if column in other.columns]):
                if not self.groups(self.links.index(other)):
                    self.targets.add(self.links.index(other))
                return shared[0]
        if len(columns) > 1:
            raise Several(self.links[n].text, columns)
        return columns[0]

    def is_negated(self, n: int) -> bool:
        """Return whether a "not" stands beside a link, and use it."""
        for step in (-1, 1):
            other = self.near(n, step)
            if other and other.has("not") and (step == 1) != other.text.isascii():
                self.used.add(self.links.index(other))
                return True
        return False

    def flags(self) -> list[Condition]:
        """Return the conditions of columns of yes and no: "paid orders", "unpaid orders"."""
        found = []
        for n, link in enumerate(self.links):
            flags = self.column(link.columns[0]).flags if len(link.columns) == 1 else None
            if flags and n not in self.targets and n not in self.used and "distinct" not in self.ops:
                negative = link.flag == "no" or self.is_negated(n)
                found.append(Condition(column=link.columns[0], operator="=", values=(flags[1 if negative else 0],)))
                self.used.add(n)
        return found

    def groups(self, n: int) -> bool:
        """Return whether the words around a column make it a group: "by", ごと."""
        before, after = self.before(n), self.after(n)
        return bool((before and before.has("group before")) or (after and after.has("group after")))

    def one(self, n: int) -> int:
        """Return the column that a link names. Raises Several."""
        link = self.links[n]
        if len(link.columns) > 1:
            raise Several(link.text, link.columns)
        return link.columns[0]

    def column(self, n: int) -> Column:
        """Return a column of the table."""
        return self.table.columns[n]

    def near(self, n: int, step: int) -> Link | None:
        """Return the next link before or after one, past fillers that do nothing."""
        index = n + step
        while 0 <= index < len(self.links):
            link = self.links[index]
            if not (link.is_filler and not compares(link)):
                return link
            index += step
        return None

    def before(self, n: int) -> Link | None:
        """Return the link before one."""
        return self.links[n - 1] if n else None

    def after(self, n: int) -> Link | None:
        """Return the link after one."""
        return self.links[n + 1] if n + 1 < len(self.links) else None


def compares(link: Link) -> bool:
    """Return whether words compare something with a number or a date."""
    return link.has("compare before") or link.has("compare after")


def _negated(condition: Condition) -> Condition:
    opposite: dict[Operator, Operator] = {"=": "!=", "<": ">=", ">": "<=", "<=": ">", ">=": "<"}
    if condition.operator not in opposite:
        raise Unclear
    return replace(condition, operator=opposite[condition.operator])


def _completed(first: Link, last: Link) -> tuple[Link, Link]:
    """Give both ends of a range a year and a month if one of them has them."""
    assert first.date
    assert last.date
    one, other = first.date, last.date
    if one.year is None and other.year is not None:
        one = replace(one, year=other.year)
    if other.year is None and one.year is not None:
        other = replace(other, year=one.year)
    return replace(first, date=one), replace(last, date=other)


def _dated(n: int, column: Column, sign: Operator, date: Date) -> list[Condition]:
    """Return what a date asks of a column. Raises Unclear where the column's dates can't tell."""
    years = sorted(column.years) if column.has_years else []
    if len(years) == 1 and date.year is None:
        date = date.in_year(years[0])
    elif sign == "=" and date.month and not (column.has_years and date.year):
        by_month = Condition(column=n, operator="month", values=(date.month,))
        return [by_month, Condition(column=n, operator="day", values=(date.day,))] if date.day else [by_month]
    elif column.has_years and date.year is None:
        raise Unclear
    if not column.has_years:
        if date.month is None and date.quarter is None:
            raise Unclear
        date = date.in_year(NO_YEAR)
    first, after = date.first, date.after
    if first is None or after is None:
        raise Unclear
    return _bounded(n, sign, first, after)


def _bounded(n: int, sign: Operator, first: datetime.date, after: datetime.date) -> list[Condition]:
    bounds: dict[Operator, list[tuple[Operator, datetime.date]]] = {
        "=": [(">=", first), ("<", after)],
        ">=": [(">=", first)],
        ">": [(">=", after)],
        "<": [("<", first)],
        "<=": [("<", after)],
    }
    return [Condition(column=n, operator=operator, values=(day,)) for operator, day in bounds[sign]]
