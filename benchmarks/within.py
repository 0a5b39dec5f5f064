"""How long a search within one file takes, beside a search of the whole library: the prefilter's cost.

    python -m benchmarks.within FOLDER [--documents 3000] [--passages 10] [--searches 40]

Makes an index of generated passages, with random vectors, in FOLDER (a new one, about 100 MB for 30,000 passages), and
searches it by words and by meaning: in all documents, in one, in a tenth of them, and in all but one. Prints the
medians as multiples of the search of all; each search has another question.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from bunko.ports import EmbedderSpec
from bunko.scope.choosing import choose
from bunko.settings import ScopeSettings
from bunko.store import Entry, Record, Store, StoreWithin
from bunko.types import Chunk, Document

SPEC = EmbedderSpec(name="random", dimension=384, languages=frozenset("*"), max_tokens=256)
_WORDS = [
    f"{a}{b}{c}" for a in ("mo", "ka", "li", "ter", "sun") for b in ("ra", "ne", "vi", "dor") for c in "abcdefghijkl"
]


def entries(documents: int, passages: int, chance: random.Random) -> Iterator[Entry]:
    for n in range(documents):
        path = f"{n % 10}/{n:06}.txt"
        texts = [" ".join(chance.choices(_WORDS, k=70)) + f" {n} {m}." for m in range(passages)]
        text, chunks, start = "\n".join(texts), [], 0
        for one in texts:
            key = hashlib.blake2b(one.encode(), digest_size=16).hexdigest()
            chunks.append(Chunk(path=path, start=start, end=start + len(one), text=one, key=key))
            start += len(one) + 1
        record = Record(path=path, file=path, digest="1", size=len(text), format="text", chunks=passages, language="en")
        yield Entry(record=record, document=Document(path=path, text=text), chunks=chunks)


def build(store: Store, documents: int, passages: int) -> None:
    chance, numbers = random.Random(1), np.random.default_rng(1)
    batch: list[Entry] = []
    with store.writing(), store.changing():
        for entry in entries(documents, passages, chance):
            batch.append(entry)
            if len(batch) == 400:
                store.write(batch)
                batch = []
        store.write(batch)
        for texts in store.missing_texts(SPEC, window=4_000):
            rows = numbers.normal(size=(len(texts), SPEC.dimension)).astype(np.float32)
            store.add_vectors(SPEC, list(texts), rows / np.linalg.norm(rows, axis=1, keepdims=True))
        store.vectors_complete(SPEC)
        store.tidy()


def median_ms(search: Callable[[str], object], questions: Sequence[str]) -> float:
    search(questions[0])
    times = []
    for question in questions:
        begin = time.perf_counter()
        search(question)
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=3_000)
    parser.add_argument("--passages", type=int, default=10)
    parser.add_argument("--searches", type=int, default=40)
    given = parser.parse_args()
    store = Store(str(given.folder / "store"))
    if not store.count_chunks():
        build(store, given.documents, given.passages)
        store = Store(str(given.folder / "store"))
    chance, numbers = random.Random(2), np.random.default_rng(2)
    questions = [" ".join(chance.choices(_WORDS, k=5)) for _ in range(given.searches)]
    rows = numbers.normal(size=(given.searches, SPEC.dimension)).astype(np.float32)
    vectors = dict(zip(questions, rows / np.linalg.norm(rows, axis=1, keepdims=True), strict=True))
    listed = store.listing()
    one = listed[len(listed) // 2].path
    scopes = {
        "one file": ScopeSettings(only=(one,)),
        "a tenth": ScopeSettings(only=("3/**",)),
        "all but one": ScopeSettings(exclude=(one,)),
    }
    print(f"{store.count_documents():,} documents, {store.count_chunks():,} passages")
    words = median_ms(lambda text: store.search_lexical(text, limit=50), questions)
    meaning = median_ms(lambda text: store.search_dense(SPEC, vectors[text], limit=50), questions)
    print(f"all: words {words:.1f} ms, meaning {meaning:.1f} ms")
    for name, filters in scopes.items():
        begin = time.perf_counter()
        part = StoreWithin(store, choose([filters], listed).paths)
        chosen_ms = 1000 * (time.perf_counter() - begin)
        by_words = median_ms(lambda text, part=part: part.search_lexical(text, limit=50), questions)  # type: ignore[misc]
        by_meaning = median_ms(lambda text, part=part: part.search_dense(SPEC, vectors[text], limit=50), questions)  # type: ignore[misc]
        print(
            f"{name}: words {by_words / words:.2f}, meaning {by_meaning / meaning:.2f} of the search of all; "
            f"choosing the documents {chosen_ms:.1f} ms"
        )


if __name__ == "__main__":
    main()
