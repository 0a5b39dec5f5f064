"""Make the rest of an index in a process of its own, so that the terminal is free. In: flags, a folder. Out: a process.

The process is this program again: `main` is what it runs. It embeds a few seconds long, then lets other writers in, so
that the next command sees new files and goes on with what is there.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bunko.child_process import command
from bunko.cli.common import counted, note, overrides_from
from bunko.errors import BunkoError, StoreBusy

if TYPE_CHECKING:
    from bunko.library import Library

_NAME = "completing"  # of its lock in the folder of the index
_SLICE_S = 2.5  # a command waits three seconds for another writer
_BETWEEN_S = 0.3
_WAIT_S = 600.0
COMMAND = command("bunko.cli.background")


def leave_rest(arguments: argparse.Namespace, library: Library, waiting: int) -> None:
    """Let a process in the background make the vectors that a sync left for later, and say so.

    An index on an object store has no lock by which processes know of each other: there they are made now.
    """
    from bunko.library_index import index_location
    from bunko.store.writer_lock import writing_process

    many = f"{counted(waiting, 'passage')} {'has' if waiting == 1 else 'have'} no vector yet"
    place = index_location(library.root, library.settings)
    try:
        is_started = "://" not in place and (
            bool(writing_process(Path(place), name=_NAME)) or start(_job(arguments, library))
        )
    except OSError:
        is_started = False
    if is_started:
        look = f"`bunko status {library.root}` shows how far it is."
        note(arguments, f"The index is being finished in the background: {many}. {look}")
        return
    note(arguments, f"Finishing the index: {many}. Ctrl-C is safe.")
    with contextlib.suppress(StoreBusy):  # another process makes them
        library.complete()


def _job(arguments: argparse.Namespace, library: Library) -> str:
    """Return what the process must know, as JSON."""
    overrides = overrides_from(arguments)
    # The embedder that was downloaded is the one that is used; nothing is downloaded unseen.
    overrides |= {"embedder": library.settings.embedder, "offline": True}
    return json.dumps({"root": str(library.root.resolve()), "overrides": overrides})


def start(job: str) -> bool:
    """Start the process, which outlives this one; return whether it runs. Raises OSError."""
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        flags |= subprocess.BELOW_NORMAL_PRIORITY_CLASS
    process = subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # not stopped by Ctrl-C, nor by the end of the terminal
        creationflags=flags,
    )
    assert process.stdin is not None
    with process.stdin:
        process.stdin.write(job.encode())
    process.returncode = 0  # it is not waited for: no warning when this object goes
    return True


def main() -> None:
    """Make the vectors of the index that stdin names; what stops it is found by the next command."""
    job = sys.stdin.buffer.read().decode()
    if hasattr(os, "nice"):
        os.nice(10)
    with contextlib.suppress(BunkoError, OSError):
        finish(job)


def finish(job: str) -> None:
    """Make the vectors; one process does so for an index. Raises BunkoError."""
    from bunko.config import load_settings
    from bunko.library import Library
    from bunko.library_index import index_location
    from bunko.paths import config_file
    from bunko.store.writer_lock import writer_lock

    told = json.loads(job)
    root = Path(told["root"])
    settings = load_settings(library_config=config_file(root), overrides=told["overrides"])
    with Library(root, settings=settings) as library:
        if not library.is_indexed:
            return
        place = Path(index_location(root, settings))
        with writer_lock(place, wait_s=0.0, name=_NAME):
            own = _identity(place)
            while library.complete(seconds=_SLICE_S, wait_s=_WAIT_S):
                time.sleep(_BETWEEN_S)
                if _identity(place) != own:
                    return  # the index was deleted, and another one may be in its place


def _identity(place: Path) -> tuple[int, int]:
    """Return what tells the lock's file from another one at the same path; zeros if there is none."""
    try:
        state = (place / f"{_NAME}.lock").stat()
    except OSError:
        return 0, 0
    return state.st_dev, state.st_ino
