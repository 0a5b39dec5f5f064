"""Find the headings above any place of a document. In: headings in reading order. Out: their path, outermost first.

One pass finds what stands above each heading; a lookup then follows only those. Looking back through all headings takes
quadratic time: minutes for a document of 100,000 headings without a topmost one. Knows nothing of chunks.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from bunko.types import Span


class HeadingPaths:
    """The headings above each place. Making it takes time and memory that grow with the number of headings."""

    def __init__(self, headings: Sequence[Span]) -> None:
        self._headings = headings
        self._above: list[int] = []
        """For each heading, the last one before it with a lower level; -1 if there is none."""
        open_ones: list[int] = []
        for n, heading in enumerate(headings):
            while open_ones and headings[open_ones[-1]].level >= heading.level:
                open_ones.pop()
            self._above.append(open_ones[-1] if open_ones else -1)
            open_ones.append(n)

    def at(self, offset: int) -> list[str]:
        """Return the headings above a character, outermost first.

        >>> headings = [Span(start=0, end=9, label="A", level=1), Span(start=3, end=9, label="B", level=2)]
        >>> HeadingPaths(headings).at(5), HeadingPaths(headings).at(1)
        (['A', 'B'], ['A'])
        """
        n = bisect.bisect_right(self._headings, offset, key=lambda heading: heading.start) - 1
        path: list[str] = []
        while n >= 0:
            path.append(self._headings[n].label)
            n = -1 if self._headings[n].level <= 1 else self._above[n]
        return path[::-1]
