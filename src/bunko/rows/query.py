"""What a question asks of a table, as a record. Frozen, standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from bunko.rows.table import Value

Aggregate: TypeAlias = Literal["sum", "mean", "median", "max", "min", "count", "distinct", "difference", "list"]
Part: TypeAlias = Literal["", "month", "year", "quarter", "weekday"]
Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "month", "day"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must hold for a row: the column's value compares with one of the values as the operator says."""

    column: int
    operator: Operator
    values: tuple[Value | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows with the same value of a column, or the same month of a date, belong together."""

    column: int
    part: Part = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is computed of which rows."""

    aggregate: Aggregate
    measure: int | None = None
    """The column that is added up, compared or counted; None: the rows are counted or listed."""
    conditions: tuple[Condition, ...] = ()
    group: Group | None = None
    shown: tuple[int, ...] = ()
    """The columns to list; empty: all."""
    is_distinct: bool = False
    """Whether equal rows of the list are shown once."""
    entity: Group | None = None
    """What has the largest or smallest measure."""
    ascending: bool = False
    """Whether groups are listed with the smallest first."""
    top: int = 0
    """How many of the largest or smallest; 0: not asked for, 1 for `entity`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskBack:
    """Why a question can't be answered as it is: words that name no column, or several."""

    words: str
    """The words of the question; empty where a column is missing."""
    columns: tuple[str, ...]
    """The columns to choose from."""
    reason: Literal["unknown", "several", "missing", "currencies", "tables"]
