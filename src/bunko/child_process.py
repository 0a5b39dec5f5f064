"""Start Python processes of our own that die with their parent. For the engine, and for the reader of files.

Parent's side: `spawn`, `stop`. Child's side: `claim_stdout`, `exit_with_parent`, `leave`. A child gets its orders on
stdin, which stays open for as long as the parent lives, and answers on stdout.
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

# The folder that the user is in must not lend the child its modules (its json.py would run), which `-m` and `-c` both
# allow by putting it first; and our own package must be found in whatever way the parent found it.
_BOOTSTRAP = (
    "import sys, importlib; sys.path[:] = [*filter(None, sys.path), sys.argv[1]]; "
    "importlib.import_module(sys.argv[2]).main()"
)


def spawn(module: str, *, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start `module.main()` with pipes on all sides. `environment` holds defaults. Raises OSError."""
    # Away from the terminal's group, so that Ctrl-C reaches the parent alone.
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    root = str(Path(bunko.__file__).parent.parent)
    return subprocess.Popen(
        [sys.executable, "-c", _BOOTSTRAP, root, module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**(environment or {}), **os.environ},
        start_new_session=True,
        creationflags=flags,
    )


def stop(popen: subprocess.Popen[bytes], owner: int) -> None:
    """Kill a child, unless this process is a fork of its parent (`owner`) only. May be called again."""
    if os.getpid() != owner:
        return
    popen.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        popen.wait(5)
    if popen.stdin is not None:
        with contextlib.suppress(OSError):
            popen.stdin.close()


def claim_stdout() -> int:
    """Return a descriptor of stdout for the replies alone: what libraries print there goes to stderr."""
    reply = os.dup(1)
    os.dup2(2, 1)
    return reply


def exit_when_orphaned() -> None:
    """Watch, in a thread, for the parent's death, and follow it.

    The end of stdin tells of it too, but a process that the parent forked may hold that pipe open.
    """
    if os.name != "nt":  # there the parent's number never changes, and nothing is forked
        threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()


def _follow(parent: int) -> NoReturn:
    while os.getppid() == parent:
        time.sleep(1)
    leave(0)


def leave(code: int) -> NoReturn:
    """Exit at once: with a library's threads about, an orderly exit of the interpreter can hang."""
    sys.stderr.flush()
    os._exit(code)
