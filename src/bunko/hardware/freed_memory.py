"""Return memory to the system that was freed, but that the C library keeps. In: nothing. Out: nothing.

The allocator of Linux (glibc) gives each thread an arena of its own, up to eight for each processor, and what is freed
in one serves no other. And once a large block was freed, the next ones of its size are cut from an arena, which stays
as large as it ever was if anything small lies above them. So all threads share two arenas, and large blocks are mapped
by themselves. Searches are as fast; indexing takes 2.7% longer, so that only servers ask for it (`benchmarks/LOG.md`).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from typing import NamedTuple


class _Parameter(NamedTuple):
    """A parameter of glibc's `mallopt`: its number in malloc.h, our value, and where a user sets it."""

    number: int
    value: int
    variable: str
    tunable: str

    def is_chosen(self) -> bool:
        """Return whether the user has set it."""
        return self.variable in os.environ or self.tunable in os.environ.get("GLIBC_TUNABLES", "")


_PARAMETERS = (
    _Parameter(-8, 2, "MALLOC_ARENA_MAX", "glibc.malloc.arena_max"),
    _Parameter(-3, 256 << 10, "MALLOC_MMAP_THRESHOLD_", "glibc.malloc.mmap_threshold"),
    _Parameter(-1, 4 << 20, "MALLOC_TRIM_THRESHOLD_", "glibc.malloc.trim_threshold"),
)


def return_memory_when_freed() -> bool:
    """Have this process return what it frees from now on; to be called before there are threads.

    Returns whether all was set: the user may have chosen otherwise, and other C libraries have nothing of it.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library, such as musl
        return False
    done = [not parameter.is_chosen() and bool(mallopt(*parameter[:2])) for parameter in _PARAMETERS]
    return all(done)


def return_memory() -> None:
    """Return what was freed before, now: glibc would keep it, 100 MB and more after large documents."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)
