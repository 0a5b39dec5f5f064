"""How long searches of one library take from a disk, a copy, and an object store: first ones and later ones.

    python -m benchmarks.remote_searches STORE QUESTIONS.txt [--endpoint http://127.0.0.1:8333] [--count URL]

STORE is the place of an index, as for `--store`: a folder or `s3://bucket/lib`. QUESTIONS.txt has one question a line;
each is asked once, so that none is answered from what another has read. `--endpoint` is that of the object store, or of
a proxy before it that adds a delay; `--count` is an address that answers with the requests since it was asked last, as
JSON: {"GET": 17, "bytes_down": 400000}. One process measures one place, so that nothing is warm from another.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bunko.config import load_settings
from bunko.engines import Engines
from bunko.question.question import parse_question
from bunko.retrieval.search import retrieve
from bunko.store import Store


class Counting:
    """Requests of a proxy, if there is one."""

    def __init__(self, address: str) -> None:
        self._address = address

    def take(self) -> dict[str, int]:
        """Return what was counted since the last call."""
        if not self._address:
            return {}
        with urllib.request.urlopen(self._address) as answer:
            found: dict[str, int] = json.load(answer)
        return found


def timed(counting: Counting, work: Callable[[], object]) -> dict[str, Any]:
    """Return milliseconds and requests of one piece of work."""
    counting.take()
    begin, used = time.perf_counter(), time.process_time()
    work()
    took, spent = 1000 * (time.perf_counter() - begin), 1000 * (time.process_time() - used)
    counts = counting.take()
    return {
        "ms": round(took),
        "processor_ms": round(spent),
        "requests": sum(number for name, number in counts.items() if name.isupper()),
        "mb": round(counts.get("bytes_down", 0) / 1e6, 2),
    }


def medians(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {name: round(statistics.median(row[name] for row in rows), 2) for name in rows[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("questions", type=Path)
    parser.add_argument("--endpoint", default="")
    parser.add_argument("--count", default="")
    parser.add_argument("--prewarm", action="store_true", help="read the indexes first, as a server does")
    given = parser.parse_args()
    if given.endpoint:
        os.environ["AWS_ENDPOINT_URL"] = given.endpoint
    settings = load_settings(overrides={"embedder": "minilm"})
    embedder = Engines(settings).embedder(settings)
    asked = given.questions.read_text(encoding="utf-8").splitlines()
    vectors = [embedder.embed_query(text) for text in asked]
    counting = Counting(given.count)
    opened: list[Store] = []
    print("open", timed(counting, lambda: opened.append(Store(given.store, access="read"))), flush=True)
    (store,) = opened
    if given.prewarm:
        print("indexes", timed(counting, lambda: store.prewarm(embedder.spec)), flush=True)

    def both(n: int) -> object:
        question = parse_question(asked[n])
        return retrieve(question, store, embedder, vector=vectors[n], settings=settings.retrieval)

    kinds: dict[str, Callable[[int], object]] = {
        "words": lambda n: store.search_lexical(asked[n], limit=50),
        "meaning": lambda n: store.search_dense(embedder.spec, vectors[n], limit=50),
        "both": both,
    }
    share, n = len(asked) // len(kinds), 0
    for kind, search in kinds.items():
        rows = [timed(counting, lambda n=n, search=search: search(n)) for n in range(n, n + share)]  # type: ignore[misc]
        n += share
        print(kind, "first", rows[0], "median of the rest", medians(rows[1:]), flush=True)
    print("look for a new version", timed(counting, lambda: (time.sleep(2.1), store.refresh())), flush=True)
    print("load", os.getloadavg(), flush=True)


if __name__ == "__main__":
    main()
