"""Rewrite a GGUF file with other tensor types. In: a GGUF file, a kind. Out: the new file.

Converts a few rows at a time, so that memory does not depend on the model's size. Metadata is copied byte for byte,
except for replaced keys. The quantisers are llama.cpp's reference ones, from the package `libgguf`.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from bunko.errors import MissingExtra, ModelBroken
from bunko.importing.kinds import Architecture, Kind, Tensor, choose_types
from bunko.installation import this_installation
from bunko.models.gguf.header import GgufLayout, TensorPlace, read_layout
from bunko.models.gguf.parsing import Value
from bunko.models.gguf.tensor_types import BF16, F16, F32, TENSOR_TYPES, tensor_bytes, type_name
from bunko.models.gguf.writing import NewTensor, key_value, pad, write_header

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Importance = Mapping[str, Floats]

_STEP_WEIGHTS = 4 * 2**20
"""Weights per step: 16 MB as floats, about ten times that with all copies. Small steps also let Ctrl-C work."""
_GGML_VERSION = 2
"""`general.quantization_version` (GGML_QNT_VERSION)."""
_DROPPED = ("split.no", "split.count", "split.tensors.count")
_READABLE = frozenset({F32, F16, BF16, 2, 3, 6, 7, 8, 10, 11, 12, 13, 14, 20, 23})
"""Types that can be converted to floats: F32, F16, BF16, Q4_0 to Q8_0, the K-quants, IQ4_NL, IQ4_XS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that determines the new file."""

    source: Path
    layout: GgufLayout
    kind: Kind
    types: Mapping[str, int]
    """Each tensor's new type."""
    metadata: bytes
    key_count: int
    again: bool
    """Whether quantised weights are quantised a second time."""

    @property
    def size(self) -> int:
        """Approximate bytes of the new file."""
        return len(self.metadata) + sum(self.new_size(place) + self.layout.alignment for place in self.layout.tensors)

    @property
    def weights(self) -> int:
        """Number of weights in all tensors."""
        return sum(math.prod(place.dimensions) for place in self.layout.tensors)

    def new_size(self, place: TensorPlace) -> int:
        """Return the bytes that a tensor will have."""
        new_type = self.types[place.name]
        return place.size if new_type == place.type else tensor_bytes(place.dimensions, new_type)


def plan(
    source: Path, kind: Kind, *, metadata: Mapping[str, str | int] | None = None, has_importance: bool = False
) -> Plan:
    """Plan the new file. `metadata` replaces the values of its keys. Raises ModelNotFound, ModelBroken."""
    layout = read_layout(source)
    architecture = architecture_of(layout.values)
    tensors = [Tensor(name=place.name, dimensions=place.dimensions, type=place.type) for place in layout.tensors]
    types = choose_types(tensors, kind, architecture, has_importance=has_importance)
    changed = [place for place in layout.tensors if types[place.name] != place.type]
    for place in changed:
        if place.type not in _READABLE:
            raise ModelBroken(
                f"{source.name} has weights of a type that can't be converted back ({place.type}, in {place.name}).",
                "Import the model's 16-bit file.",
            )
    new: dict[str, str | int] = {"general.file_type": kind.file_type, "general.quantization_version": _GGML_VERSION}
    new |= metadata or {}
    kept = [layout.metadata[place] for key, place in layout.keys.items() if key not in new and key not in _DROPPED]
    added = [key_value(key, value) for key, value in new.items()]
    return Plan(
        source=source,
        layout=layout,
        kind=kind,
        types=types,
        metadata=b"".join([*kept, *added]),
        key_count=len(kept) + len(added),
        again=any(TENSOR_TYPES[place.type].block_weights > 1 for place in changed),
    )


def write(plan: Plan, target: Path, *, importance: Importance | None = None, advance: Callable[[int], object]) -> None:
    """Write the new file and sync it to disk. Calls `advance` with the number of bytes read.

    Raises OSError, MissingExtra.
    """
    check_quantiser()
    with plan.source.open("rb") as source, target.open("wb") as file:
        _write_header(file, plan)
        for place in plan.layout.tensors:
            vector = (importance or {}).get(place.name)
            _write_tensor(source, file, place, plan.types[place.name], vector, advance=advance)
            pad(file, plan.layout.alignment)
        file.flush()
        os.fsync(file.fileno())


