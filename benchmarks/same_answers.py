"""Compare two runs of `bunko batch` question by question, to see what a change of the program changed.

usage: python benchmarks/same_answers.py BEFORE.jsonl AFTER.jsonl [--show 5]

Both files must have the same questions in the same order. The first table counts the questions in which each field of
the answers differs, the second has the median times of both runs. --show prints the first answers that differ.
The exit status is 1 if any field differs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

FIELDS = ("answer", "refused", "evidence", "citations", "unsupported", "hits", "notes", "error")
Line = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print the first N differing answers")
    arguments = parser.parse_args()
    before, after = read(arguments.before), read(arguments.after)
    if [line["question"] for line in before] != [line["question"] for line in after]:
        sys.exit("The files have different questions.")
    pairs = list(zip(before, after, strict=True))
    differing = {field: sum(a.get(field) != b.get(field) for a, b in pairs) for field in FIELDS}
    print(f"{len(pairs)} questions\n\n| field | differs |\n|---|---|")
    print("\n".join(f"| {field} | {count} |" for field, count in differing.items()))
    print(f"\n| ms, median | {arguments.before.name} | {arguments.after.name} |\n|---|---|---|")
    one, other = medians(before), medians(after)
    for stage in dict.fromkeys([*one, *other]):
        print(f"| {stage} | {shown(one.get(stage))} | {shown(other.get(stage))} |")
    changed = [(a, b) for a, b in pairs if a.get("answer") != b.get("answer")]
    for a, b in changed[: arguments.show]:
        print(f"\n{a['question']}\n- {text_of(a)}\n+ {text_of(b)}")
    return int(any(differing.values()))


def read(path: Path) -> list[Line]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def medians(lines: list[Line]) -> dict[str, float]:
    """Return the median time of each stage over the answered questions, "total" last."""
    timings = [line["timings_ms"] for line in lines if "timings_ms" in line]
    stages = dict.fromkeys(stage for one in timings for stage in one if stage != "total")
    return {stage: statistics.median(one.get(stage, 0.0) for one in timings) for stage in (*stages, "total") if timings}


def shown(milliseconds: float | None) -> str:
    return "–" if milliseconds is None else f"{milliseconds:.1f}"


def text_of(line: Line) -> str:
    return str(line.get("answer", f"failed: {line.get('error')}"))


if __name__ == "__main__":
    sys.exit(main())
