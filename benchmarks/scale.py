"""Index a large file of passages, and measure what a user of a large library would feel.

    python benchmarks/scale.py passages.jsonl.gz [--queries 200] [--keep FOLDER]

Prints: documents, passages, seconds and peak memory of `bunko index` (the process and its children); the same as a
multiple of what the embedder alone takes for the same texts (from a sample, afterwards: a machine that others use may
have another speed by then); of a small index of the same texts, how long its words and its vectors took, and how much
of the latter was spent in the embedder; searches in a warm process, median and 95th percentile; recall@10 of the vector
index against looking at every vector; and how long it takes until a deleted document no longer answers.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import bunko
from bunko.library import Library

SAMPLE = 1_500
SMALL = range(40_000, 41_200)  # documents of the file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("passages", type=Path)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--keep", type=Path, help="a folder to index in, and leave there; one indexed before is used")
    parser.add_argument("--mode", default="hybrid")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = arguments.keep or Path(temporary)
        root.mkdir(parents=True, exist_ok=True)
        fresh = not (root / ".bunko").exists()
        if fresh:
            shutil.copy(arguments.passages, root / arguments.passages.name)
            write_small(root)
        indexing = index(root)
        print(json.dumps(indexing))
        library = bunko.open(root)
        print(json.dumps(embedding(library, indexing["seconds"])))
        print(json.dumps(inside(arguments.passages)))
        print(json.dumps(searching(library, arguments.queries, arguments.mode)))
        print(json.dumps(recall(library, arguments.queries)))
        print(json.dumps(deleting(root, library)))


def write_small(root: Path) -> None:
    """Add a document to be deleted later."""
    (root / "to-be-deleted.txt").write_text("The zanzibarine quokkafish sings at noon.", encoding="utf-8")


def index(root: Path) -> dict[str, Any]:
    """Run `bunko index`, and watch its memory."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bunko.cli.main", "index", str(root), "--json"], stdout=subprocess.PIPE
    )
    watched = psutil.Process(process.pid)
    peak = own_peak = 0
    while process.poll() is None:
        time.sleep(0.2)
        try:
            own = watched.memory_info().rss
            total = own + sum(child.memory_info().rss for child in watched.children(recursive=True))
        except psutil.Error:
            continue
        own_peak, peak = max(own_peak, own), max(peak, total)
    assert process.stdout is not None
    report = json.loads(process.stdout.read())
    report["failed"] = len(report["failed"])
    return report | {
        "peak_mb": peak >> 20,
        "peak_of_the_process_mb": own_peak >> 20,
        "disk_mb": size_mb(root / ".bunko"),
    }


def size_mb(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) >> 20


def embedding(library: Library, seconds: float) -> dict[str, Any]:
    """Measure the speed of the embedder alone on a sample of the passages, and extrapolate it to all."""
    rows = library.store._arrow(library.store._chunks, ["heading", "text"]).to_pylist()
    texts = [f"{row['heading']}\n{row['text']}" if row["heading"] else row["text"] for row in rows]
    total = sum(map(len, texts))
    sample = random.Random(1).sample(texts, min(SAMPLE, len(texts)))
    library.embedder.embed_passages(sample[:64])
    begin = time.monotonic()
    for n in range(0, len(sample), 512):
        library.embedder.embed_passages(sample[n : n + 512])
    took = time.monotonic() - begin
    alone = took * total / sum(map(len, sample))
    return {"passages_per_second_alone": len(sample) / took, "alone_s": alone, "indexing_by_alone": seconds / alone}


def inside(passages: Path) -> dict[str, Any]:
    """Index a few documents in this process, and measure which part of the time is the embedder's own."""
    with tempfile.TemporaryDirectory() as folder:
        with gzip.open(passages) as whole, gzip.open(Path(folder, "small.jsonl.gz"), "wb") as small:
            small.writelines(itertools.islice(whole, SMALL.start, SMALL.stop))
        library = bunko.open(folder)
        begin = time.monotonic()
        chunks = library.sync(vectors="few").chunks
        words_s = time.monotonic() - begin
        embed, spent = library.embedder.embed_passages, []

        def timed(texts: Sequence[str]) -> Any:
            begin = time.monotonic()
            vectors = embed(texts)
            spent.append(time.monotonic() - begin)
            return vectors

        library.embedder.embed_passages = timed  # type: ignore[method-assign]
        begin = time.monotonic()
        library.complete()
        vectors_s = time.monotonic() - begin
    share = sum(spent) / vectors_s
    return {"small_chunks": chunks, "words_s": words_s, "vectors_s": vectors_s, "share_of_embedder": share}


def searching(library: Library, queries: int, mode: str) -> dict[str, Any]:
    """Time whole searches, as a served library would do them."""
    texts = questions(library, queries + 20)
    times = []
    for n, text in enumerate(texts):
        begin = time.perf_counter()
        library.search(text)
        if n >= 20:
            times.append(1000 * (time.perf_counter() - begin))
    cuts = statistics.quantiles(times, n=20)
    return {"search_ms_median": statistics.median(times), "search_ms_p95": cuts[18], "mode": mode}


def questions(library: Library, number: int) -> list[str]:
    """Return stretches of eight words (or sixteen Japanese characters) from random passages."""
    chance = random.Random(7)
    rows = library.store._arrow(library.store._chunks, ["text"])["text"]
    found = []
    while len(found) < number:
        text = " ".join(rows[chance.randrange(len(rows))].as_py().split())
        words = text.split(" ")
        if len(words) > 30:
            at = chance.randrange(len(words) - 10)
            found.append(" ".join(words[at : at + 8]))
        elif len(text) > 60:
            at = chance.randrange(len(text) - 20)
            found.append(text[at : at + 16])
    return found


def recall(library: Library, queries: int) -> dict[str, Any]:
    """Compare the ten nearest by the index with the ten nearest of all vectors."""
    store, embedder = library.store, library.embedder
    table = store._vectors._table(embedder.spec)
    rows = table.search().select(["key", "vector"]).limit(None).to_arrow()
    keys = np.array(rows["key"].to_pylist())
    matrix = rows["vector"].combine_chunks().flatten().to_numpy().reshape(len(keys), -1)
    shares, times = [], []
    for text in questions(library, queries):
        vector = embedder.embed_query(text)
        exact = set(keys[np.argpartition(-(matrix @ vector), 10)[:10]])
        begin = time.perf_counter()
        found = store.nearest(embedder.spec, vector, limit=10)
        times.append(1000 * (time.perf_counter() - begin))
        shares.append(len(exact & set(found)) / 10)
    return {"recall_at_10": statistics.mean(shares), "nearest_ms_median": statistics.median(times)}


def deleting(root: Path, library: Library) -> dict[str, Any]:
    """Delete a document and measure the time until it is no longer found."""
    query = "What does the zanzibarine quokkafish do?"
    assert "to-be-deleted.txt" in {hit.chunk.path for hit in library.search(query)}
    (root / "to-be-deleted.txt").unlink()
    begin = time.monotonic()
    library.sync()
    took = time.monotonic() - begin
    assert "to-be-deleted.txt" not in {hit.chunk.path for hit in library.search(query)}
    write_small(root)
    begin = time.monotonic()
    library.sync()
    added = time.monotonic() - begin
    begin = time.monotonic()
    library.sync()
    return {"deleted_s": took, "added_s": added, "unchanged_s": time.monotonic() - begin}


if __name__ == "__main__":
    main()
