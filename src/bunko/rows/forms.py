"""Read what a question asks of a table, without a model. In: Links. Out: a Query, an AskBack, or None.

Every word must be explained: by the table, by what it does, or as a filler. Knows nothing of SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from bunko.rows.clauses import Clauses, Several, Unclear, compares
from bunko.rows.lexicon import key_of, read_lexicon
from bunko.rows.linking import Link, Vocabulary
from bunko.rows.query import Aggregate, AskBack, Condition, Group, Part, Query

_PARTS: dict[str, Part] = {"month": "month", "year": "year", "quarter": "quarter", "weekday": "weekday"}
_MOST_TOP = 1_000


def read_form(
    links: Sequence[Link], vocabulary: Vocabulary, *, others: Literal["only sheets", "texts"] = "texts"
) -> Query | AskBack | None:
    """Return the query of a question; None if it has no known form, an AskBack if a column is missing or ambiguous.

    Beside texts, the question must name the sheet or a column; among sheets only, a value is enough.
    """
    form = _Form(links, vocabulary)
    if any(link.is_unknown for link in links) or not form.names_something(others):
        return None
    try:
        return form.query()
    except Several as several:
        names = tuple(vocabulary.table.columns[n].name for n in several.columns)
        return AskBack(words=several.words, columns=names, reason=several.reason)
    except Unclear:
        return None


def asks_for_number(links: Sequence[Link]) -> bool:
    """Return whether a question asks for something to be computed."""
    computed = {"sum", "mean", "median", "max", "min", "difference", "dear", "cheap", "latest", "earliest"}
    return any(link.roles.get("op") in computed for link in links)


class _Form(Clauses):
    """What is computed, of which columns."""

    def names_something(self, others: Literal["only sheets", "texts"]) -> bool:
        """Return whether the question names a column or the table; among sheets only, or a value."""
        if others == "only sheets" and any(link.values for link in self.links):
            return True
        return any((link.columns and not link.is_synonym) or link.is_name for link in self.links)

    def query(self) -> Query:
        """Return the query. Raises Several, Unclear."""
        if any(link.has("persons") and not link.columns and not link.is_name for link in self.links):
            self._who_column()  # of a table without people, people are not counted
        if self.ops & {"large", "small"} and "superlative" not in self.ops:
            raise Unclear
        if "when" in self.ops and not self.ops & _EXTREMES:
            raise Unclear
        top = self._top()
        conditions = [*self.quantities(), *self.values()]
        group = self._group()
        aggregate = self._aggregate()
        conditions += self.flags()
        self._check_used()
        if aggregate == "count" and self._free(lambda column: column.kind == "number" and not column.is_key):
            aggregate = (
                self._aggregate(but="count") if self.ops & _COMPUTING else "sum" if self._counts_units() else aggregate
            )
        if aggregate in ("count", "list", "distinct") and not top:
            return self._rows(aggregate, conditions, group)
        return self._measured(aggregate, conditions, group, top)

    def _rows(self, aggregate: Aggregate, conditions: list[Condition], group: Group | None) -> Query:
        named = self._free(lambda column: True)
        if aggregate == "distinct":
            if len(named) != 1:
                raise Unclear
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
                raise Unclear
            return Query(aggregate="count", conditions=tuple(conditions), group=group)
        if self._who() and not named:
            named = (self._who_column(),)
        if not conditions and not (self._is_distinct_list() and named):
            raise Unclear
        return Query(aggregate="list", conditions=tuple(conditions), shown=named)

    def _measured(self, aggregate: Aggregate, conditions: list[Condition], group: Group | None, top: int) -> Query:
        measure = self._measure()
        is_extreme = aggregate in ("max", "min")
        entities = self._free(lambda column: column.kind != "number" or column.is_key)
        entities = tuple(n for n in entities if n != measure)
        entity = self._part_entity()
        if "when" in self.ops and is_extreme and entity is None and not entities:
            entity = Group(column=self._only_date())
        if is_extreme and entity is None and (entities or self._who()):
            entity = Group(column=entities[0] if entities else self._who_column())
        if not is_extreme and not all(self._names_rows(n) for n in entities):
            raise Unclear
        if aggregate == "list":
            raise Unclear
        if measure is None:
            if is_extreme and entity and self._counts_rows():
                return Query(aggregate=aggregate, conditions=tuple(conditions), entity=entity, top=top or 1)
            raise Several("", self._measures())
        if len(self.table.columns[measure].units) > 1:
            raise Several("", [measure], reason="currencies")
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
            ascending="ascending" in self.ops,
        )

    def _aggregate(self, *, but: str = "") -> Aggregate:
        for names, aggregate in _RANKS:
            if self.ops & names - {but}:
                return aggregate
        if self._spends():
            return "sum"
        if "list" in self.ops or self._who():
            return "list"
        raise Unclear

    def _spends(self) -> bool:
        return any(link.has("money") for link in self.links) and "spend" in self.ops

    def _top(self) -> int:
        """Return n of "top n", "the n largest", 上位n件."""
        for n, link in enumerate(self.links):
            if link.number is None or n in self.used or link.number != int(link.number):
                continue
            around = [self.near(n, -1), self.near(n, 1)]
            goes_first = around[1] is not None and (around[1].columns or around[1].has("rows")) and not link.unit
            if goes_first and self.ops & _EXTREMES and not self.sign(n) and 1 < link.number <= _MOST_TOP:
                self.used.add(n)
                return int(link.number)
            is_extreme = [
                other for other in around if other and other.roles.get("op") in _EXTREMES and not other.columns
            ]
            if is_extreme and 1 <= link.number <= _MOST_TOP and not self.sign(n):
                self.used.add(n)
                return int(link.number)
        return 0

    def _group(self) -> Group | None:
        found: list[Group] = []
        for n, link in enumerate(self.links):
            if n in self.used:
                continue
            part = _PARTS.get(link.roles.get("op", ""), "") if not link.columns else ""
            before = self.before(n)
            is_grouped = self.groups(n)
            if part and (
                is_grouped or link.text.endswith(("ly", "別", "ごと", "毎", "次")) or link.text in ("毎月", "毎年")
            ):
                found.append(Group(column=self._only_date(), part=part))
            elif link.columns and is_grouped and not self._is_order(link, before):
                found.append(Group(column=self.one(n)))
            else:
                continue
            self.used.add(n)
        if len(found) > 1:
            raise Unclear
        return found[0] if found else None

    def _is_order(self, link: Link, before: Link | None) -> bool:
        is_number = all(self.column(c).kind == "number" for c in link.columns)
        return is_number and before is not None and before.text == "by"

    def _part_entity(self) -> Group | None:
        """Return the month or year that has the largest measure: "which month", 何月."""
        for n, link in enumerate(self.links):
            part = _PARTS.get(link.roles.get("op", ""), "") if not link.columns else ""
            before = self.before(n)
            if part and ((before and before.roles.get("op") == "list") or link.text.startswith(("何", "どの"))):
                self.used.add(n)
                return Group(column=self._only_date(), part=part)
        return None

    def _free(self, fits: object) -> tuple[int, ...]:
        assert callable(fits)
        found: dict[int, None] = {}
        for n, link in enumerate(self.links):
            if link.columns and n not in self.used and n not in self.targets and not link.flag:
                if (link.has("rows") or link.has("persons")) and not self._is_whole(link):
                    continue
                column = self.one(n)
                if fits(self.column(column)):
                    found[column] = None
        return tuple(found)

    def _is_whole(self, link: Link) -> bool:
        return any(key_of(self.column(c).name) == key_of(link.text) for c in link.columns)

    def _measure(self) -> int | None:
        if self.ops & {"latest", "earliest"}:
            dates = self._free(lambda column: column.kind == "date")
            return dates[0] if dates else self._only_date()
        numbers = self._free(lambda column: column.kind == "number" and not column.is_key)
        if len(numbers) > 1:
            raise Several("", numbers)
        if numbers:
            return numbers[0]
        dates = self._free(lambda column: column.kind == "date")
        if dates and self.ops & {"max", "min", "difference"} and not self._counts_rows():
            return dates[0]
        targets = [c for n in sorted(self.targets) for c in self.links[n].columns if self.column(c).kind == "number"]
        if targets:
            return targets[0]
        for op, concept in (("dear", "price"), ("cheap", "price"), ("earns_most", "pay"), ("earns_least", "pay")):
            if op in self.ops:
                return self._asked(concept)
        measures = self._measures()
        return measures[0] if len(measures) == 1 and not self._counts_rows() else None

    def _asked(self, concept: str) -> int:
        names = read_lexicon().asked[concept]
        found = [n for n in self._measures() if any(part in names for part in _name_parts(self.column(n).name))]
        if len(found) == 1:
            return found[0]
        raise Several("", found or self._measures())

    def _measures(self) -> list[int]:
        return [n for n, column in enumerate(self.table.columns) if column.kind == "number" and not column.is_key]

    def _names_rows(self, n: int) -> bool:
        """Return whether a column names the rows: its values all differ."""
        values = [value for value in self.column(n).values if value is not None]
        return len(values) == len(self.table.rows) == len(set(values))

    def _only_date(self) -> int:
        dates = [n for n, column in enumerate(self.table.columns) if column.kind == "date"]
        if len(dates) > 1:
            raise Several("", dates)
        if not dates:
            raise Unclear
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
        raise Unclear

    def _counts_rows(self) -> bool:
        named = [link for link in self.links if link.has("rows") or link.has("persons") or link.is_name]
        return "count" in self.ops or any(not link.values for link in named)

    def _counts_units(self) -> bool:
        """Return whether "how many" asks for a column of numbers: how many units, 来場者は何人."""
        for n, link in enumerate(self.links):
            if link.roles.get("op") != "count":
                continue
            asked = self.after(n) if link.text.isascii() else self._subject(n) if link.text.startswith("何") else None
            if asked and asked.columns:
                columns = [self.column(c) for c in asked.columns]
                return len(columns) == 1 and columns[0].kind == "number" and not columns[0].is_key
        return False

    def _subject(self, n: int) -> Link | None:
        """Return the last link before one that is more than a particle."""
        return next((link for link in reversed(self.links[:n]) if not link.has("filler") or link.columns), None)

    def _is_distinct_list(self) -> bool:
        return "distinct" in self.ops or any(link.is_name for link in self.links)

    def _check_used(self) -> None:
        """Raise Unclear where a negation was not understood."""
        for n, link in enumerate(self.links):
            if n in self.used or link.columns or link.values or link.has("filler") or link.is_name:
                continue
            if link.has("not") or (compares(link) and not (set(link.roles) & {"op", "rows", "group before"})):
                raise Unclear


_EXTREMES = frozenset({"max", "min", "latest", "earliest", "dear", "cheap", "earns_most", "earns_least"})
_COMPUTING = frozenset({"sum", "mean", "median", "max", "min", "difference"})
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


def _name_parts(name: str) -> Iterator[str]:
    key = key_of(name)
    yield key
    yield from key.split(" ")[-1:]
