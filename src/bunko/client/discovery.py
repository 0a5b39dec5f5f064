"""Find the process that serves a library on this machine. In: a folder. Out: where it is, if it can be trusted.

A server leaves a file in the library, which only its user can read. Folders are copied, received and shared, and the
file may come along: it is believed only where it is this user's alone, tells of this very folder, of a process that
lives, of this version, and of an address on this machine. Everything else is as if there were no file.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import bunko
from bunko.client.http import Place, place_of
from bunko.errors import BunkoError
from bunko.paths import home_of

SERVING_FILE = "serving.json"
_MOST_BYTES = 64 * 2**10


def find_serving(root: Path) -> Place | None:
    """Return where a library is served on this machine, with the token that opens it; None if it is not."""
    try:
        told = _read(home_of(root) / SERVING_FILE)
        if told is None or told["version"] != bunko.__version__ or told["root"] != str(root.resolve()):
            return None
        place = place_of(told["url"], token=told["token"])
        if not place.is_here or not place.token or not _lives(told["pid"]):
            return None
        return replace(place, library=str(told["library"]))
    except (OSError, KeyError, TypeError, ValueError, AttributeError, BunkoError):
        return None


def _read(path: Path) -> Any:
    """Return what the file holds; None if it is not this user's alone, or no plain file."""
    if path.is_symlink():
        return None
    with os.fdopen(
        os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)), "rb"
    ) as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            return None
        if sys.platform != "win32" and (state.st_uid != os.geteuid() or state.st_mode & 0o077):
            return None
        return json.loads(file.read(_MOST_BYTES))


def _lives(pid: object) -> bool:
    if not isinstance(pid, int) or isinstance(pid, bool) or pid <= 1:
        return False
    if sys.platform == "win32":  # there, os.kill would end it
        import psutil

        return bool(psutil.pid_exists(pid))
    try:
        os.kill(pid, 0)
    except OSError:  # gone, or another user's
        return False
    return True
