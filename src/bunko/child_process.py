"""Start Python child processes that end with their parent. In: a module. Out: a process with pipes.

Parent's side: `command`, `spawn`, `stop`. Child's side: `claim_stdout`, `exit_when_orphaned`, `leave`. A child reads
its request from stdin, which stays open while the parent lives, and replies on stdout. Knows nothing of what it does.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

import bunko
from bunko.child_environment import kept_environment

# Modules in the current folder must not be imported (a json.py there would run): `-m` and `-c` both put it first in
# sys.path. Our own package must be found as the parent found it.
_BOOTSTRAP = (
    "import sys, importlib; sys.path[:] = [*filter(None, sys.path), sys.argv[1]]; "
    "importlib.import_module(sys.argv[2]).main()"
)


def command(module: str) -> list[str]:
    """Return the command line that runs `module.main()` of this program in a process of its own."""
    return [sys.executable, "-c", _BOOTSTRAP, str(Path(bunko.__file__).parent.parent), module]


def spawn(module: str, *, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start `module.main()` with pipes for stdin, stdout and stderr. Raises OSError.

    It gets the variables of this process that `bunko.child_environment` names; `environment` holds defaults of others.
    """
    # In a process group of its own, so that Ctrl-C reaches the parent only.
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    return subprocess.Popen(
        command(module),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**(environment or {}), **kept_environment()},
        start_new_session=True,
        creationflags=flags,
    )


def stop(popen: subprocess.Popen[bytes], owner: int) -> None:
    """Kill a child, unless this process is only a fork of its parent (`owner`). May be called twice."""
    if os.getpid() != owner:
        return
    popen.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        popen.wait(5)
    if popen.stdin is not None:
        with contextlib.suppress(OSError):
            popen.stdin.close()


def claim_stdout() -> int:
    """Return a descriptor of stdout for replies; from now on, output of libraries goes to stderr."""
    reply = os.dup(1)
    os.dup2(2, 1)
    return reply


def exit_when_orphaned() -> None:
    """Watch the parent process in a thread, and exit when it has ended.

    Stdin ends then too, but a process that the parent forked may keep that pipe open.
    """
    if os.name != "nt":  # on Windows the parent's number never changes, and nothing is forked
        threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()


def _follow(parent: int) -> NoReturn:
    while os.getppid() == parent:
        time.sleep(1)
    leave(0)


def leave(code: int) -> NoReturn:
    """Exit at once: a normal exit of the interpreter can hang on threads of libraries."""
    sys.stderr.flush()
    os._exit(code)
