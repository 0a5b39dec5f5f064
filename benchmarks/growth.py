"""How an index grows: passages written, words and vectors indexed, disk, memory and searches at several sizes.

    python -m benchmarks.growth FOLDER passages.jsonl.gz vectors.npy [--sizes 10000 100000 1000000] [--searches 100]

The passages are the texts of the file, cut at sentences to about 540 characters; beyond its end the file is read again
with a third of its words exchanged for others of about the same frequency. Their vectors are mixtures of two of
`vectors.npy` (real ones, shape (n, 384), made by `minilm`) with noise: nothing is embedded but the questions, which are
stretches of eight words of passages. Reading and cutting documents is not part of it either (benchmarks/scale.py).

Each size has an index of its own in FOLDER, which is used again if it is there. Results are printed as JSON lines and
kept in FOLDER/growth.jsonl; `benchmarks/growth_plot.py` draws them.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import random
import re
import resource
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bunko.config import load_settings
from bunko.engines import Engines
from bunko.language.words import normalise
from bunko.ports import Embedder
from bunko.question.question import parse_question
from bunko.retrieval.search import retrieve
from bunko.settings import RetrievalSettings
from bunko.store import Store
from bunko.store.rows import CHUNKS, DOCUMENTS

_CHARACTERS = 700
_WRITTEN_AT_ONCE = 20_000
_WORD = re.compile(r"[A-Za-z]{3,}")
_EXCHANGED = 3  # one word of so many


def read(file: str | Path) -> Iterator[tuple[str, str]]:
    """Yield path and text of each document."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield f"scale.jsonl#{row['id']}", row["text"]


def passages_of(text: str) -> list[str]:
    """Cut a text at sentences into passages of at most so many characters."""
    found, start = [], 0
    while start < len(text):
        stop = min(len(text), start + _CHARACTERS)
        if stop < len(text):
            cut = max(text.rfind(". ", start + 200, stop) + 1, text.rfind("\n", start + 200, stop))
            stop = cut if cut > start else stop
        if piece := text[start:stop].strip():
            found.append(piece)
        start = stop
    return found


def documents(file: str | Path, size: int) -> Iterator[tuple[str, list[str]]]:
    """Yield path and passages of documents, `size` passages in all; after the file's end with exchanged words."""
    written = 0
    spread: Counter[str] = Counter()
    for turn in range(1_000):
        exchange = _exchange(spread, turn) if turn else {}
        for path, text in read(file):
            if not turn:
                spread.update(_WORD.findall(text.lower()))
            altered = _altered(text, exchange) if turn else text
            pieces = passages_of(altered)[: size - written]
            written += len(pieces)
            yield f"{path}~{turn}" if turn else path, pieces
            if written >= size:
                return


def _exchange(spread: Counter[str], turn: int) -> dict[str, str]:
    """Return another word of about the same frequency for a third of the words."""
    ordered = [word for word, _ in spread.most_common()]
    places = range(turn % _EXCHANGED, len(ordered) - 8 * turn, _EXCHANGED)
    return {ordered[n]: ordered[n + 7 * turn] for n in places}


def _altered(text: str, exchange: dict[str, str]) -> str:
    return _WORD.sub(lambda match: exchange.get(match.group().lower(), match.group()), text)


def vectors_for(real: Any, count: int, numbers: np.random.Generator) -> Any:
    """Return so many vectors of length 1: mixtures of two real ones, with noise."""
    one, other = (real[numbers.integers(0, len(real), count)] for _ in range(2))
    noise = numbers.standard_normal((count, real.shape[1]), dtype=np.float32) / np.sqrt(real.shape[1])
    mixed = one * 0.8 + other * 0.5 + noise * 0.3
    return (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)


def build(store: Store, file: str | Path, real: Any, spec: Any, *, size: int) -> dict[str, float]:
    """Write passages and vectors, and index them. Returns the seconds of each part."""
    took: dict[str, float] = {}
    numbers = np.random.default_rng(1)
    with store.writing(), store.changing():
        begin = time.monotonic()
        writing = 0.0
        for chunks, texts in _batches(file, size):
            started = time.monotonic()
            store._chunks.add(chunks)
            store._documents.add(texts)
            keys = list(dict.fromkeys(chunks["key"].to_pylist()))
            store.add_vectors(spec, keys, vectors_for(real, len(keys), numbers))
            writing += time.monotonic() - started
        took["made_s"], took["written_s"] = time.monotonic() - begin - writing, writing
        begin = time.monotonic()
        store.tidy()
        took["words_s"] = time.monotonic() - begin
        begin = time.monotonic()
        store.vectors_complete(spec)
        took["vectors_s"] = time.monotonic() - begin
    return took


def _batches(file: str | Path, size: int) -> Iterator[tuple[Any, Any]]:
    rows: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    for path, pieces in documents(file, size):
        start = 0
        for piece in pieces:
            rows.append(_chunk(path, piece, start))
            start += len(piece) + 1
        text = "\n".join(pieces)
        texts.append(_document(path, text, len(pieces)))
        if len(rows) >= _WRITTEN_AT_ONCE:
            yield pa.Table.from_pylist(rows, schema=CHUNKS), pa.Table.from_pylist(texts, schema=DOCUMENTS)
            rows, texts = [], []
    if rows:
        yield pa.Table.from_pylist(rows, schema=CHUNKS), pa.Table.from_pylist(texts, schema=DOCUMENTS)


