"""Measure what the signature of an index costs.

    python benchmarks/signing.py [--documents 3000]

Prints medians of processor time, and ratios: opening an index with and without the look at its seal; a sync that finds
nothing changed, with and without signing; the first look at a copy, which hashes everything; a whole check. The
embedder is a fake.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from tests.support import make_library, write_files

from bunko.store import Store, open_store
from bunko.store.seal import Seal


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=3000)
    parser.add_argument("--repeats", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "docs")
        for n in range(arguments.documents):
            text = "\n\n".join(f"Document {n} says in part {m} that mill {n * m} was built in {m}." for m in range(40))
            write_files(root, {f"{n}.txt": text})
        with make_library(root) as library:
            library.sync()
        location = str(root / ".bunko" / "store")
        files = [path for path in Path(location).rglob("*") if path.is_file()]
        print(f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.0f} MB")

        def sync() -> None:
            with make_library(root) as library:
                library.sync()

        def unsigned_sync() -> None:
            with _unsigned():
                sync()

        _compare("opening", lambda: Store(location), lambda: open_store(location, origin="folder"), arguments.repeats)
        _compare("a sync without changes", unsigned_sync, sync, arguments.repeats)
        copy = Path(folder, "copy")
        shutil.copytree(root, copy)
        print(f"first judging of a copy: {_seconds(lambda: Seal(copy / '.bunko' / 'store').judge()):.3f} s")
        with make_library(root) as library:
            print(f"whole check: {_seconds(library.check):.3f} s")


@contextlib.contextmanager
def _unsigned() -> Iterator[None]:
    """Leave out what is new: judging, and signing at the end."""
    with (
        mock.patch("bunko.store.opening._judge", return_value=mock.Mock(is_sound=True)),
        mock.patch.object(Seal, "begin"),
        mock.patch.object(Seal, "close"),
    ):
        yield


def _compare(name: str, before: Callable[[], object], after: Callable[[], object], repeats: int) -> None:
    """Time both in turn, so that other load on the machine meets both alike."""
    pairs = [(_seconds(before), _seconds(after)) for _ in range(repeats)]
    without, with_seal = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(after / before for before, after in pairs)
    print(f"{name}: {1000 * without:.1f} ms without, {1000 * with_seal:.1f} ms with; ratio {ratio:.2f}")


def _seconds(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


if __name__ == "__main__":
    main()
