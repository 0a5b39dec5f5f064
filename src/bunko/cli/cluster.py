"""`bunko cluster index` and `bunko cluster status`."""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bunko.cli.common import bold, counted, dim, note, print_json, safe, settings_from
from bunko.errors import MissingExtra, StoreBusy, UsageError

if TYPE_CHECKING:
    from bunko.cluster.progress import State
    from bunko.cluster.shares import Pace
    from bunko.cluster.steps import ClusterReport
    from bunko.settings import Settings

_PACKAGES = ("ray", "lance", "lance_ray")
_WAIT_S = 24 * 3600.0
_SILENT_S = 2.0
_LINE_S = 5.0  # between two lines of progress
_SHOWN = 20


def run_index(arguments: argparse.Namespace) -> int:
    """Bring an index in step with a source."""
    _check_installed()
    pace = _pace(arguments)
    settings = _settings(arguments)
    report = _index(arguments, settings, pace)
    if arguments.json:
        print_json(dataclasses.asdict(report))
    else:
        _print_report(arguments, report)
    return 1 if report.given_up else 0


def run_status(arguments: argparse.Namespace) -> int:
    """Show how an index is."""
    from bunko.cluster.status import read_status

    status = read_status(arguments.store)
    if arguments.json:
        run = status.run and {**dataclasses.asdict(status.run), "left_s": status.run.left_s}
        print_json({**dataclasses.asdict(status), "run": run, "is_interrupted": status.is_interrupted})
        return 0
    print(bold(safe(status.location)))
    if status.published is not None:
        print(f"  published   version {status.published}, {_ago(status.published_at or 0.0)}")
    print(f"  holds       {counted(status.documents, 'document')}, {counted(status.chunks, 'passage')}")
    if status.failed:
        print(f"  can't read  {counted(status.failed, 'document')}")
    print(f"  written by  {safe(status.writer) or 'nobody now'}")
    if status.run:
        end = "complete" if status.run.is_over else "interrupted" if status.is_interrupted else "running"
        print(f"  last run    {end}, {_ago(status.run.at)}: {status.run}")
    if status.is_interrupted:
        print("Continue it: run the same `bunko cluster index` again.")
    return 0


def _check_installed() -> None:
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtra(
            f"Indexing with a cluster needs packages that are not installed: {', '.join(missing)}.",
            "Install them on every node: pip install 'bunko[cluster]'",
        )


def _settings(arguments: argparse.Namespace) -> Settings:
    root = None if "://" in arguments.source else Path(arguments.source).expanduser()
    return settings_from(arguments, root)


def _pace(arguments: argparse.Namespace) -> Pace:
    from bunko.cluster.shares import Pace

    try:
        pace = Pace(share_files=int(arguments.share_files), commit_s=float(arguments.commit_s))
    except ValueError as error:
        raise UsageError(
            "--share-files and --commit-s want numbers.", "Write --share-files 32 --commit-s 60."
        ) from error
    if pace.share_files < 1 or not 0 <= pace.commit_s < math.inf:
        raise UsageError("--share-files wants 1 or more, --commit-s 0 or more.", "Leave them out if in doubt.")
    return pace


def _index(arguments: argparse.Namespace, settings: Settings, pace: Pace) -> ClusterReport:
    """Index; if another process writes to the index, say so and wait for it."""
    from bunko.cluster.driver import index

    def run(wait_s: float) -> ClusterReport:
        return index(
            arguments.source,
            arguments.store,
            settings=settings,
            ray_address=arguments.ray,
            pace=pace,
            allow_empty=arguments.allow_empty,
            retry_failed=True,
            wait_s=wait_s,
            metrics=arguments.metrics,
            tell=_Lines(arguments),
        )

    try:
        return run(_SILENT_S)
    except StoreBusy as error:
        note(arguments, f"{error.message} Waiting for it to finish; Ctrl-C is safe.")
    return run(_WAIT_S)


class _Lines:
    """Prints how far a run is, on stderr, every few seconds."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._is_quiet = arguments.quiet
        self._last = float("-inf")

    def __call__(self, state: State) -> None:
        if self._is_quiet or not state.of_files:
            return
        if state.is_over or time.monotonic() - self._last >= _LINE_S:
            self._last = time.monotonic()
            print(dim(str(state), sys.stderr), file=sys.stderr, flush=True)


def _print_report(arguments: argparse.Namespace, report: ClusterReport) -> None:
    print(
        f"{counted(report.documents, 'document')}, {counted(report.chunks, 'passage')}: "
        f"{counted(report.read, 'file')} read, {report.removed:,} removed, {report.listed - report.read:,} unchanged, "
        f"{report.seconds:.1f} s."
    )
    shares = ", ".join(f"{safe(host)}: {n:,}" for host, n in sorted(report.hosts.items()))
    if arguments.verbose and shares:
        print(f"Shares of the work: {shares}. Commits: {report.commits:,}. Processor time: {report.cpu_s:.1f} s.")
    if report.redone:
        print(f"{counted(report.redone, 'share')} of the work done again, since nodes or processes died.")
    for item in report.failed[:_SHOWN]:
        print(f"  {safe(item.path)}: {safe(item.error)}")
    if len(report.failed) > _SHOWN:
        print(f"  and {len(report.failed) - _SHOWN:,} more that can't be read: bunko cluster index … --json")
    for left in report.left_out[:_SHOWN]:
        print(f"  {safe(left.path)}: {safe(left.reason)}")
    if report.given_up:
        print("Not indexed, since their tasks died again and again:")
        for path in report.given_up:
            print(f"  {safe(path)}")


def _ago(at: float) -> str:
    seconds = max(0.0, time.time() - at)
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{counted(int(seconds // size), unit)} ago"
    return f"{counted(int(seconds), 'second')} ago"
