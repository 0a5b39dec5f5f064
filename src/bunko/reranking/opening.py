"""Open the reranker that a setting names. In: a name. Out: Reranker. Which is ours, `engines` decides."""

from __future__ import annotations

from bunko.models import LocalModel, Progress, resolve
from bunko.ports import Reranker
from bunko.settings import Settings


def open_reranker(name: str, settings: Settings, *, progress: Progress) -> Reranker:
    """Return a reranker of the catalogue, of a folder or of a GGUF file, downloaded first if necessary.

    Its model is loaded when it is first needed. Raises UsageError, ModelError.
    """
    model = resolve(name, kind="reranker", settings=settings, progress=progress)
    if not isinstance(model, LocalModel):
        from bunko.errors import UsageError

        raise UsageError("A reranker can't be on a server.", "Name a .gguf file, a folder or a name of the catalogue.")
    if model.engine == "onnx":
        from bunko.reranking.cross_encoder import CrossEncoder

        return CrossEncoder(model, threads=settings.embedding.threads)
    from bunko.reranking.llama import GgufReranker

    return GgufReranker(model, settings=settings)
