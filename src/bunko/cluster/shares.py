"""Cut the work of a plan into tasks. In: a plan, a pace. Out: Shares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bunko.cluster.nodes import Share
from bunko.cluster.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How the work is cut, and how often it is committed."""

    share_files: int = 32
    """Most files in one task."""
    share_mb: int = 16
    """Most MB in one task, unless it is one file."""
    commit_s: float = 60.0
    """Seconds between two commits: this much is done again where the driver dies."""


def cut_shares(plan: Plan, pace: Pace) -> Iterator[Share]:
    """Cut the files of a plan into shares, by their number and their size."""
    sizes = plan.files["size"].to_pylist()
    begin = size = 0
    for n, each in enumerate(sizes):
        if n > begin and (n - begin >= pace.share_files or size + each > pace.share_mb * 1_000_000):
            yield Share(tasks=plan.tasks(begin, n))
            begin, size = n, 0
        size += each
    if begin < len(sizes):
        yield Share(tasks=plan.tasks(begin, len(sizes)))
