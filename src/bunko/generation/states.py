"""Keep the engine's state after a prompt on disk. In: a connection, a key. Out: whether the state was restored.

A model of 135 million parameters needs half a second to read three worked examples, and 15 ms to load the state after
them. The engine writes the files, in the user's cache. Their names have a digest of the key and one of the content, so
that a truncated or changed file is never loaded. Knows nothing of prompts.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
from collections.abc import Sequence
from pathlib import Path

from bunko.engine.http import Connection
from bunko.engine.parameters import Parameters
from bunko.errors import EngineError

_KEPT = 16
_MOST_BYTES = 64 << 20
_DIGEST_BYTES = 16


class States:
    """A directory of states. A failure counts as no state: the engine can always read the prompt again."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def restore(self, connection: Connection, key: str) -> bool:
        """Have the engine load the state of a key. Return False if there is none, or it is damaged."""
        for file in self._directory.glob(f"{key}.*"):
            try:
                if file.suffix == f".{_digest(file)}":
                    connection.post_json("/slots/0?action=restore", {"filename": file.name})
                    os.utime(file)
                    return True
            except (OSError, EngineError):
                pass
            _remove(file)
        return False

    def keep(self, connection: Connection, key: str) -> None:
        """Have the engine save its state under a key."""
        written = self._directory / f"{key}-{os.getpid()}"
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            connection.post_json("/slots/0?action=save", {"filename": written.name})
            if written.stat().st_size <= _MOST_BYTES:
                written.replace(written.with_name(f"{key}.{_digest(written)}"))
            self._prune()
        except (OSError, EngineError):
            pass
        _remove(written)

    def _prune(self) -> None:
        files = sorted(self._directory.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in files[_KEPT:]:
            _remove(file)


def state_key(parameters: Parameters, tokens: Sequence[int]) -> str:
    """Return a digest of the model, the engine, its parameters and the tokens read. Raises OSError."""
    files = [parameters.values["model.path"]]
    adapters = parameters.values.get("lora_adapters")
    files += [adapter["path"] for adapter in adapters] if isinstance(adapters, list) else []
    models = [Path(str(file)).stat() for file in files]
    spec = importlib.util.find_spec("xllamacpp")
    engine = Path(spec.origin).stat() if spec and spec.origin else None
    stamps = [(state.st_size, state.st_mtime_ns) for state in (*models, engine) if state]
    described = json.dumps([dict(parameters.values), stamps, list(tokens)], sort_keys=True, default=str)
    return hashlib.blake2b(described.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def _digest(file: Path) -> str:
    return hashlib.blake2b(file.read_bytes(), digest_size=_DIGEST_BYTES).hexdigest()


def _remove(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.unlink()
