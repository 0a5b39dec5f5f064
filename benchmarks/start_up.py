r"""Measure what a user waits for: a fresh folder, a second question, evidence on the screen; and the memory they take.

usage: python benchmarks/start_up.py --folder FOLDER --questions Q.jsonl [--model M] [--rounds 5]

Q has one JSON object with "question" on each line. The folder is copied, and each round begins with a copy that was
never indexed; the models must be in the cache. Printed is one JSON line with medians of the rounds:
first_answer_s  `bunko ask` on the fresh folder, from the start of the process until the whole answer is printed
complete_s      ... until the process has ended, and every passage has its vector
second_ask_s    `bunko ask` with another question, the folder as before: the whole process
second_stages_ms  its stages; "sync" holds the imports and the opening of the index
evidence_ms, evidence_p95_ms  from the question to the evidence, in a process that has answered ten questions before
first_peak_mb, second_peak_mb  all processes of the program together, sampled every 50 ms (proportional set size where
                there is one); by_process: this one, then the engine, then the reader of files
first_rss_mb, second_rss_mb  the peak of resident sizes: an upper limit, since shared pages count in each process
On a busy machine compare figures of the same minutes only: `--against OTHER/bin/python` runs another installation in
turn, and prints a second line for it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import psutil

WARM_UP = 10
WARM_QUESTIONS = 60

EVIDENCE = """
import json, sys, time
import bunko
folder, model, questions = sys.argv[1], sys.argv[2], json.loads(sys.stdin.read())
with bunko.open(folder, model=model) as library:
    library.sync(wait_s=60.0)
    took = []
    for question in questions:
        begin = time.perf_counter()
        events = library.stream(question)
        next(events)
        took.append(1000 * (time.perf_counter() - begin))
        events.close()
print(json.dumps(took))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--questions", required=True)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", metavar="PYTHON")
    arguments = parser.parse_args()
    lines = Path(arguments.questions).read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    pythons = [sys.executable, *([arguments.against] if arguments.against else [])]
    found: dict[str, dict[str, list]] = {python: defaultdict(list) for python in pythons}
    for number in range(arguments.rounds):
        for python in pythons:
            for name, value in one_round(python, arguments, questions, number).items():
                found[python][name].append(value)
            print(python, json.dumps({name: values[-1] for name, values in found[python].items()}), file=sys.stderr)
    for python in pythons:
        print(json.dumps({"python": python} | {name: middle(values) for name, values in found[python].items()}))


def one_round(python: str, arguments: argparse.Namespace, questions: list[str], number: int) -> dict:
    with tempfile.TemporaryDirectory(prefix="bunko-bench-") as place:
        folder = Path(place, "documents")
        shutil.copytree(arguments.folder, folder, ignore=shutil.ignore_patterns(".bunko"))
        # Another question in each round and each run: an answer that is kept takes no time at all.
        first = Run(python, folder, arguments.model, questions[2 * number])
        second = Run(python, folder, arguments.model, questions[2 * number + 1])
        warm = evidence(python, folder, arguments.model, questions[: WARM_UP + WARM_QUESTIONS])
    return {
        "first_answer_s": first.answered_s,
        "complete_s": first.ended_s,
        "second_ask_s": second.ended_s,
        "second_stages_ms": second.timings,
        "evidence_ms": statistics.median(warm),
        "evidence_p95_ms": statistics.quantiles(warm, n=20)[-1],
        "first_peak_mb": sum(first.peak),
        "second_peak_mb": sum(second.peak),
        "first_by_process": first.peak,
        "second_by_process": second.peak,
        "first_rss_mb": first.peak_rss,
        "second_rss_mb": second.peak_rss,
    }


class Run:
    """One run of the command, watched from outside."""

    def __init__(self, python: str, folder: Path, model: str, question: str) -> None:
        self.peak: list[int] = []
        self.peak_rss = 0
        self._done = threading.Event()
        command = [python, "-m", "bunko.cli.main", "ask", str(folder), question, "--model", model, "--json", "-q"]
        begin = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            watching = threading.Thread(target=self._watch, args=(psutil.Process(process.pid),))
            watching.start()
            line = process.stdout.readline()
            self.answered_s = round(time.perf_counter() - begin, 3)
            process.wait()
            self.ended_s = round(time.perf_counter() - begin, 3)
            self._done.set()
            watching.join()
        if process.returncode:
            sys.exit(f"{command} failed")
        self.timings = json.loads(line)["timings_ms"]

    def _watch(self, root: psutil.Process) -> None:
        while not self._done.wait(0.05):
            sample, resident = [], 0
            try:
                for process in (root, *root.children(recursive=True)):
                    memory = process.memory_full_info()
                    sample.append((getattr(memory, "pss", 0) or memory.rss) // 1_000_000)
                    resident += memory.rss // 1_000_000
            except psutil.Error:  # it ended meanwhile
                continue
            self.peak_rss = max(self.peak_rss, resident)
            if sum(sample) > sum(self.peak):
                self.peak = sample


def evidence(python: str, folder: Path, model: str, questions: list[str]) -> list[float]:
    command = [python, "-c", EVIDENCE, str(folder), model]
    done = subprocess.run(command, input=json.dumps(questions), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)[WARM_UP:]


def middle(values: list) -> object:
    if isinstance(values[0], dict):
        return {name: round(statistics.median(value.get(name, 0) for value in values), 1) for name in values[0]}
    if isinstance(values[0], list):
        return sorted(values, key=sum)[len(values) // 2]
    return round(statistics.median(values), 2)


if __name__ == "__main__":
    main()
