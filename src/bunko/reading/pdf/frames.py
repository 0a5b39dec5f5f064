"""Lay rules out as grids of cells. In: Rulings. Out: Grids. Pure: knows nothing of PDFium or text.

Rules that meet are one grid. Two boxes of a grid are one cell, a merged one, if no rule is between them.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bunko.reading.pdf.rulings import TOUCH, Rule, Rulings

_NARROWEST = 6.0  # points of a row or column
_MOST_PAIRS = 400_000  # of rules that may meet
_MOST_BOXES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A grid. `owners[row][column]` is equal for boxes of one cell. Rows are counted from the top."""

    xs: Sequence[float]
    """The edges of the columns from left to right."""
    ys: Sequence[float]
    """The edges of the rows from top to bottom."""
    owners: Sequence[Sequence[int]]

    def place(self, x: float, y: float) -> tuple[int, int] | None:
        """Return row and column of a point; None outside."""
        column = bisect.bisect_right(self.xs, x) - 1
        row = bisect.bisect_left(self.ys, -y, key=lambda edge: -edge) - 1
        inside = 0 <= row < len(self.ys) - 1 and 0 <= column < len(self.xs) - 1
        return (row, column) if inside else None

    def is_rectangle(self, owner: int) -> bool:
        """Return whether a cell is a rectangle, as it is in tables and often is not in drawings."""
        boxes = [(n, m) for n, row in enumerate(self.owners) for m, other in enumerate(row) if other == owner]
        rows, columns = {n for n, _ in boxes}, {m for _, m in boxes}
        return len(boxes) == len(rows) * len(columns)


def grids_of(rulings: Rulings) -> list[Grid]:
    """Return the grids of a page from top to bottom; none if it has so many rules that it is a drawing."""
    across, down = rulings.horizontal, rulings.vertical
    if len(across) * len(down) > _MOST_PAIRS:
        return []
    groups = _Groups(len(across) + len(down))
    for n, rule in enumerate(across):
        for m, other in enumerate(down, len(across)):
            if _meet(rule, other):
                groups.join(n, m)
    members: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for n, rule in enumerate([*across, *down]):
        members.setdefault(groups.root(n), ([], []))[n >= len(across)].append(rule)
    found = [_grid(rows, columns) for rows, columns in members.values() if len(rows) > 1 and columns]
    return sorted((grid for grid in found if grid is not None), key=lambda grid: -grid.ys[0])


def stacks_of(rulings: Rulings) -> list[list[Rule]]:
    """Return the horizontal rules that no vertical one meets, those of equal ends together, from top to bottom."""
    free = [
        rule for rule in rulings.horizontal if rule.length > 40 and not any(_meet(rule, v) for v in rulings.vertical)
    ]
    stacks: list[list[Rule]] = []
    for rule in sorted(free, key=lambda rule: -rule.at):
        for stack in stacks:
            if abs(stack[0].start - rule.start) <= 2 * TOUCH and abs(stack[0].end - rule.end) <= 2 * TOUCH:
                stack.append(rule)
                break
        else:
            stacks.append([rule])
    return [stack for stack in stacks if len(stack) > 1]


def _meet(across: Rule, down: Rule) -> bool:
    return across.start - TOUCH <= down.at <= across.end + TOUCH and down.start - TOUCH <= across.at <= down.end + TOUCH


def _grid(across: Sequence[Rule], down: Sequence[Rule]) -> Grid | None:
    ends = [min(rule.start for rule in across), max(rule.end for rule in across)]
    tips = [min(rule.start for rule in down), max(rule.end for rule in down)]
    xs = _edges([rule.at for rule in down], ends)
    ys = _edges([rule.at for rule in across], tips)[::-1]
    rows, columns = len(ys) - 1, len(xs) - 1
    if rows < 1 or columns < 1 or rows * columns > _MOST_BOXES:
        return None
    groups = _Groups(rows * columns)
    beside = [[rule for rule in down if abs(rule.at - x) <= TOUCH] for x in xs]
    below = [[rule for rule in across if abs(rule.at - y) <= TOUCH] for y in ys]
    for row, column in itertools.product(range(rows), range(columns)):
        y, x = (ys[row] + ys[row + 1]) / 2, (xs[column] + xs[column + 1]) / 2
        if column + 1 < columns and not _passes(beside[column + 1], y):
            groups.join(row * columns + column, row * columns + column + 1)
        if row + 1 < rows and not _passes(below[row + 1], x):
            groups.join(row * columns + column, (row + 1) * columns + column)
    owners = [[groups.root(row * columns + column) for column in range(columns)] for row in range(rows)]
    return Grid(xs=xs, ys=ys, owners=owners)


def _edges(places: Iterable[float], ends: Iterable[float]) -> list[float]:
    """Return the places, those next to each other once, and the ends where no place is near."""
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > TOUCH:
            found.append(place)
    for end in ends:
        if all(abs(end - place) > _NARROWEST for place in found):
            bisect.insort(found, end)
    return found


def _passes(rules: Sequence[Rule], along: float) -> bool:
    return any(rule.start - TOUCH <= along <= rule.end + TOUCH for rule in rules)


class _Groups:
    """Things that are joined to groups, by number."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def root(self, n: int) -> int:
        """Return the number that stands for the group."""
        while self._above[n] != n:
            self._above[n] = self._above[self._above[n]]
            n = self._above[n]
        return n

    def join(self, n: int, m: int) -> None:
        """Join the groups of two things; the smaller number stands for both."""
        first, second = sorted((self.root(n), self.root(m)))
        self._above[second] = first
