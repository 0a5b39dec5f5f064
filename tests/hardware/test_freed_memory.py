"""What is freed goes back: threads share two arenas and large blocks are mapped, unless the user says otherwise."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")

_BEGIN = """
import ctypes, sys, threading
from bunko.hardware.freed_memory import return_memory_when_freed
if sys.argv[1] == "set":
    print(return_memory_when_freed())
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
"""
_THREADS = """
libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(12)
def allocate():
    together.wait()
    libc.malloc(100)
    together.wait()
threads = [threading.Thread(target=allocate) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
file = libc.fopen(sys.argv[2].encode(), b"w")
libc.malloc_info(0, ctypes.c_void_p(file))
libc.fclose(ctypes.c_void_p(file))
"""
# Large blocks with a small one above each: without a threshold, the second round's stay in the arena.
_LARGE_BLOCKS = """
def resident_mb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("RssAnon"))
before = resident_mb()
for _ in range(2):
    blocks = []
    for _ in range(64):
        blocks.append(libc.malloc(2 << 20))
        ctypes.memset(blocks[-1], 1, 2 << 20)
        libc.malloc(100_000)
    for block in blocks:
        libc.free(block)
print(resident_mb() - before)
"""


def said(code: str, *arguments: str, **environment: str) -> list[str]:
    command = [sys.executable, "-c", _BEGIN + code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()


def arenas(tmp_path: Path, mode: str, **environment: str) -> int:
    """Return how many arenas twelve threads of a process came to use."""
    written = tmp_path / "arenas.xml"
    said(_THREADS, mode, str(written), **environment)
    return written.read_text().count("<heap nr")


def test_threads_share_two_arenas(tmp_path: Path) -> None:
    assert arenas(tmp_path, "leave") > 2
    assert arenas(tmp_path, "set") == 2


def test_large_blocks_go_back_when_they_are_freed() -> None:
    assert int(said(_LARGE_BLOCKS, "leave")[-1]) > 100
    set_, grown = said(_LARGE_BLOCKS, "set")
    assert set_ == "True"
    assert int(grown) < 20


@pytest.mark.parametrize(
    "chosen", [{"MALLOC_ARENA_MAX": "5"}, {"GLIBC_TUNABLES": "glibc.malloc.arena_max=5"}], ids=["variable", "tunable"]
)
def test_what_the_user_has_chosen_stays(tmp_path: Path, chosen: dict[str, str]) -> None:
    assert said("", "set", **chosen) == ["False"]
    assert arenas(tmp_path, "set", **chosen) == 5
