"""Read what a question asks of a table, without a model. In: Links. Out: a Query, an AskBack, or None.

Every word must be explained: by the table, by what it does, or as a filler. Knows nothing of SQL.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bunko.rows.lexicon import key_of, read_lexicon
from bunko.rows.linking import Link, Vocabulary
from bunko.rows.query import Aggregate, AskBack, Condition, Group, Operator, Part, Query
from bunko.rows.table import NO_YEAR, Column, Table
from bunko.rows.values import Date

_PARTS: dict[str, Part] = {"month": "month", "year": "year", "quarter": "quarter", "weekday": "weekday"}
_MOST_TOP = 1_000


class _Several(Exception):
    """Words that may mean several columns."""

    def __init__(self, words: str, columns: Sequence[int]) -> None:
        super().__init__(words)
        self.words = words
        self.columns = tuple(columns)


class _Unclear(Exception):
    """The question has no known form."""


def read_form(links: Sequence[Link], vocabulary: Vocabulary) -> Query | AskBack | None:
    """Return the query of a question; None if it has no known form, an AskBack if a column is missing or ambiguous."""
    form = _Form(links, vocabulary)
    if any(link.is_unknown for link in links) or not form.names_something:
        return None
    try:
        return form.query()
    except _Several as several:
        names = tuple(vocabulary.table.columns[n].name for n in several.columns)
        return AskBack(words=several.words, columns=names, reason="several" if several.words else "missing")
    except _Unclear:
        return None


def asks_for_number(links: Sequence[Link]) -> bool:
    """Return whether a question asks for something to be computed."""
    computed = {"sum", "mean", "median", "max", "min", "difference", "dear", "cheap", "latest", "earliest"}
    return any(link.roles.get("op") in computed for link in links)


class _Form:
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

    @property
    def names_something(self) -> bool:
        """Whether the question names a column or the table."""
        return any(link.columns or link.is_name for link in self.links)

    # --- reading --------------------------------------------------------------------------------------------------

    def query(self) -> Query:
        """Return the query. Raises _Several, _Unclear."""
        top = self._top()
        conditions = [*self._quantities(), *self._values()]
        group = self._group()
        aggregate = self._aggregate()
        conditions += self._flags()
        self._check_used()
        if aggregate == "count" and self._counts_units():
            aggregate = "sum"
        if aggregate in ("count", "list", "distinct") and not top:
            return self._rows(aggregate, conditions, group)
        return self._measured(aggregate, conditions, group, top)

    def _rows(self, aggregate: Aggregate, conditions: list[Condition], group: Group | None) -> Query:
        named = self._free(lambda column: True)
        if aggregate == "distinct":
            if len(named) != 1:
                raise _Unclear
            if "list" in self.ops and "count" not in self.ops:
                return Query(aggregate="list", conditions=tuple(conditions), shown=named, is_distinct=True)
            return Query(aggregate="distinct", measure=named[0], conditions=tuple(conditions), group=group)
        if aggregate == "count":
            extreme = self.ops & {"max", "min"}
            if extreme and (named or group):
                entity = group or Group(column=named[0])
                kind: Aggregate = "max" if "max" in extreme else "min"
                return Query(aggregate=kind, conditions=tuple(conditions), entity=entity, top=1)
            if extreme or any(
                self.table.columns[n].kind == "number" and not self.table.columns[n].is_key for n in named
            ):
                raise _Unclear
            return Query(aggregate="count", conditions=tuple(conditions), group=group)
        if self._who() and not named:
            named = (self._who_column(),)
        if not conditions and not (self._is_distinct_list() and named):
            raise _Unclear
        return Query(aggregate="list", conditions=tuple(conditions), shown=named)

    def _measured(self, aggregate: Aggregate, conditions: list[Condition], group: Group | None, top: int) -> Query:
        measure = self._measure()
        is_extreme = aggregate in ("max", "min")
        entities = self._free(lambda column: column.kind != "number" or column.is_key)
        entities = tuple(n for n in entities if n != measure)
        entity = self._part_entity()
        if is_extreme and entity is None and (entities or self._who()):
            entity = Group(column=entities[0] if entities else self._who_column())
        if not is_extreme and entities:
            raise _Unclear
        if aggregate == "list":
            raise _Unclear
        if measure is None:
            if is_extreme and entity and self._counts_rows():
                return Query(aggregate=aggregate, conditions=tuple(conditions), entity=entity, top=top or 1)
            raise _Several("", self._measures())
        if len(self.table.columns[measure].units) > 1:
            raise _Several("", [measure])
        if entity and group is None and self.ops & {"sum", "mean"}:
            group = entity
        wants = is_extreme and (entity is not None or top)
        return Query(
            aggregate=aggregate,
            measure=measure,
            conditions=tuple(conditions),
            group=group if not is_extreme or (group and entity) or not wants else None,
            entity=entity,
            top=(top or 1) if wants else 0,
        )

    def _aggregate(self) -> Aggregate:
        for names, aggregate in _RANKS:
            if self.ops & names:
                return aggregate
        if self._spends():
            return "sum"
        if self.ops & {"month", "year", "quarter", "weekday"} and "list" not in self.ops:
            raise _Unclear
        if "list" in self.ops or self._who():
            return "list"
        raise _Unclear

    def _spends(self) -> bool:
        return any(link.has("money") for link in self.links) and "spend" in self.ops

    # --- quantities -----------------------------------------------------------------------------------------------

    def _top(self) -> int:
        """Return n of "top n", "the n largest", 上位n件."""
        for n, link in enumerate(self.links):
            if link.number is None or n in self.used or link.number != int(link.number):
                continue
            around = [self._near(n, -1), self._near(n, 1)]
            is_extreme = [
                other for other in around if other and other.roles.get("op") in _EXTREMES and not other.columns
            ]
            if is_extreme and 1 <= link.number <= _MOST_TOP and not self._sign(n):
                self.used.add(n)
                return int(link.number)
        return 0

    def _quantities(self) -> Iterator[Condition]:
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
        before, after = self._near(n, -1), self._near(n + 2, 1)
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
        sign = self._sign(n)
        column = self._target(n, link, is_equal=not sign)
        found = self._compared(column, sign or "=", link)
        return [_negated(item) for item in found] if self._is_negated(n) else found

    def _sign(self, n: int) -> Operator | None:
        """Return how a quantity compares, and use the words that say so."""
        before, after = self._near(n, -1), self._near(n, 1)
        for other, role in ((after, "compare after"), (before, "compare before")):
            if other is not None and other.has(role) and other.roles[role] != "between":
                self.used.add(self.links.index(other))
                return other.roles[role]  # type: ignore[return-value]
        return None

    def _target(self, n: int, link: Link, *, is_equal: bool = False) -> int:
        """Return the column that a quantity is compared with. Raises _Several, _Unclear."""
        wanted = "date" if link.date else "number"
        named = [
            (abs(n - other) + (0.5 if other > n else 0), other, column)
            for other, item in enumerate(self.links)
            for column in item.columns
            if self._column(column).kind == wanted and not (is_equal and wanted == "number" and abs(n - other) > 1)
        ]
        if named:
            _, other, column = min(named)
            if len(self.links[other].columns) > 1:
                fitting = [c for c in self.links[other].columns if self._column(c).kind == wanted]
                if len(fitting) > 1:
                    raise _Several(self.links[other].text, fitting)
            if link.date or abs(n - other) <= 2:
                self.targets.add(other)
            return column
        if is_equal and wanted == "number":
            raise _Unclear
        fitting = [c for c, column in enumerate(self.table.columns) if column.kind == wanted and not column.is_key]
        with_unit = [c for c in fitting if link.unit and link.unit in self._column(c).units]
        fitting = with_unit or fitting
        if len(fitting) != 1:
            if not fitting:
                raise _Unclear
            raise _Several("", fitting)
        return fitting[0]

    def _compared(self, n: int, sign: Operator, link: Link) -> list[Condition]:
        column = self._column(n)
        if link.date:
            return _dated(n, column, sign, link.date)
        if link.unit in "$€£¥" and column.units and link.unit and link.unit not in column.units:
            raise _Unclear
        return [Condition(column=n, operator=sign, values=(link.number,))]

    # --- values, groups, columns ----------------------------------------------------------------------------------

    def _values(self) -> list[Condition]:
        found: dict[tuple[int, bool], list[str]] = {}
        for n, link in enumerate(self.links):
            if not link.values or (link.columns and not self._prefers_value(n)):
                continue
            self.used.add(n)
            column = self._column_of_value(n)
            values = [value for c, value in link.values if c == column]
            found.setdefault((column, self._is_negated(n)), []).extend(values)
        return [
            Condition(column=column, operator="!=" if negated else "=", values=tuple(dict.fromkeys(values)))
            for (column, negated), values in found.items()
        ]

    def _prefers_value(self, n: int) -> bool:
        """Return whether words that name a column and a value mean the value: the column is named beside them."""
        columns = {column for column, _ in self.links[n].values}
        return any(other and set(other.columns) & columns for other in (self._near(n, -1), self._near(n, 1)))

    def _column_of_value(self, n: int) -> int:
        columns = list(dict.fromkeys(column for column, _ in self.links[n].values))
        for step in (-1, 1):
            other = self._near(n, step)
            if other and (shared := [column for column in columns if column in other.columns]):
                if not self._groups(self.links.index(other)):
                    self.targets.add(self.links.index(other))
                return shared[0]
        if len(columns) > 1:
            raise _Several(self.links[n].text, columns)
        return columns[0]

    def _is_negated(self, n: int) -> bool:
        for step in (-1, 1):
            other = self._near(n, step)
            if other and other.has("not") and (step == 1) != other.text.isascii():
                self.used.add(self.links.index(other))
                return True
        return False

    def _flags(self) -> list[Condition]:
        found = []
        for n, link in enumerate(self.links):
            flags = self._column(link.columns[0]).flags if len(link.columns) == 1 else None
            if flags and n not in self.targets and n not in self.used and "distinct" not in self.ops:
                negative = link.flag == "no" or self._is_negated(n)
                found.append(Condition(column=link.columns[0], operator="=", values=(flags[1 if negative else 0],)))
                self.used.add(n)
        return found

    def _group(self) -> Group | None:
        found: list[Group] = []
        for n, link in enumerate(self.links):
            if n in self.used:
                continue
            part = _PARTS.get(link.roles.get("op", ""), "") if not link.columns else ""
            before = self._before(n)
            is_grouped = self._groups(n)
            if part and (
                is_grouped or link.text.endswith(("ly", "別", "ごと", "毎", "次")) or link.text in ("毎月", "毎年")
            ):
                found.append(Group(column=self._only_date(), part=part))
            elif link.columns and is_grouped and not self._is_order(link, before):
                found.append(Group(column=self._one(n)))
            else:
                continue
            self.used.add(n)
        if len(found) > 1:
            raise _Unclear
        return found[0] if found else None

    def _groups(self, n: int) -> bool:
        before, after = self._before(n), self._after(n)
        return bool((before and before.has("group before")) or (after and after.has("group after")))

    def _is_order(self, link: Link, before: Link | None) -> bool:
        is_number = all(self._column(c).kind == "number" for c in link.columns)
        return is_number and before is not None and before.text == "by"

    def _part_entity(self) -> Group | None:
        """Return the month or year that has the largest measure: "which month", 何月."""
        for n, link in enumerate(self.links):
            part = _PARTS.get(link.roles.get("op", ""), "") if not link.columns else ""
            before = self._before(n)
            if part and ((before and before.roles.get("op") == "list") or link.text.startswith(("何", "どの"))):
                self.used.add(n)
                return Group(column=self._only_date(), part=part)
        return None

    def _free(self, fits: object) -> tuple[int, ...]:
        assert callable(fits)
        found: dict[int, None] = {}
        for n, link in enumerate(self.links):
            if link.columns and n not in self.used and n not in self.targets and not link.flag:
                if link.has("rows") and not self._is_whole(link):
                    continue
                column = self._one(n)
                if fits(self._column(column)):
                    found[column] = None
        return tuple(found)

    def _is_whole(self, link: Link) -> bool:
        return any(key_of(self._column(c).name) == key_of(link.text) for c in link.columns)

    def _one(self, n: int) -> int:
        """Return the column that a link names. Raises _Several."""
        link = self.links[n]
        if len(link.columns) > 1:
            raise _Several(link.text, link.columns)
        return link.columns[0]

    def _measure(self) -> int | None:
        if self.ops & {"latest", "earliest"}:
            dates = self._free(lambda column: column.kind == "date")
            return dates[0] if dates else self._only_date()
        numbers = self._free(lambda column: column.kind == "number" and not column.is_key)
        if len(numbers) > 1:
            raise _Several("", numbers)
        if numbers:
            return numbers[0]
        dates = self._free(lambda column: column.kind == "date")
        if dates and self.ops & {"max", "min", "difference"} and not self._counts_rows():
            return dates[0]
        targets = [c for n in sorted(self.targets) for c in self.links[n].columns if self._column(c).kind == "number"]
        if targets:
            return targets[0]
        for op, concept in (("dear", "price"), ("cheap", "price"), ("earns_most", "pay"), ("earns_least", "pay")):
            if op in self.ops:
                return self._asked(concept)
        measures = self._measures()
        return measures[0] if len(measures) == 1 and not self._counts_rows() else None

    def _asked(self, concept: str) -> int:
        names = read_lexicon().asked[concept]
        found = [n for n in self._measures() if any(part in names for part in _name_parts(self._column(n).name))]
        if len(found) == 1:
            return found[0]
        raise _Several("", found or self._measures())

    def _measures(self) -> list[int]:
        return [n for n, column in enumerate(self.table.columns) if column.kind == "number" and not column.is_key]

    def _only_date(self) -> int:
        dates = [n for n, column in enumerate(self.table.columns) if column.kind == "date"]
        if len(dates) > 1:
            raise _Several("", dates)
        if not dates:
            raise _Unclear
        return dates[0]

    def _who(self) -> bool:
        return any(link.has("who") for link in self.links) or any(
            link.text in ("人", "方", "person") and not link.columns for link in self.links
        )

    def _who_column(self) -> int:
        names = read_lexicon().asked["who"]
        for name in names:
            for n, column in enumerate(self.table.columns):
                if name in _name_parts(column.name):
                    return n
        raise _Unclear

    def _counts_rows(self) -> bool:
        return "count" in self.ops or any((link.has("rows") or link.is_name) and not link.values for link in self.links)

    def _counts_units(self) -> bool:
        """Return whether "how many" is followed by a column of numbers: how many units."""
        for n, link in enumerate(self.links):
            after = self._after(n)
            if link.roles.get("op") == "count" and link.text.startswith("how many") and after and after.columns:
                columns = [self._column(c) for c in after.columns]
                return len(columns) == 1 and columns[0].kind == "number" and not columns[0].is_key
        return False

    def _is_distinct_list(self) -> bool:
        return "distinct" in self.ops or any(link.is_name for link in self.links)

    def _check_used(self) -> None:
        """Raise _Unclear where a negation was not understood."""
        for n, link in enumerate(self.links):
            if n in self.used or link.columns or link.values or link.has("filler") or link.is_name:
                continue
            if link.has("not") or (_compares(link) and not (set(link.roles) & {"op", "rows", "group before"})):
                raise _Unclear

    # --- neighbours -----------------------------------------------------------------------------------------------

    def _column(self, n: int) -> Column:
        return self.table.columns[n]

    def _near(self, n: int, step: int) -> Link | None:
        """Return the next link before or after one, past fillers that do nothing."""
        index = n + step
        while 0 <= index < len(self.links):
            link = self.links[index]
            if not (link.is_filler and not _compares(link)):
                return link
            index += step
        return None

    def _before(self, n: int) -> Link | None:
        return self.links[n - 1] if n else None

    def _after(self, n: int) -> Link | None:
        return self.links[n + 1] if n + 1 < len(self.links) else None


_EXTREMES = frozenset({"max", "min", "latest", "earliest", "dear", "cheap", "earns_most", "earns_least"})
_RANKS: tuple[tuple[frozenset[str], Aggregate], ...] = (
    (frozenset({"difference"}), "difference"),
    (frozenset({"median"}), "median"),
    (frozenset({"distinct"}), "distinct"),
    (frozenset({"count"}), "count"),
    (frozenset({"latest", "dear", "earns_most", "max"}), "max"),
    (frozenset({"earliest", "cheap", "earns_least", "min"}), "min"),
    (frozenset({"mean"}), "mean"),
    (frozenset({"sum"}), "sum"),
)


def _compares(link: Link) -> bool:
    return link.has("compare before") or link.has("compare after")


def _name_parts(name: str) -> Iterator[str]:
    key = key_of(name)
    yield key
    yield from key.split(" ")[-1:]


def _negated(condition: Condition) -> Condition:
    opposite: dict[Operator, Operator] = {"=": "!=", "<": ">=", ">": "<=", "<=": ">", ">=": "<"}
    if condition.operator not in opposite:
        raise _Unclear
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
    """Return what a date asks of a column. Raises _Unclear where the column's dates can't tell."""
    if column.has_years and date.year is None:
        years = sorted(column.years)
        if len(years) == 1:
            date = date.in_year(years[0])
        elif sign == "=" and date.month:
            by_month = Condition(column=n, operator="month", values=(date.month,))
            return [by_month, Condition(column=n, operator="day", values=(date.day,))] if date.day else [by_month]
        else:
            raise _Unclear
    if not column.has_years:
        if date.month is None and date.quarter is None:
            raise _Unclear
        date = date.in_year(NO_YEAR)
    first, after = date.first, date.after
    if first is None or after is None:
        raise _Unclear
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
