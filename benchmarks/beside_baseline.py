r"""Run Bunko and other programs on the same model, folder and questions, in turn, and print the ratios.

usage: python benchmarks/beside_baseline.py --model M.gguf --folder FOLDER --questions Q.jsonl --limit 20 \
           --other notebook="PYTHON seed_baseline.py" --other tuned="PYTHON seed_baseline.py --tuned"

Each other program is a command that takes --model, --folder, --questions and --limit, and prints one JSON line with
ready_s, median_s, peak_mb, right_20. Everything runs one after the other, `--rounds` times, so that a machine that
grows slower does so for all; the medians of the rounds are shown, and the ratios of the medians.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

FIGURES = {
    "ready_s": "ready to ask, s",
    "median_s": "a question, s",
    "peak_mb": "peak memory, MB",
    "right_20": "right within 20 words",
    "answer_in_context": "gold in context",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "folder", "questions"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--limit", default="20")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--other", action="append", default=[], metavar="NAME=COMMAND")
    arguments = parser.parse_args()
    ours = [sys.executable, str(Path(__file__).with_name("ask_questions.py"))]
    programs = {"bunko": ours} | {name: shlex.split(command) for name, command in map(split_pair, arguments.other)}
    same = ["--model", arguments.model, "--folder", arguments.folder]
    same += ["--questions", arguments.questions, "--limit", arguments.limit]
    results: dict[str, list[dict]] = {name: [] for name in programs}
    for _ in range(arguments.rounds):
        for name, command in programs.items():
            results[name].append(run([*command, *same]))
            print(name, json.dumps(results[name][-1]), file=sys.stderr, flush=True)
    print(table(results))


def split_pair(pair: str) -> tuple[str, str]:
    name, _, command = pair.partition("=")
    return name, command


def run(command: list[str]) -> dict:
    # The others' libraries ask their hubs for news of models that are on the disk.
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        sys.exit(f"{shlex.join(command)} printed no figures:\n{done.stderr[-2000:]}")
    return json.loads(lines[-1])


def table(results: dict[str, list[dict]]) -> str:
    names = list(results)
    others = names[1:]
    head = ["", *names, *(f"{other} / bunko" for other in others)]
    rows = [head, ["---"] * len(head)]
    for figure, label in FIGURES.items():
        medians = {name: statistics.median(run[figure] for run in results[name]) for name in names}
        ratios = [f"{medians[other] / medians['bunko']:.2f}" if medians["bunko"] else "–" for other in others]
        rows.append([label, *(f"{medians[name]:g}" for name in names), *ratios])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    main()
