"""Find a model that Ollama has on this machine. In: its name. Out: its GGUF file, and the parts of its Modelfile.

What Bunko makes of the parts is in `bunko.models.modelfile`.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bunko.errors import ModelBroken, ModelNotFound
from bunko.models.fetching.sources import OllamaSource

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_MAX_PART = 2**20  # of a template, a prompt or parameters, in bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaModel:
    """A model in Ollama's store."""

    name: str
    """As Ollama shows it, such as qwen3:4b."""
    manifest: Path
    layers: Mapping[str, tuple[Path, ...]]
    """The files of each kind: `model`, `adapter`, `template`, `system`, `params`, `messages`, `license` and others."""

    @property
    def path(self) -> Path:
        """Return the model's GGUF file. Raises ModelBroken."""
        if len(found := self.layers.get("model", ())) != 1:
            raise ModelBroken(f"Ollama's {self.name} is not one local GGUF file.", "Use another model.")
        return found[0]

    def text(self, kind: str) -> str:
        """Return the last part of a kind, as text; empty if there is none. Raises ModelBroken."""
        if not (paths := self.layers.get(kind, ())):
            return ""
        try:
            with paths[-1].open("rb") as file:
                return file.read(_MAX_PART).decode("utf-8", errors="replace").strip()
        except OSError as error:
            raise ModelBroken(
                f"The {kind} of Ollama's {self.name} can't be read: {error.strerror or error}.",
                f"Try `ollama pull {self.name}`.",
            ) from error


def ollama_model(source: OllamaSource) -> OllamaModel:
    """Return a model of Ollama's store. Raises ModelNotFound and ModelBroken."""
    store = ollama_store()
    manifest = store / "manifests" / source.host / source.namespace / source.name / source.tag
    shown = f"{source.name}:{source.tag}"
    if not manifest.is_file():
        near = difflib.get_close_matches(shown, _installed(store), n=3, cutoff=0.3)
        hint = f"It has: {', '.join(near)}." if near else f"Fetch it with `ollama pull {shown}`."
        raise ModelNotFound(f"Ollama has no model {shown!r} in {store}.", hint)
    layers: dict[str, tuple[Path, ...]] = {}
    try:
        for layer in json.loads(manifest.read_text(encoding="utf-8"))["layers"]:
            kind = layer["mediaType"].rpartition(".")[2]
            if found := _DIGEST.fullmatch(layer["digest"]):
                layers[kind] = (*layers.get(kind, ()), store / "blobs" / f"sha256-{found[1]}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelBroken(f"Ollama's manifest {manifest} can't be read.", f"Try `ollama pull {shown}`.") from error
    return OllamaModel(name=shown, manifest=manifest, layers=layers)


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
