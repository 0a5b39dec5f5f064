"""How many requests a search on an object store costs: counted by a server before it, in a library with indexes."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from pyarrow import fs

from bunko.ports import EmbedderSpec
from bunko.store import Entry, Record, Store
from bunko.store.objects import ObjectFolder
from bunko.store.snapshot import version_in
from bunko.types import Chunk, Document
from tests.store.s3 import make_bucket, passing

pytest.importorskip("moto", reason="moto's S3 server is not installed")

_WORDS, _MEANING = 25, 75
_DOCUMENTS, _PASSAGES, _DIMENSION = 3, 1_000, 384
_LARGE = 2_000  # passages: instead of 20,000, which take longer to write
_SPEC = EmbedderSpec(name="random-384", dimension=_DIMENSION, languages=frozenset({"en"}), max_tokens=512)


def _write(location: str) -> None:
    words = [f"w{n}x" for n in range(5_000)]
    chance, numbers = random.Random(1), np.random.default_rng(1)
    store = Store(location)
    with store.writing():
        for n in range(_DOCUMENTS):
            chunks = [
                Chunk(
                    key=f"{n:04x}{m:028x}",
                    path=f"{n}.txt",
                    start=500 * m,
                    end=500 * m + 400,
                    page=0,
                    heading="",
                    sections=(),
                    language="en",
                    text=" ".join(chance.choices(words, k=60)),
                )
                for m in range(_PASSAGES)
            ]
            record = Record(path=f"{n}.txt", file=f"{n}.txt", format="text", language="en", chunks=_PASSAGES)
            document = Document(path=f"{n}.txt", text="x", format="text")
            store.write([Entry(record=record, document=document, chunks=chunks)])
            vectors = numbers.standard_normal((_PASSAGES, _DIMENSION), dtype=np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            store.add_vectors(_SPEC, [chunk.key for chunk in chunks], vectors)
        store.tidy()
        store.vectors_complete(_SPEC)


def test_a_search_of_a_large_library_stays_within_its_budget(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("store", "vectors", "tables"):
        monkeypatch.setattr(f"bunko.store.{module}.INDEX_ROWS", _LARGE)
    _write(str(tmp_path / "store"))
    place = f"{make_bucket(endpoint, 'budget')}/lib"
    target = ObjectFolder(place)
    fs.copy_files(
        str(tmp_path / "store"),
        "budget/lib",
        source_filesystem=fs.LocalFileSystem(),
        destination_filesystem=target._files,
    )
    assert any(version_in(name) > 0 for name in target.list("chunks.lance"))
    chance, numbers = random.Random(2), np.random.default_rng(2)
    with passing(endpoint) as counting:
        monkeypatch.setenv("AWS_ENDPOINT_URL", counting.url)
        store = Store(place, access="read")
        store.prewarm(_SPEC)
        spent: dict[str, list[int]] = {"words": [], "meaning": []}
        for _ in range(6):
            before = counting.count
            hits = store.search_lexical(" ".join(f"w{chance.randrange(5_000)}x" for _ in range(5)), limit=30)
            spent["words"].append(counting.count - before)
            assert 0 < len(hits) <= 20
            before, vector = counting.count, numbers.standard_normal(_DIMENSION, dtype=np.float32)
            assert len(store.search_dense(_SPEC, vector / np.linalg.norm(vector), limit=30)) == 20
            spent["meaning"].append(counting.count - before)
    assert sum(spent["words"]) / 6 <= _WORDS, spent
    assert sum(spent["meaning"]) / 6 <= _MEANING, spent
