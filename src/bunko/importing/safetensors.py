"""Read the header of a safetensors file. In: a path. Out: its tensors' names, types and shapes. Loads no weights.

The format: 8 bytes with the length of a JSON object, the object, the data. It contains no code, which is why Bunko
accepts this format and no pickles.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bunko.errors import ModelBroken

_MAX_HEADER = 100 * 2**20  # the limit of the format's own library
_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2,
    "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorFacts:
    """One tensor, as its file describes it."""

    file: Path
    type: str
    """As in "BF16"."""
    shape: tuple[int, ...]
    offset: int
    """From the start of the file."""
    size: int


def read_tensors(path: Path) -> Mapping[str, TensorFacts]:
    """Return a file's tensors by name. Raises ModelBroken for a file that is not a complete safetensors file."""
    try:
        file_bytes = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            if not 2 <= length <= min(_MAX_HEADER, file_bytes - 8):
                raise _broken(path, "it is truncated, or not a safetensors file")
            tree = json.loads(file.read(length))
    except OSError as error:
        raise ModelBroken(f"{path} can't be read: {error.strerror or error}.", "Check the path.") from error
    except (ValueError, RecursionError) as error:
        raise _broken(path, "its header can't be read") from error
    if not isinstance(tree, dict):
        raise _broken(path, "its header is not a JSON object")
    found: dict[str, TensorFacts] = {}
    for name, entry in tree.items():
        if name != "__metadata__":
            found[name] = _facts(path, name, entry, data=8 + length)
    end = max((facts.offset + facts.size for facts in found.values()), default=0)
    if end > file_bytes:
        raise _broken(path, f"it is truncated: {end - file_bytes:,} of {end:,} bytes are missing")
    return found


def _facts(path: Path, name: str, entry: object, *, data: int) -> TensorFacts:
    try:
        assert isinstance(entry, dict)
        kind, shape = str(entry["dtype"]), tuple(int(length) for length in entry["shape"])
        begin, end = (int(place) for place in entry["data_offsets"])
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise _broken(path, f"its header describes {name} wrongly") from error
    if min(shape, default=1) < 0 or not 0 <= begin <= end:
        raise _broken(path, f"{name} has an impossible shape or position")
    if kind in _BYTES and math.prod(shape) * _BYTES[kind] != end - begin:
        raise _broken(path, f"{name} has {end - begin:,} bytes, which does not match its shape {list(shape)}")
    return TensorFacts(file=path, type=kind, shape=shape, offset=data + begin, size=end - begin)


def _broken(path: Path, reason: str) -> ModelBroken:
    return ModelBroken(f"{path} can't be used: {reason}.", "Download or save the model again.")
