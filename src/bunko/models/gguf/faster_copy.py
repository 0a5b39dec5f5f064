"""Convert a model's weights to a type that CPUs multiply faster. In: a GGUF file. Out: a faster copy of it.

The copy is stored in the cache: beside a downloaded model, or in its own directory for a file of the user's. Its first
key identifies the original; once that changes, the copy is ignored. The original is never modified. Reasons and
figures: docs/decisions/009-faster-copies-of-models.md.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bunko.errors import UsageError
from bunko.models.cache import check_space, locked, model_directory, models_directory, writing_to
from bunko.models.fetching.progress import Progress, silent
from bunko.models.gguf.header import GgufLayout, TensorPlace, read_layout
from bunko.models.gguf.tensor_types import Q4_1, Q5_1, Q8_0, TENSOR_TYPES, tensor_bytes
from bunko.models.gguf.writing import NewTensor, key_value, pad, padded, write_header
from bunko.settings import Settings

SUFFIX = ".fast.gguf"
# llama.cpp multiplies Q4_1 and Q5_1 one token at a time: it neither repacks nor tiles them (ggml-cpu: repack.cpp,
# llamafile/sgemm.cpp). ARM with i8mm multiplies two tokens of Q4_1 at a time, and repacks Q8_0.
_SLOW_TYPES = frozenset({Q4_1, Q5_1})
_FORMAT = 1
"""Increment it to invalidate all existing copies."""
_STEP_BLOCKS = 65_536
"""Blocks converted at a time: 8 MB as floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FasterCopy:
    """A model file and its faster copy."""

    original: Path
    path: Path
    size: int
    made: bool
    """False if it existed already."""


def is_slow(path: Path) -> bool:
    """Return whether a copy would be faster: half of the file's bytes or more are of a slow type."""
    tensors = read_layout(path).tensors
    slow = sum(tensor.size for tensor in tensors if tensor.type in _SLOW_TYPES)
    return 2 * slow >= sum(tensor.size for tensor in tensors)


def faster_copy(path: Path, settings: Settings) -> Path | None:
    """Return a file's copy; None if there is none, or if the file has changed since."""
    copy = _copy_path(path, settings)
    try:
        with copy.open("rb") as file:
            beginning = file.read(256)
        return copy if _origin(path) in beginning else None
    except OSError:
        return None


def make_faster_copy(path: Path, settings: Settings, *, progress: Progress = silent) -> FasterCopy:
    """Make a file's copy, unless it exists. Raises UsageError if it would not be faster, ModelBroken, DiskFull.

    If it is killed, it leaves an unused `.part` file that the next run removes.
    """
    if not is_slow(path):
        raise UsageError(f"A copy of {path.name} would not be faster.", "Use the model itself.")
    copy = _copy_path(path, settings)
    part = copy.with_name(copy.name + ".part")
    with locked(copy.parent), writing_to(copy.parent):
        part.unlink(missing_ok=True)
        exists = faster_copy(path, settings) is not None  # perhaps another process made it meanwhile
        if not exists:
            origin, layout = _origin(path), read_layout(path)
            check_space(copy.parent, sum(_new_size(tensor) for tensor in layout.tensors) + len(layout.metadata))
            try:
                with path.open("rb") as source, part.open("wb") as target:
                    _write(source, target, layout, origin=origin, progress=progress, name=copy.name)
                    target.flush()
                    os.fsync(target.fileno())
                part.replace(copy)
            finally:
                part.unlink(missing_ok=True)
    return FasterCopy(original=path, path=copy, size=copy.stat().st_size, made=not exists)


def remove_faster_copy(path: Path, settings: Settings) -> int:
    """Delete a file's copy, even an outdated one; return the bytes freed, 0 if there was none."""
    copy = _copy_path(path, settings)
    if not copy.is_file():
        return 0
    size = copy.stat().st_size
    copy.unlink()
    return size


def _copy_path(path: Path, settings: Settings) -> Path:
    path = path.resolve()
    is_download = models_directory(settings).resolve() in path.parents
    directory = path.parent if is_download else model_directory(settings, str(path))
    return directory / f"{path.stem}{SUFFIX}"


def _origin(path: Path) -> bytes:
    """Return the encoded key and value that identify a copy's original."""
    facts = path.stat()
    return key_value("bunko.copy_of", f"{_FORMAT}:{facts.st_size}:{facts.st_mtime_ns}")


def _new_size(tensor: TensorPlace) -> int:
    if tensor.type not in _SLOW_TYPES:
        return tensor.size
    return tensor_bytes(tensor.dimensions, Q8_0)


def _write(
    source: BinaryIO, target: BinaryIO, layout: GgufLayout, *, origin: bytes, progress: Progress, name: str
) -> None:
    """Write the copy. Metadata and the tensors of other types are copied byte for byte."""
    tensors = (
        NewTensor(
            name=tensor.name,
            dimensions=tensor.dimensions,
            type=Q8_0 if tensor.type in _SLOW_TYPES else tensor.type,
            size=_new_size(tensor),
        )
        for tensor in layout.tensors
    )
    total = write_header(
        target,
        tensors,
        metadata=origin + layout.metadata,
        key_count=layout.key_count + 1,
        alignment=layout.alignment,
        version=layout.version,
    )
    with progress(name, total=total) as advance:
        for tensor in layout.tensors:
            source.seek(tensor.offset)
            _copy_tensor(source, target, tensor)
            pad(target, layout.alignment)
            advance(padded(_new_size(tensor), layout.alignment))


def _copy_tensor(source: BinaryIO, target: BinaryIO, tensor: TensorPlace) -> None:
    import numpy as np

    from bunko.models.gguf.requantise import to_q8_0

    is_slow_type = tensor.type in _SLOW_TYPES
    step = _STEP_BLOCKS * TENSOR_TYPES[tensor.type].block_bytes
    left = tensor.size
    while left:
        data = source.read(min(step, left))
        if not data:
            raise OSError("the model file ended too early")
        left -= len(data)
        if is_slow_type:
            target.write(to_q8_0(np.frombuffer(data, dtype=np.uint8), type_number=tensor.type).tobytes())
        else:
            target.write(data)
