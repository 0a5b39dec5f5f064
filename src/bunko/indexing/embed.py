"""Embed the passages that have no vector yet. In: store, embedder. Out: their number. Knows nothing of files."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from bunko.ports import Embedder
from bunko.store import Store

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with a stage ("reading" in bytes, "embedding" in passages), the amount done, and the total."""

# Texts are sorted by length within a window, so that batches need little padding, and embedded in short batches.
_WINDOW = 8_192
_EMBED_BATCH = 512
_SHORT_BATCH = 256  # where others wait


def embed_missing(
    store: Store,
    embedder: Embedder,
    *,
    progress: Progress = lambda stage, done, total: None,
    seconds: float = math.inf,
    wait_s: float = 0.0,
) -> int:
    """Embed what a sync left for later; return the number of passages, those for which `seconds` were too few included.

    Raises StoreBusy if another writer still writes after `wait_s` seconds.
    """
    with store.writing(wait_s=wait_s):
        store.refresh()
        return embed(store, embedder, progress, seconds=seconds)


def embed(store: Store, embedder: Embedder, progress: Progress, *, seconds: float = math.inf) -> int:
    """Embed every passage without a vector, and return their number. The caller holds the writer lock.

    It ends early, after a batch, where it has taken `seconds`.
    """
    begin, size = time.monotonic(), _EMBED_BATCH if math.isinf(seconds) else _SHORT_BATCH
    if store.has_all_vectors(embedder.spec):
        return 0
    missing = store.missing_vectors(embedder.spec)
    done = 0
    for texts in store.missing_texts(embedder.spec, window=_WINDOW):
        for batch in in_batches(texts, size=size):
            progress("embedding", min(done, missing.chunks), missing.chunks)
            store.add_vectors(embedder.spec, batch, embedder.embed_passages([texts[key] for key in batch]))
            store.share()
            done += len(batch)
            if time.monotonic() - begin >= seconds and done < missing.chunks:
                return missing.chunks
    store.vectors_complete(embedder.spec)
    if missing.chunks:
        progress("embedding", missing.chunks, missing.chunks)
    return missing.chunks


def in_batches(texts: Mapping[str, str], *, size: int = _EMBED_BATCH) -> Iterator[list[str]]:
    """Yield the keys of some texts in batches to embed.

    Texts of similar length go together: each batch of the embedder is padded to its longest.
    """
    keys = sorted(texts, key=lambda key: (len(texts[key]), key))
    for n in range(0, len(keys), size):
        yield keys[n : n + size]
