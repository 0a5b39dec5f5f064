"""`bunko status`: how far the index of a folder is. Updates nothing."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from bunko.cli.common import beside, bold, counted, dim, for_terminal, print_json, safe, settings_from
from bunko.client.discovery import find_serving
from bunko.contract.serialise import to_json
from bunko.installation import own_commands
from bunko.library import Library
from bunko.library_index import index_location
from bunko.library_status import LibraryStatus, status_of
from bunko.settings import apply_overrides

_LEFT = 12  # columns before a value
_SHOWN = 10  # files that could not be read; --json has all


def run(arguments: argparse.Namespace) -> int:
    """Print how far the index is."""
    root = Path(arguments.folder).expanduser()
    settings = apply_overrides(settings_from(arguments, root), {"offline": True})  # a status downloads no model
    with Library(root, settings=settings) as library:
        status = status_of(library, index=index_location(library.root, settings))
    place = find_serving(root)
    if arguments.json:
        print_json(to_json(status) | {"complete": status.is_complete, "served_at": place.url if place else None})
        return 0
    for name, text in _lines(status, served_at=place.url if place else ""):
        print(f"{bold(f'{name:<11}')} {beside(safe(text), _LEFT)}")
    for item in status.failed[:_SHOWN]:
        text = safe(f"{item.path}: {item.error} {item.hint}").rstrip()
        print(for_terminal(text, sys.stdout, first="  ", rest="    "))
    if len(status.failed) > _SHOWN:
        print(dim(f"  … and {len(status.failed) - _SHOWN:,} more; --json has them."))
    if not status.is_complete and not status.writer:
        print(own_commands(f"Bring it up to date: bunko index {safe(arguments.folder)}"))
    return 0


def _lines(status: LibraryStatus, *, served_at: str) -> list[tuple[str, str]]:
    """Return the rows of the table: a name and a text each."""
    if not status.indexed:
        return [("folder", status.folder), ("index", f"none yet; {counted(status.changed, 'file')} to read")]
    size = f", {_bytes(status.size)}" if status.size else ""
    failed = f"; {counted(len(status.failed), 'file')} could not be read" if status.failed else ""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(status.indexed_at)) if status.indexed_at else "never"
    rows = [
        ("folder", status.folder),
        ("index", f"{status.index}{size}"),
        ("documents", f"{status.documents:,}{failed}"),
        ("passages", f"{status.chunks:,}{_vectors(status)}"),
        ("changes", _changes(status)),
        ("indexed", when),
    ]
    if status.writer:
        rows.append(("now", f"{status.writer} is writing to the index"))
    return [*rows, ("served at", served_at)] if served_at else rows


def _bytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.0f} kB"


def _vectors(status: LibraryStatus) -> str:
    if status.unembedded is None:
        return "; the embedder is not on this machine yet"
    if not status.unembedded:
        return ", all with a vector"
    done = 100 * (1 - min(1.0, status.unembedded / max(1, status.chunks)))
    return f", {status.unembedded:,} without a vector yet ({done:.0f}% done); they are found by their words meanwhile"


def _changes(status: LibraryStatus) -> str:
    parts = [f"{counted(status.changed, 'file')} new or changed" if status.changed else ""]
    parts += [f"{counted(status.gone, 'file')} no longer there" if status.gone else ""]
    return " and ".join(part for part in parts if part) or "none since"
