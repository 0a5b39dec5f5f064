"""Models: the catalogue, finding, downloading and checking. `resolve` is what the rest of Bunko calls."""

from __future__ import annotations

from bunko.models.fetching.progress import Progress, silent, terminal_bar
from bunko.models.gguf.header import GgufInfo, read_gguf
from bunko.models.memory import check_memory
from bunko.models.records import CatalogueEntry, EmbedderFacts, LocalModel, RemoteModel
from bunko.models.resolve import resolve

__all__ = [
    "CatalogueEntry",
    "EmbedderFacts",
    "GgufInfo",
    "LocalModel",
    "Progress",
    "RemoteModel",
    "check_memory",
    "read_gguf",
    "resolve",
    "silent",
    "terminal_bar",
]
