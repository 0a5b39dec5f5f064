"""Make a store of Ollama's, as `ollama create` leaves it: a manifest, and a blob for each part of the Modelfile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

Parts: TypeAlias = Mapping[str, str | bytes | Mapping[str, object]]
"""Contents by kind, such as {"system": "Be brief."}; a mapping is written as JSON."""


def make_ollama_model(store: Path, model: Path, *, name: str = "mine", parts: Parts | None = None) -> str:
    """Add a model to the store, and return its name for Bunko."""
    layers = [_layer(store, "model", model.read_bytes())]
    for kind, content in (parts or {}).items():
        text = json.dumps(content) if isinstance(content, Mapping) else content
        layers.append(_layer(store, kind, text.encode() if isinstance(text, str) else text))
    manifest = store / "manifests" / "registry.ollama.ai" / "library" / name / "latest"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(json.dumps({"schemaVersion": 2, "layers": layers}))
    return f"ollama:{name}"


def _layer(store: Path, kind: str, content: bytes) -> dict[str, object]:
    digest = hashlib.sha256(content).hexdigest()
    (store / "blobs").mkdir(parents=True, exist_ok=True)
    (store / "blobs" / f"sha256-{digest}").write_bytes(content)
    return {
        "mediaType": f"application/vnd.ollama.image.{kind}",
        "digest": f"sha256:{digest}",
        "size": len(content),
    }
