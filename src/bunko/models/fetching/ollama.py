"""Find a model that Ollama has on this machine. In: its name. Out: the path of its GGUF file in Ollama's store."""

from __future__ import annotations

import difflib
import json
import os
import re
from pathlib import Path

from bunko.errors import ModelBroken, ModelNotFound
from bunko.models.fetching.sources import OllamaSource

_MODEL_LAYER = "application/vnd.ollama.image.model"
_PARTS = {"adapter": "an adapter", "system": "a system prompt", "messages": "messages of its own"}
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


def ollama_file(source: OllamaSource) -> Path:
    """Return the model's file in Ollama's store. Raises ModelNotFound and ModelBroken."""
    store = ollama_store()
    manifest = store / "manifests" / source.host / source.namespace / source.name / source.tag
    shown = f"{source.name}:{source.tag}"
    if not manifest.is_file():
        near = difflib.get_close_matches(shown, _installed(store), n=3, cutoff=0.3)
        hint = f"It has: {', '.join(near)}." if near else f"Fetch it with `ollama pull {shown}`."
        raise ModelNotFound(f"Ollama has no model {shown!r} in {store}.", hint)
    try:
        layers = json.loads(manifest.read_text(encoding="utf-8"))["layers"]
        digests = [_DIGEST.fullmatch(layer["digest"]) for layer in layers if layer["mediaType"] == _MODEL_LAYER]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelBroken(f"Ollama's manifest {manifest} can't be read.", f"Try `ollama pull {shown}`.") from error
    _refuse_parts(layers, shown)
    if len(digests) != 1 or digests[0] is None:
        raise ModelBroken(f"Ollama's {shown} is not one local GGUF file.", "Use another model.")
    return store / "blobs" / f"sha256-{digests[0][1]}"


def _refuse_parts(layers: list[dict[str, str]], shown: str) -> None:
    """Raise ModelBroken for parts of a Modelfile that change the model, and that Bunko does not load."""
    kinds = {str(layer.get("mediaType")).rpartition(".")[2] for layer in layers}
    if parts := sorted(kinds & _PARTS.keys()):
        named = " and ".join(_PARTS[part] for part in parts)
        raise ModelBroken(
            f"Ollama's {shown} has {named}, which Bunko does not load from there.",
            f"Have Ollama run it, with all of its Modelfile: --model http://localhost:11434/v1#{shown}",
        )


def ollama_store() -> Path:
    """Return where Ollama keeps its models: OLLAMA_MODELS, the user's own store, or the Linux service's."""
    if named := os.environ.get("OLLAMA_MODELS"):
        return Path(named)
    own = Path.home() / ".ollama" / "models"
    service = Path("/usr/share/ollama/.ollama/models")
    return service if not own.is_dir() and service.is_dir() else own


def _installed(store: Path) -> list[str]:
    """Return the names of the models from Ollama's own registry."""
    library = store / "manifests" / "registry.ollama.ai" / "library"
    return [f"{path.parent.name}:{path.name}" for path in sorted(library.glob("*/*")) if path.is_file()]