def type_names(path: Path) -> dict[str, int]:
    """Return the number of a file's tensors of each type, most frequent first."""
    counts = Counter(type_name(place.type) for place in read_layout(path).tensors)
    return dict(counts.most_common())


def check_quantiser() -> None:
    """Raise MissingExtra unless the package with the quantisers is installed."""
    try:
        import libgguf  # noqa: F401
    except ImportError as error:
        raise MissingExtra(
            f"Quantising needs the package libgguf ({error}).", f"Install it: {this_installation().extra('import')}"
        ) from error


def architecture_of(values: Mapping[str, Value]) -> Architecture:
    """Return the facts in a file's metadata that the choice of types depends on."""
    name = str(values.get("general.architecture", ""))

    def number(key: str) -> int:
        value = values.get(f"{name}.{key}", 0)
        if isinstance(value, tuple):  # one for each layer
            value = value[0] if value else 0
        return int(value) if isinstance(value, int) else 0

    heads = number("attention.head_count")
    return Architecture(
        name=name,
        layers=number("block_count"),
        experts=number("expert_count"),
        heads=heads,
        heads_kv=number("attention.head_count_kv") or heads,
    )


def _write_header(file: BinaryIO, plan: Plan) -> None:
    tensors = (
        NewTensor(name=place.name, dimensions=place.dimensions, type=plan.types[place.name], size=plan.new_size(place))
        for place in plan.layout.tensors
    )
    write_header(file, tensors, metadata=plan.metadata, key_count=plan.key_count, alignment=plan.layout.alignment)


def _write_tensor(
    source: BinaryIO,
    file: BinaryIO,
    place: TensorPlace,
    new_type: int,
    importance: Floats | None,
    *,
    advance: Callable[[int], object],
) -> None:
    row = place.dimensions[0] if place.dimensions else 1
    rows = math.prod(place.dimensions[1:])
    matrix = place.dimensions[1] if len(place.dimensions) > 1 else 1  # tensors of experts hold several matrices
    row_bytes = place.size // rows
    step = max(1, _STEP_WEIGHTS // row)
    source.seek(place.offset)
    first = 0
    while first < rows:
        count = min(step, matrix - first % matrix)
        data = source.read(count * row_bytes)
        if len(data) != count * row_bytes:
            raise ModelBroken(f"The file ends within {place.name}.", "Download it again.")
        if new_type == place.type:
            file.write(data)
        else:
            weights = read_rows(data, place.type, row)
            file.write(_convert(weights, new_type, _importance_of(importance, row, rows, first)))
        first += count
        advance(len(data))


def read_rows(data: bytes, type_number: int, row: int) -> Floats:
    """Return whole rows of any readable type as floats: shape (rows, row length)."""
    import libgguf
    import numpy as np

    if type_number == F32:
        return np.frombuffer(data, dtype="<f4").reshape(-1, row)
    if type_number == F16:
        return np.frombuffer(data, dtype="<f2").astype(np.float32).reshape(-1, row)
    if type_number == BF16:
        return (np.frombuffer(data, dtype="<u2").astype(np.uint32) << 16).view(np.float32).reshape(-1, row)
    packed = np.frombuffer(data, dtype=np.uint8).reshape(-1, libgguf.row_size(type_number, row))
    floats: Floats = libgguf.dequantize_rows(packed, type_number, row)
    return floats


def _convert(weights: Floats, type_number: int, importance: Floats | None) -> bytes:
    import libgguf

    # Without an importance matrix, all columns count equally: llama.cpp's `ggml_quantize_chunk` with NULL.
    is_quantised = TENSOR_TYPES[type_number].block_weights > 1
    packed: Any = libgguf.quantize_rows(weights, type_number, importance if is_quantised else None)
    return bytes(packed.tobytes())


def _importance_of(importance: Floats | None, row: int, rows: int, first: int) -> Floats | None:
    """Return the columns' importance; for a stack of matrices (experts), that of the matrix with this row."""
    if importance is None or importance.size == row:
        return importance
    matrices = importance.reshape(-1, row)
    chosen: Floats = matrices[first // (rows // len(matrices))]
    return chosen
