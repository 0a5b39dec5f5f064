"""Measure how fast this machine reads memory. In: the number of threads. Out: bytes per second. Takes 0.3 s."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

# Larger than the caches of nearly all processors, and small enough for any machine.
_BYTES = 256 * 2**20
_RUNS = 5


def memory_bandwidth(*, threads: int) -> float:
    """Return the best of several runs, in bytes per second: other programs can only slow a run down."""
    import numpy as np

    numbers = np.ones(_BYTES // 4, dtype=np.float32)
    parts = np.array_split(numbers, threads)
    best = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(_RUNS):
            began = time.perf_counter()
            list(pool.map(lambda part: float(part.max()), parts))
            best = max(best, _BYTES / (time.perf_counter() - began))
    return best
