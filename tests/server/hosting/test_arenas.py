"""Arenas: a server's threads share two, unless its user has said how many."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")

_THREADS = """
import ctypes, sys, threading
from bunko.server.hosting.arenas import share_arenas
if sys.argv[1] == "share":
    print(share_arenas())
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(12)
def allocate():
    together.wait()
    libc.malloc(ctypes.c_size_t(100))
    together.wait()
threads = [threading.Thread(target=allocate) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
file = libc.fopen(sys.argv[2].encode(), b"w")
libc.malloc_info(0, ctypes.c_void_p(file))
libc.fclose(ctypes.c_void_p(file))
"""


def arenas(tmp_path: Path, mode: str, **environment: str) -> tuple[str, int]:
    """Return what `share_arenas` said, and how many arenas twelve threads of a process came to use."""
    written = tmp_path / "arenas.xml"
    command = [sys.executable, "-c", _THREADS, mode, str(written)]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    return said, written.read_text().count("<heap nr")


def test_threads_share_two_arenas(tmp_path: Path) -> None:
    assert arenas(tmp_path, "leave")[1] > 2
    assert arenas(tmp_path, "share") == ("True", 2)


@pytest.mark.parametrize(
    "chosen", [{"MALLOC_ARENA_MAX": "5"}, {"GLIBC_TUNABLES": "glibc.malloc.arena_max=5"}], ids=["variable", "tunable"]
)
def test_what_the_user_has_chosen_stays(tmp_path: Path, chosen: dict[str, str]) -> None:
    assert arenas(tmp_path, "share", **chosen) == ("False", 5)
