"""Return memory to the system that was freed, but that the C library keeps. In: nothing. Out: nothing."""

from __future__ import annotations

import contextlib
import ctypes


def return_memory() -> None:
    """Return freed memory to the system: glibc would keep it, 100 MB and more after large documents."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)