def _chunk(path: str, piece: str, start: int) -> dict[str, Any]:
    key = hashlib.blake2b(piece.encode(), digest_size=16).hexdigest()
    row = {"key": key, "path": path, "file": "scale.jsonl", "start": start, "end": start + len(piece), "text": piece}
    return row | {"page": None, "heading": "", "sections": "", "language": "en", "search": normalise(piece)}


def _document(path: str, text: str, chunks: int) -> dict[str, Any]:
    row = dict.fromkeys(DOCUMENTS.names, "") | {"path": path, "file": "scale.jsonl", "text": text, "format": "jsonl"}
    numbers = {"chunks": chunks, "pages": 0, "size": len(text), "indexed_at": 0.0}
    return row | numbers | {"language": "en", "sketch": b"", "outline": '{"pages": [], "headings": [], "tables": []}'}


def questions(store: Store, number: int) -> list[str]:
    """Return stretches of eight words from random passages."""
    chance = random.Random(7)
    total = store.count_chunks()
    found: list[str] = []
    while len(found) < number:
        offsets = [chance.randrange(total) for _ in range(50)]
        for row in store._chunks.take_offsets(offsets).select(["text"]).to_list():
            words = row["text"].split()
            if len(words) > 30 and len(found) < number:
                at = chance.randrange(len(words) - 10)
                found.append(" ".join(words[at : at + 8]))
    return found


def search_times(store: Store, embedder: Embedder, asked: Sequence[str], *, warm: int = 20) -> dict[str, Any]:
    """Search as `Library.search` does; return milliseconds, median and 95th percentile, and processor time."""
    settings = RetrievalSettings()
    times, spent = [], []
    for n, text in enumerate(asked):
        begin, used = time.perf_counter(), time.process_time()
        retrieve(
            parse_question(text),
            store,
            embedder,
            vector=embedder.embed_query(text),
            settings=settings,
        )
        if n >= warm:
            times.append(1000 * (time.perf_counter() - begin))
            spent.append(1000 * (time.process_time() - used))
    return {
        "search_ms_median": round(statistics.median(times), 1),
        "search_ms_p95": round(statistics.quantiles(times, n=20)[18], 1),
        "processor_ms_median": round(statistics.median(spent), 1),
        "processor_ms_p95": round(statistics.quantiles(spent, n=20)[18], 1),
    }


def recall(store: Store, embedder: Embedder, asked: Sequence[str]) -> float:
    """Return the share of the ten nearest of all vectors that the index finds."""
    vectors = [embedder.embed_query(text) for text in asked]
    table: Any = store._vectors._table(embedder.spec)
    best: list[list[tuple[float, str]]] = [[] for _ in vectors]
    stacked = np.stack(vectors, axis=1)
    for batch in table.search().select(["key", "vector"]).limit(None).to_batches(50_000):
        matrix = batch["vector"].flatten().to_numpy().reshape(batch.num_rows, -1)
        scores, keys = matrix @ stacked, batch["key"]
        for n in range(len(vectors)):
            top = np.argsort(-scores[:, n])[:10]
            best[n] = sorted([*best[n], *((float(scores[m, n]), keys[int(m)].as_py()) for m in top)], reverse=True)[:10]
    shares = [
        len({key for _, key in exact} & set(list(store.nearest(embedder.spec, vector, limit=50))[:10])) / 10
        for exact, vector in zip(best, vectors, strict=True)
    ]
    return round(statistics.mean(shares), 4)


def rss_mb() -> dict[str, int]:
    """Return the memory of this process: now, and at most."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "memory_mb": pages * os.sysconf("SC_PAGE_SIZE") >> 20,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
    }


def measure(folder: Path, file: Path, real: Any, *, size: int, searches: int) -> dict[str, Any]:
    """Build the index of one size, unless it is there, and search it."""
    settings = load_settings(overrides={"embedder": "minilm"})
    embedder = Engines(settings).embedder(settings)
    place = folder / f"{size}"
    line: dict[str, Any] = {"passages": size, "load": os.getloadavg()[0]}
    if not (place / "built.json").exists():
        took = build(Store(str(place / "store")), file, real, embedder.spec, size=size)
        built = {name: round(seconds, 1) for name, seconds in took.items()} | {"build_peak_mb": rss_mb()["peak_mb"]}
        (place / "built.json").write_text(json.dumps(built))
        return line | built
    line |= json.loads((place / "built.json").read_text())
    store = Store(str(place / "store"), access="read")
    asked = questions(store, searches + 20)
    begin = time.perf_counter()
    search_times(store, embedder, asked[:22])
    line["first_22_s"] = round(time.perf_counter() - begin, 2)
    line |= search_times(store, embedder, asked)
    line |= rss_mb()  # before all vectors are looked at
    line["recall_at_10"] = recall(store, embedder, asked[:50])
    disk = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    return line | {"disk_mb": disk >> 20}


def main() -> None:
    """Print a line for each size: run it twice, since the memory of building is not that of searching."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("vectors", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--searches", type=int, default=100)
    given = parser.parse_args()
    real = np.load(given.vectors)
    for size in given.sizes:
        line = measure(given.folder, given.file, real, size=size, searches=given.searches)
        print(json.dumps(line), flush=True)
        with (given.folder / "growth.jsonl").open("a", encoding="utf-8") as kept:
            kept.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
