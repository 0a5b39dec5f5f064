"""Measure which weights matter for the user's documents. In: a folder, a model. Out: importance, held-out text.

The documents are read as `ask` reads them, cut into pieces, and every fifth piece is held out for the comparison. Torch
runs the others through the model in a separate process (`calibrate_child`), because the engine's binding does not
expose activations.
"""

from __future__ import annotations

import importlib.util
import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bunko.child_process import spawn, stop
from bunko.errors import LibraryEmpty, MissingExtra, ModelBroken, ModelTooLarge
from bunko.hardware.memory import machine_memory
from bunko.installation import this_installation
from bunko.models.fetching.progress import Progress
from bunko.models.gguf.header import read_gguf
from bunko.reading.folder import list_files
from bunko.reading.reader import Reader
from bunko.settings import Settings
from bunko.types import Document

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NEEDED = ("torch", "transformers", "gguf")
PIECE_TOKENS = 256
"""Tokens of one piece: about half a prompt with evidence, or all of it."""
PIECES = 96
"""About 25,000 tokens: a few minutes with 135 million parameters on two cores."""
_PIECE_CHARACTERS = 1000
_HELD_OUT = 5
"""Every fifth piece is held out of the calibration, for the comparison."""
_EXCERPTS, _EXCERPT_CHARACTERS = 6, 250
"""Excerpts of held-out pieces for the comparison: about 300 tokens, of which it uses the first 209."""
_CHILD_BYTES = 900 * 2**20
_ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""As for the engine: busy-waiting threads stall each other while other programs run."""
_BIG = 3_000_000_000
"""Models with more parameters are run in 16 bits, which halves the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The result of a calibration."""

    importance: Mapping[str, NDArray[np.float32]]
    """The mean square of each input column, for each matrix by its GGUF name."""
    held_out: str
    """Text of the same documents that was not used for it."""
    pieces: int


def measure(model: Path, folder: Path, *, work: Path, settings: Settings, progress: Progress) -> Calibration:
    """Run the folder's documents through the model.

    Raises LibraryNotFound, LibraryEmpty, MissingExtra, ModelTooLarge, and ModelBroken where torch can't run the model.
    """
    import numpy as np

    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtra(
            f"Calibrating needs packages that are not installed: {', '.join(missing)}.",
            f"Install them: {this_installation().extra('import')}",
        )
    info = read_gguf(model)
    dtype, size = ("bfloat16", 2) if info.parameters > _BIG else ("float32", 4)
    needed, available = _CHILD_BYTES + info.parameters * size * 5 // 4, machine_memory().available
    if needed > available:
        raise ModelTooLarge(
            f"Calibrating runs the model unquantised, which needs {needed / 1e9:.1f} GB of memory; "
            f"{available / 1e9:.1f} GB are free.",
            "Leave out --calibrate, or use a machine with more memory.",
        )
    used, held_out = chosen_pieces(_documents(folder, settings))
    if not used:
        raise LibraryEmpty(f"There is no text in {folder} to calibrate on.", "Give a folder with documents.")
    out = work / "importance.npz"
    order = {
        "model": str(model), "texts": used, "tokens": PIECE_TOKENS, "out": str(out), "dtype": dtype,
        "architecture": info.architecture, "layers": info.block_count or 0,
    }  # fmt: skip
    _run(order, progress)
    with np.load(out, allow_pickle=False) as arrays:
        importance = {name: arrays[name] for name in arrays.files}
    out.unlink()
    return Calibration(importance=importance, held_out=held_out, pieces=len(used))


def chosen_pieces(documents: Sequence[str]) -> tuple[list[str], str]:
    """Return the pieces to calibrate on, spread over all documents, and the text that is held out.

    >>> used, held_out = chosen_pieces(["a" * 4000, "b" * 2000])
    >>> [piece[0] for piece in used], held_out[0]
    (['a', 'a', 'a', 'a', 'b'], 'b')
    """
    pieces = [
        text[start : start + _PIECE_CHARACTERS]
        for text in documents
        for start in range(0, len(text), _PIECE_CHARACTERS)
        if text[start : start + _PIECE_CHARACTERS].strip()
    ]
    held_out = pieces[_HELD_OUT - 1 :: _HELD_OUT]
    used = [piece for number, piece in enumerate(pieces, start=1) if number % _HELD_OUT]
    excerpts = [piece[:_EXCERPT_CHARACTERS] for piece in _spread(held_out, _EXCERPTS)]
    return _spread(used, PIECES), "\n\n".join(excerpts)


def _spread(pieces: Sequence[str], count: int) -> list[str]:
    """Return at most `count` pieces, evenly spread."""
    count = min(count, len(pieces))
    return [pieces[number * len(pieces) // count] for number in range(count)]


def _documents(folder: Path, settings: Settings) -> list[str]:
    files = list_files(folder, ignore=settings.reading.ignore)
    with Reader(settings.reading) as reader:
        return [item.text for _, item in reader.read(files) if isinstance(item, Document)]


def _run(order: Mapping[str, Any], progress: Progress) -> None:
    popen = spawn("bunko.importing.calibrate_child", environment=_ENVIRONMENT)
    assert popen.stdin is not None and popen.stdout is not None and popen.stderr is not None
    log: list[bytes] = []
    reader = threading.Thread(target=lambda: log.extend(popen.stderr or ()), daemon=True)
    reader.start()
    reply: dict[str, Any] = {}
    try:
        popen.stdin.write(json.dumps(order).encode() + b"\n")
        popen.stdin.flush()
        with progress("calibrating", total=len(order["texts"])) as advance:
            for line in popen.stdout:
                reply = json.loads(line)
                if "done" in reply:
                    advance(1)
        code = popen.wait()
    finally:
        stop(popen, os.getpid())
    if "matrices" not in reply:
        reason = str(reply.get("error") or b"".join(log[-2:]).decode(errors="replace").strip() or f"exit code {code}")
        raise ModelBroken(
            f"torch can't run this model: {reason}.",
            "Leave out --calibrate; it needs an architecture that transformers reads from GGUF (Llama, Qwen, Phi, …).",
        )
