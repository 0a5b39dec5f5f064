"""Count which wrong sentences the check finds, and which right ones it calls unsupported. Asks no model.

usage: python benchmarks/claims.py pairs [--show]
       python benchmarks/claims.py answers FILE… [--show]     dumps of citations.py answers --dump

`pairs` reads claims.tsv: set (build: the rules were made with it; check: they were not), language, kind of fault, label
(same, other), a source, a sentence. `caught` is the share of `other` that is unsupported, `alarms` that of `same`.
`answers` grounds each answer again in its own evidence, and prints how many sentences are verified and unsupported.
Run it in two trees and compare the lines of --show to see what changed.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from bunko.grounding.ground import ground
from bunko.question.question import parse_question
from bunko.types import Evidence

PAIRS = Path(__file__).with_suffix(".tsv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["pairs", "answers"])
    parser.add_argument("files", nargs="*")
    parser.add_argument("--show", action="store_true")
    arguments = parser.parse_args()
    lines = pairs(show=arguments.show) if arguments.what == "pairs" else answers(arguments.files, show=arguments.show)
    for line in lines:
        print(line)


def pairs(*, show: bool) -> Iterator[str]:
    counts: dict[tuple[str, ...], list[bool]] = defaultdict(list)
    for row in PAIRS.read_text(encoding="utf-8").splitlines():
        made_for, language, kind, label, source, sentence = row.split("\t")
        shown = [Evidence(path="a", start=0, end=len(source), quote=source, score=1.0)]
        unsupported = bool(ground(sentence, shown, question=parse_question("")).unsupported)
        for where in ((made_for, language, kind, label), (made_for, language, "all", label)):
            counts[where].append(unsupported)
        if show and unsupported == (label == "same"):
            yield f"{'alarm' if unsupported else 'missed'}\t{row}"
    for (made_for, language, kind, label), found in sorted(counts.items()):
        yield f"{made_for} {language} {kind} {'caught' if label == 'other' else 'alarms'} {sum(found)} of {len(found)}"


def answers(files: list[str], *, show: bool) -> Iterator[str]:
    for file in files:
        verified = unsupported = 0
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            shown = [
                Evidence(path=path, start=start, end=start + len(quote), quote=quote, heading=heading, score=1.0)
                for path, start, quote, heading in row["evidence"]
            ]
            found = ground(row["answer"], shown, question=parse_question(row["question"]))
            verified += len({item.sentence for item in found.citations if item.verified})
            unsupported += len(found.unsupported)
            if show:
                yield from (f"{row['question']}\t{sentence}" for sentence in found.unsupported)
        yield f"{file}: {verified} sentences verified, {unsupported} unsupported"


if __name__ == "__main__":
    main()
