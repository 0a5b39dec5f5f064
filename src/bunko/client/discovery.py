"""Find the process that serves a library on this machine. In: a folder. Out: its address and token, or None.

A server writes a file into the library that only its user can read. Folders are copied, received and shared, and the
file may come with them. It is trusted only if it belongs to this user alone and names this folder, this version, a
running process and a loopback address; otherwise it is ignored. Knows nothing of requests.
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
from bunko.private_files import is_plain

SERVING_FILE = "serving.json"
_MOST_BYTES = 64 * 2**10


def find_serving(root: Path) -> Place | None:
    """Return the address of the library on this machine's server, with its token; None if it is not served."""
    try:
        facts = _read(home_of(root) / SERVING_FILE)
        if facts is None or facts["version"] != bunko.__version__ or facts["root"] != str(root.resolve()):
            return None
        place = place_of(facts["url"], token=facts["token"])
        if not place.is_here or not place.token or not _is_running(facts["pid"]):
            return None
        return replace(place, library=str(facts["library"]))
    except (OSError, KeyError, TypeError, ValueError, AttributeError, BunkoError):
        return None


def _read(path: Path) -> Any:
    """Return the file's content; None if others can read or write it, or if it is not a regular file."""
    if not is_plain(path):
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


def _is_running(pid: object) -> bool:
    if not isinstance(pid, int) or isinstance(pid, bool) or pid <= 1:
        return False
    if sys.platform == "win32":  # os.kill would end the process
        import psutil

        return bool(psutil.pid_exists(pid))
    try:
        os.kill(pid, 0)
    except OSError:  # it has ended, or belongs to another user
        return False
    return True
