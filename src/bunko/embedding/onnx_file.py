"""Read tensors from an ONNX file and write a graph. In: the file's bytes; operators and arrays. Out: arrays; bytes.

Knows nothing of models. ONNX is a protobuf, of which these few fields are enough; the package `onnx` would take 33 MB.
Field numbers: onnx.proto3 of ONNX 1.17, unchanged since 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

Pieces: TypeAlias = "list[bytes | memoryview]"
"""An encoded message in pieces: weights are copied once, not once for each enclosing message."""
Field: TypeAlias = tuple[int, "int | float | str | Pieces"]

_DTYPES = {1: np.dtype(np.float32), 2: np.dtype(np.uint8), 3: np.dtype(np.int8), 7: np.dtype(np.int64)}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}
_GRAPH, _INITIALIZER = 7, 5
_DIMS, _DATA_TYPE, _NAME, _RAW_DATA = 1, 2, 8, 9


def read_tensors(data: bytes | memoryview) -> dict[str, Any]:
    """Return the weights by name, without copying; other types and storage forms are left out.

    Raises ValueError or IndexError if this is not an ONNX file.
    """
    tensors: dict[str, Any] = {}
    for number, graph in _fields(memoryview(data)):
        if number != _GRAPH or isinstance(graph, int):
            continue
        for inner, tensor in _fields(graph):
            if inner == _INITIALIZER and not isinstance(tensor, int):
                tensors.update(_tensor(tensor))
    return tensors


def _tensor(data: memoryview) -> dict[str, Any]:
    shape: list[int] = []
    name = ""
    dtype: Any = None
    raw: memoryview | None = None
    for number, value in _fields(data):
        if number == _DIMS:
            shape += [value] if isinstance(value, int) else list(_varints(value))
        elif number == _DATA_TYPE and isinstance(value, int):
            dtype = _DTYPES.get(value)
        elif number == _NAME and not isinstance(value, int):
            name = bytes(value).decode()
        elif number == _RAW_DATA and not isinstance(value, int):
            raw = value
    if dtype is None or raw is None:
        return {}
    return {name: np.frombuffer(raw, dtype=dtype).reshape(shape)}


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        size, at = _varint(data, at) if kind == 2 else ({1: 8, 5: 4}.get(kind, len(data)), at)
        if at + size > len(data):
            raise ValueError("not a protobuf")
        yield tag >> 3, data[at : at + size]
        at += size


def _varints(data: memoryview) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


class GraphWriter:
    """Writes operators and constants in the order of execution."""

    def __init__(self) -> None:
        self._nodes: list[Field] = []
        self._constants: dict[str, Field] = {}

    def constant(self, name: str, array: Any) -> str:
        """Add a constant, unless it is there, and return its name."""
        array = np.ascontiguousarray(array)
        dims: list[Field] = [(_DIMS, size) for size in array.shape]
        raw = array.reshape(-1).view(np.uint8).data
        tensor = _message(*dims, (_DATA_TYPE, _CODES[array.dtype]), (_NAME, name), (_RAW_DATA, [raw]))
        self._constants[name] = (_INITIALIZER, tensor)
        return name

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: int | float) -> str:
        """Add an operator with one output, and return the output's name."""
        return self.add_split(operator, *inputs, outputs=1, domain=domain, **attributes)[0]

    def add_split(
        self, operator: str, *inputs: str, outputs: int, domain: str = "", **attributes: int | float
    ) -> list[str]:
        """Add an operator with several outputs, and return their names."""
        names = [f"{operator}_{len(self._nodes)}_{n}" for n in range(outputs)]
        node: list[Field] = [(1, name) for name in inputs]
        node += [(2, name) for name in names]
        node += [(4, operator), (7, domain)]
        node += [(5, _attribute(name, value)) for name, value in attributes.items()]
        self._nodes.append((1, _message(*node)))
        return names

    def model(
        self, *, inputs: Sequence[str] | Mapping[str, int], output: str, shape: Sequence[str | int], opset: int
    ) -> bytes:
        """Return the file: inputs, and one float output of this shape.

        Inputs are int64 of shape (batch, length), or those of a mapping float of shape (batch, length, width).
        """
        widths = inputs if isinstance(inputs, Mapping) else dict.fromkeys(inputs, 0)
        values: list[Field] = [
            (11, _value(name, 1, "batch", "length", width) if width else _value(name, 7, "batch", "length"))
            for name, width in widths.items()
        ]
        values.append((12, _value(output, 1, *shape)))
        graph = _message(*self._nodes, (2, "bunko"), *self._constants.values(), *values)
        domains: list[Field] = [
            (8, _message((1, ""), (2, opset))),
            (8, _message((1, "com.microsoft"), (2, 1))),
        ]
        # 8: the version of the format itself
        return b"".join(_message((1, 8), (2, "bunko"), *domains, (_GRAPH, graph)))


def _attribute(name: str, value: float) -> Pieces:
    if isinstance(value, int):
        return _message((1, name), (3, value), (20, 2))
    return _message((1, name), (2, value), (20, 1))


def _value(name: str, code: int, *shape: str | int) -> Pieces:
    dims: list[Field] = [(1, _message((2 if isinstance(size, str) else 1, size))) for size in shape]
    tensor = _message((1, code), (2, _message(*dims)))
    return _message((1, name), (2, _message((1, tensor))))


def _message(*fields: Field) -> Pieces:
    """Encode fields: whole numbers as varints, floats in four bytes, the rest after its length."""
    pieces: Pieces = []
    for number, value in fields:
        if isinstance(value, int):
            pieces += [_encoded(number << 3), _encoded(value & 0xFFFFFFFFFFFFFFFF)]
        elif isinstance(value, float):
            pieces += [_encoded(number << 3 | 5), np.float32(value).tobytes()]
        else:
            inner: Pieces = [value.encode()] if isinstance(value, str) else value
            pieces += [_encoded(number << 3 | 2), _encoded(sum(map(len, inner))), *inner]
    return pieces


def _encoded(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
