"""Compare a million listed files with the manifest of a million: seconds and memory. The listing is made up.

usage: python benchmarks/cluster_plan.py FOLDER [FILES]     FOLDER: where the manifest is written, a path or a URL
"""

from __future__ import annotations

import resource
import sys
import time

import lance
import pyarrow as pa

from bunko.cluster.plan import MANIFEST, make_plan
from bunko.indexing.compare import fingerprint
from bunko.settings import Settings
from bunko.store.remote import storage_options


def told(what: str, begin: tuple[float, float]) -> tuple[float, float]:
    """Print how long a step took, and return when the next begins."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu, wall = used.ru_utime + used.ru_stime, time.monotonic()
    print(f"{what:44} wall {wall - begin[0]:6.2f} s  cpu {cpu - begin[1]:6.2f} s  peak {used.ru_maxrss / 1e6:.2f} GB")
    return wall, cpu


def main() -> None:
    """Write a manifest, make a listing in which 1% has changed, and compare them."""
    place, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    options = storage_options(place) if "://" in place else None
    changed, gone, new = count // 100, count // 1000, count // 1000
    paths = pa.array([f"department-{n % 97:02d}/year-{n % 31:02d}/report-{n:08d}.pdf" for n in range(count + new)])
    numbers = pa.array(range(count), pa.int64())
    clock = told("begin", (0.0, 0.0))
    digest = fingerprint(Settings())
    manifest = pa.table(
        {
            "path": paths[:count],
            "digest": [f"{n:032x}:{digest}" for n in range(count)],
            "size": numbers,
            "modified_ns": numbers,
            "indexed_at": pa.array([1e9] * count, pa.float64()),
            "failed": pa.array([False] * count),
        }
    )
    lance.write_dataset(manifest, f"{place}/files.lance", storage_options=options, mode="overwrite")
    listed = pa.table(
        {
            "path": pa.concat_arrays([paths[gone:count], paths[count:]]),
            "size": pa.array([*range(gone, count), *([1] * new)], pa.int64()),
            "modified_ns": pa.array([*([7] * changed), *range(gone + changed, count), *([7] * new)], pa.int64()),
            "place": pa.array([b""] * (count - gone + new), pa.binary()),
        }
    )
    del manifest, numbers
    clock = told("write the manifest and make the listing", clock)
    known = lance.dataset(f"{place}/files.lance", storage_options=options).to_table(columns=MANIFEST)
    clock = told("read the manifest", clock)
    plan = make_plan(listed, known, settings=Settings())
    clock = told("compare", clock)
    first = plan.tasks(0, 32)
    told("the first share", clock)
    print(f"{plan.files.num_rows:,} to look at, {len(plan.gone):,} gone, {len(first)} in the first share")
    assert (plan.files.num_rows, len(plan.gone)) == (changed + new, gone)


if __name__ == "__main__":
    main()
