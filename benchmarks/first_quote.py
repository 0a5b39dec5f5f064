"""Measure when `bunko ask` shows the first quote and the first word of the answer, alone and beside `bunko serve`.

usage: python benchmarks/first_quote.py --folder FOLDER --questions Q.jsonl [--number 12]

Q has one JSON object with "question" on each line. The folder must be indexed, and the models be in the cache. Each
command runs in a terminal of its own, since the output to a pipe comes later. `number` new questions are asked alone,
as many beside a server, and the latter once more, as kept answers. Printed is one JSON line for each: seconds from the
start of the process, medians. Not on Windows, which has no pseudo-terminals of this kind.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pty
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

BUNKO = [sys.executable, "-m", "bunko.cli.main"]
CONTROLS = re.compile(rb"\x1b\[[0-9;]*[A-Za-z]")
ANSWER = b"Answer\r\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--questions", required=True)
    parser.add_argument("--number", type=int, default=12)
    arguments = parser.parse_args()
    lines = Path(arguments.questions).read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines[: 2 * arguments.number]]
    report("alone", arguments.folder, questions[: arguments.number])
    with served(arguments.folder):
        report("served", arguments.folder, questions[arguments.number :])
        report("served, kept", arguments.folder, questions[arguments.number :])


def report(name: str, folder: str, questions: list[str]) -> None:
    rows = [asked([*BUNKO, "ask", folder, question]) for question in questions]
    figures = {key: round(statistics.median(row[key] for row in rows if key in row), 3) for key in rows[0]}
    print(json.dumps({"how": name, "questions": len(rows)} | figures), flush=True)


def asked(command: list[str]) -> dict[str, float]:
    """Run a command in a terminal; return when what was there, in seconds."""
    begin = time.perf_counter()
    screen, terminal = pty.openpty()
    process = subprocess.Popen(command, stdout=terminal, stderr=terminal, stdin=subprocess.DEVNULL)
    os.close(terminal)
    shown, found = b"", {}
    with contextlib.suppress(OSError):  # Linux ends the output of a terminal with an error
        while data := os.read(screen, 1 << 16):
            shown = CONTROLS.sub(b"", shown + data)
            if b"[1]" in shown:
                found.setdefault("first_quote_s", time.perf_counter() - begin)
            if len(shown.partition(ANSWER)[2].strip()) > 1:
                found.setdefault("first_word_s", time.perf_counter() - begin)
    os.close(screen)
    if process.wait():
        sys.exit(shown.decode(errors="replace"))
    return found | {"end_s": time.perf_counter() - begin}


@contextlib.contextmanager
def served(folder: str) -> Iterator[None]:
    """Serve a folder meanwhile."""
    command = [*BUNKO, "serve", folder, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        try:
            server.stdout.readline()  # its address
            time.sleep(5)  # its models load
            yield
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
