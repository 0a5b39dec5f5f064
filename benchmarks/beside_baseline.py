r"""Run Bunko and other programs on the same model, folder and questions, in turn, and print the ratios.

usage: python benchmarks/beside_baseline.py --model M.gguf --folder FOLDER --questions Q.jsonl --limit 20 --rounds 2 \
           --other notebook="PYTHON seed_baseline.py" --other tuned="PYTHON seed_baseline.py --tuned" \
           --other txtai="PYTHON peer_txtai.py"

Each other program is a command that takes --model, --folder, --questions and --limit, and prints one JSON line with
ready_s, median_s, right_20, and answer_in_context or gold_in_top_3. Missing figures are shown as "–".

Everything runs one after the other, `--rounds` times, so that changes of the machine's speed affect all; the medians
of the rounds are shown, and the ratios of the medians. Memory is sampled from outside, in the same way for all: the
program and its children together. Three more runs of `bunko ask` a round are timed as a process, as users run it:
on a fresh folder until the answer is complete, again on the same folder, and the same question a third time, without
--no-cache. The others keep nothing on disk: their first answer takes ready_s + median_s.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ask_questions import PeakMemory

FIGURES = {
    "right_20": "right within 20 words",
    "f1": "token F1",
    "evidence_1": "gold in the first quote",
    "evidence_2": "gold in the first two",
    "answer_in_context": "gold in what the model reads",
    "context_words": "words of context, median",
    "evidence_s": "evidence there, s (median)",
    "median_s": "a question, s (median)",
    "ready_s": "ready to ask, s",
    "first_answer_s": "fresh folder to first answer, s",
    "ask_fresh_s": "… as a process, `bunko ask`",
    "ask_again_s": "second `bunko ask`, whole process, s",
    "ask_same_s": "the same question again, whole process, s",
    "peak_mb": "peak memory of all processes, MB",
}
# For these a ratio says how much faster or smaller Bunko is; of shares it would say little.
RATIOS = ("median_s", "ready_s", "first_answer_s", "peak_mb")
_ASK = [sys.executable, "-m", "bunko.cli.main", "ask", "--json", "--quiet"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "folder", "questions"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--limit", default="20")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--other", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("--out", help="also write the figures of every round to this file, a JSON object a line")
    arguments = parser.parse_args()
    ours = [sys.executable, str(Path(__file__).with_name("ask_questions.py")), "--no-memory"]
    programs = {"bunko": ours} | {name: shlex.split(command) for name, command in map(split_pair, arguments.other)}
    same = ["--model", arguments.model, "--folder", arguments.folder]
    same += ["--questions", arguments.questions, "--limit", arguments.limit]
    results: dict[str, list[dict]] = {name: [] for name in programs}
    for n in range(arguments.rounds):
        for name, command in programs.items():
            figures = run([*command, *same])
            if name == "bunko":
                figures |= as_processes(arguments.model, arguments.folder, arguments.questions)
            results[name].append(figures)
            line = json.dumps({"round": n, "program": name} | figures)
            print(line, file=sys.stderr, flush=True)
            if arguments.out:
                with Path(arguments.out).open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
    print(table(results))


def split_pair(pair: str) -> tuple[str, str]:
    name, _, command = pair.partition("=")
    return name, command


def run(command: list[str]) -> dict:
    # The others' libraries query their hubs for updates of downloaded models.
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
        memory = PeakMemory(process.pid, every_s=0.2)
        printed, _ = process.communicate()
        peak = memory.stop()["peak_mb"]
        errors.seek(0)
        said = errors.read()
    lines = [line for line in printed.splitlines() if line.startswith("{")]
    if not lines:
        sys.exit(f"{shlex.join(command)} printed no figures:\n{said[-2000:]}")
    figures = json.loads(lines[-1])
    if "gold_in_top_3" in figures:
        figures["answer_in_context"] = figures["gold_in_top_3"]
    figures.setdefault("first_answer_s", round(figures["ready_s"] + figures["median_s"], 2))
    return figures | {"peak_mb": peak}


def as_processes(model: str, folder: str, questions: str) -> dict:
    """Time `bunko ask` from its start: with no index, with one, and for a question that it has answered."""
    rows = [json.loads(line) for line in Path(questions).read_text(encoding="utf-8").splitlines()]
    first, second = [row["question"] for row in rows if row["answers"]][:2]
    with tempfile.TemporaryDirectory(prefix="bunko-bench-") as store:
        command = [*_ASK, "--model", model, "--store", store, "--max-tokens", "64", folder]
        fresh = seconds([*command, first], until="answer")
        again = seconds([*command, second], until="end")
        same = seconds([*command, second], until="end")
    return {"ask_fresh_s": fresh, "ask_again_s": again, "ask_same_s": same}


def seconds(command: list[str], *, until: str) -> float:
    """Return how long a command takes, or how long until its first line is there; it is waited for either way."""
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        answered = time.perf_counter() - begin
        process.wait()
        ended = time.perf_counter() - begin
    if process.returncode != 0 or not line:
        sys.exit(f"{shlex.join(command)} failed")
    return round(answered if until == "answer" else ended, 2)


def table(results: dict[str, list[dict]]) -> str:
    names = list(results)
    others = names[1:]
    head = ["", *names, *(f"{other} / bunko" for other in others)]
    rows = [head, ["---"] * len(head)]
    for figure, label in FIGURES.items():
        medians = {name: median(runs, figure) for name, runs in results.items()}
        if medians["bunko"] is None:
            continue
        ratios = [ratio(medians[other], medians["bunko"]) if figure in RATIOS else "" for other in others]
        rows.append([label, *(shown(medians[name]) for name in names), *ratios])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def median(runs: list[dict], figure: str) -> float | None:
    values = [run[figure] for run in runs if run.get(figure) is not None]
    return statistics.median(values) if values else None


def shown(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def ratio(other: float | None, ours: float | None) -> str:
    return f"{other / ours:.2f}" if other is not None and ours else "–"


if __name__ == "__main__":
    main()
