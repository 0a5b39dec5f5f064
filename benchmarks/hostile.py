"""Index a folder of hostile files: is every file reported, and how much time and memory does it take?

    python -m benchmarks.hostile FOLDER [--stop-at-mb 4000] [--timeout-s 3600] [--without-vectors]

Prints one JSON object: seconds, the exit code, the peak memory of the command and of its reading process in MB, how
many files were read, how many are reported as failed, and those that are neither. The index is made in a temporary
folder. Memory is the resident set, looked at twenty times a second.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

_LOOK_S = 0.05
_PROGRAM = "import sys; from bunko.cli.main import main; sys.exit(main())"
# `bunko index` makes all vectors, which takes far longer than reading; `ask` leaves most of them for later.
_WITHOUT_VECTORS = """
import sys
from bunko.cli.main import main
from bunko.library import Library
sync = Library.sync
Library.sync = lambda self, **given: sync(self, **{**given, "vectors": "few"})
sys.exit(main())
"""


def main() -> None:
    """Run the command, watch it, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stop-at-mb", type=int, default=4_000, help="end the run when the command takes more")
    parser.add_argument("--timeout-s", type=float, default=3_600.0)
    parser.add_argument("--set", action="append", default=[], help="a setting, as for `bunko index`")
    parser.add_argument("--without-vectors", action="store_true", help="read, chunk and store only")
    given = parser.parse_args()
    program = _WITHOUT_VECTORS if given.without_vectors else _PROGRAM
    with tempfile.TemporaryDirectory() as store:
        settings = [word for setting in given.set for word in ("--set", setting)]
        found = measure(
            [
                sys.executable,
                "-c",
                program,
                "index",
                str(given.folder),
                "--store",
                f"{store}/store",
                "--json",
                *settings,
            ],
            stop_at_mb=given.stop_at_mb,
            timeout_s=given.timeout_s,
        )
        report = json.loads(found.pop("stdout") or "{}")
        listed = _listed(given.folder, f"{store}/store")
    names = {path.relative_to(given.folder).as_posix() for path in given.folder.rglob("*") if path.is_file()}
    found["files"] = len(names)
    found["documents"], found["chunks"] = report.get("documents"), report.get("chunks")
    found["failed"] = len(report.get("failed", ()))
    found["not_reported"] = sorted(name for name in names - listed if not name.startswith("."))
    print(json.dumps(found, indent=1))


def measure(command: list[str], *, stop_at_mb: int, timeout_s: float) -> dict[str, object]:
    """Run a command; return its exit code, output, seconds, and the peak memory of it and of its children."""
    begin = time.monotonic()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(command, stdout=out, stderr=err, text=True)
        own = readers = 0.0
        stopped = ""
        while child.poll() is None:
            parent_mb, child_mb = memory_mb(child.pid)
            own, readers = max(own, parent_mb), max(readers, child_mb)
            if parent_mb > stop_at_mb or time.monotonic() - begin > timeout_s:
                stopped = f"stopped at {parent_mb:.0f} MB after {time.monotonic() - begin:.0f} s"
                child.kill()
            time.sleep(_LOOK_S)
        out.seek(0)
        err.seek(0)
        return {
            "seconds": round(time.monotonic() - begin, 1),
            "exit": child.returncode,
            "stopped": stopped,
            "peak_mb": round(own),
            "reader_peak_mb": round(readers),
            "stderr": err.read()[-1500:] if child.returncode else "",
            "stdout": out.read(),
        }


def memory_mb(pid: int) -> tuple[float, float]:
    """Return the resident memory of a process, and of the largest of its children."""
    try:
        process = psutil.Process(pid)
        children = [each.memory_info().rss for each in process.children(recursive=True)]
        return process.memory_info().rss / 1e6, max(children, default=0) / 1e6
    except psutil.Error:
        return 0.0, 0.0


def _listed(folder: Path, store: str) -> set[str]:
    """Return the files in the index, whether they were read or not."""
    import bunko
    from bunko.config import load_settings
    from bunko.errors import BunkoError

    try:
        with bunko.open(folder, settings=load_settings(overrides={"store": store})) as library:
            return {record.file for record in library.records().values()}
    except BunkoError as error:
        print(error, file=sys.stderr)
        return set()


if __name__ == "__main__":
    main()
