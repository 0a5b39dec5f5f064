"""The vector tables: their names, sizes and settings. Knows nothing of documents."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from bunko.language.detection import OTHER_SCRIPTS

if TYPE_CHECKING:
    from bunko.ports import EmbedderSpec


VECTORS_PREFIX = "vectors_"
# The index holds a bit for each number of a vector (RaBitQ). All of it is looked at, and so many candidates are
# compared by their whole vectors: benchmarks/LOG.md has what other kinds of index found and took.
COMPARED = 200
ALL_PARTITIONS = 1_000_000


def vectors_name(spec: EmbedderSpec) -> str:
    """Return the name of an embedder's vector table."""
    return VECTORS_PREFIX + hashlib.blake2b(f"{spec.name}/{spec.dimension}".encode(), digest_size=8).hexdigest()


def to_embed(rows: Any, spec: EmbedderSpec, known: Any) -> Any:
    """Return which rows lack a vector. A text in letters that the embedder was not made for never gets one."""
    foreign = [language for language in sorted(OTHER_SCRIPTS) if not spec.knows(language)]
    wanted = pc.invert(pc.is_in(rows["language"], pa.array(foreign, pa.string())))
    return pc.and_(wanted, pc.invert(pc.is_in(rows["key"], known)))


def partitions(rows: int) -> int:
    """Return into how many partitions so many rows are indexed."""
    return max(1, rows // 4_000)
