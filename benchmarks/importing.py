"""How long an import takes, how much memory, and what the checks find: python benchmarks/importing.py SOURCE [...].

The import runs as the command does, in a process of its own; memory is looked at ten times a second. "Own" memory is
what no other process shares and no file holds (USS): pages of a mapped model file are not counted.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time

import psutil


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="as for `bunko models import`")
    parser.add_argument("--quantize", default="Q4_K_M")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="more flags of `bunko models import`, after --")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-m", "bunko.cli.main", "models", "import", arguments.source, "--name", "measured",
                   "--quantize", arguments.quantize, "--json", "--set", f"cache_dir={cache}",
                   *[flag for flag in arguments.rest if flag != "--"]]  # fmt: skip
        peaks: dict[str, int] = {}
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        watcher = threading.Thread(target=_watch, args=(process, peaks))
        watcher.start()
        output, _ = process.communicate()
        watcher.join()
    if process.returncode != 0:
        raise SystemExit(process.returncode)
    report = json.loads(output)["import"]
    report["whole_s"] = round(time.monotonic() - start, 1)
    report["peak_own_mb"] = {name: round(count / 1e6) for name, count in peaks.items()}
    print(json.dumps(report, indent=2, ensure_ascii=False))


def _watch(process: subprocess.Popen[bytes], peaks: dict[str, int]) -> None:
    parent = psutil.Process(process.pid)
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            _note(parent, "the command", peaks)
            for child in parent.children(recursive=True):
                with contextlib.suppress(psutil.Error, IndexError):
                    _note(child, child.cmdline()[4].removeprefix("bunko."), peaks)
        time.sleep(0.1)


def _note(process: psutil.Process, name: str, peaks: dict[str, int]) -> None:
    peaks[name] = max(peaks.get(name, 0), process.memory_full_info().uss)


if __name__ == "__main__":
    main()
