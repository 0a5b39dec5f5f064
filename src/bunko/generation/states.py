"""What the engine has read, kept on disk. In: a connection, a key. Out: the engine has it again, or not.

A model of 135 million parameters takes half a second for three worked examples, and 15 ms for loading what it made of
them. The files are the engine's own, in the user's cache. Their names hold a digest of what they stand for and one of
their content, so that a file that was cut short or changed is never loaded. Knows nothing of prompts.
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
    """A directory of states. What fails is treated as not there: everything can be read anew."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def restore(self, connection: Connection, key: str) -> bool:
        """Tell the engine to load what was kept under a key; False if there is nothing, or nothing sound."""
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
        """Have the engine write down what it has read."""
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
    """Return what changes when the model, the engine, how it is run, or what it reads does. Raises OSError."""
    files = [parameters.values["model.path"]]
    adapters = parameters.values.get("lora_adapters")
    files += [adapter["path"] for adapter in adapters] if isinstance(adapters, list) else []
    models = [Path(str(file)).stat() for file in files]
    spec = importlib.util.find_spec("xllamacpp")
    engine = Path(spec.origin).stat() if spec and spec.origin else None
    stamps = [(state.st_size, state.st_mtime_ns) for state in (*models, engine) if state]
    told = json.dumps([dict(parameters.values), stamps, list(tokens)], sort_keys=True, default=str)
    return hashlib.blake2b(told.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def _digest(file: Path) -> str:
    return hashlib.blake2b(file.read_bytes(), digest_size=_DIGEST_BYTES).hexdigest()


def _remove(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.unlink()
