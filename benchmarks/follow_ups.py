"""Measure what rewriting a follow-up by a model is worth, beside rewriting it by rule.

usage: python benchmarks/follow_ups.py [--model M] [--language en] [--by model] [--by rule] [--show]

The conversations are in follow_ups.toml. `first`, `any`: the share of the follow-ups whose gold string is in the first
quote, in any quote. `rewrite_s`: processor time of the program and its engine is not split, so this is wall time of the
stage, the median.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

from bunko.answering import rewriting
from bunko.language.data_files import read_data
from bunko.language.detection import detect_language
from bunko.library import open_library
from bunko.stopwatch import Stopwatch
from bunko.types import Message, Retrieved

DATA = Path(__file__).with_suffix(".toml")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--language", choices=("en", "ja"), default="")
    parser.add_argument("--by", action="append", choices=("model", "rule"))
    parser.add_argument("--show", action="store_true", help="print every rewritten question")
    arguments = parser.parse_args()
    data = read_data(DATA)
    rows = [row for row in data["conversation"] if detect_language(row["follow_up"]) in (arguments.language or "en ja")]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in data["documents"].items():
            Path(folder, name).write_text(text.strip() + "\n", encoding="utf-8")
        with open_library(folder, model=arguments.model) as library:
            library.sync()
            for by in arguments.by or ("rule", "model"):
                figures = measure(library, rows, by, show=arguments.show)
                print(json.dumps({"model": arguments.model, "by": by} | figures, ensure_ascii=False), flush=True)


def measure(library, rows: list[dict], by: str, *, show: bool) -> dict:
    first, anywhere, seconds = defaultdict(list), defaultdict(list), []
    rewriting.who_rewrites = lambda *_, **__: by  # whatever the pipeline would decide
    for row in rows:
        history = (Message(role="user", content=row["asked"]), Message(role="assistant", content=row["answered"]))
        watch = Stopwatch()
        events = library.stream(row["follow_up"], history=history, watch=watch)
        found = next(event for event in events if isinstance(event, Retrieved))
        events.close()
        seconds.append(watch.timings().get("rewrite", 0.0) / 1000)
        quotes = [" ".join(item.quote.split()) for item in found.evidence]
        for group in (row["of"], "all"):
            first[group].append(bool(quotes) and row["gold"] in quotes[0])
            anywhere[group].append(any(row["gold"] in quote for quote in quotes))
        if show:
            print(f"{'+' if anywhere['all'][-1] else '-'} {row['follow_up']} -> {found.question}", flush=True)
    shares = {group: f"{sum(first[group])} {sum(anywhere[group])} of {len(first[group])}" for group in first}
    return {"first, any": shares, "rewrite_s": round(statistics.median(seconds), 2)}


if __name__ == "__main__":
    main()
