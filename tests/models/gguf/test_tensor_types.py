"""The table of tensor types, and the header that is written with it."""

from __future__ import annotations

from pathlib import Path

import gguf

from bunko.models.gguf.header import read_layout
from bunko.models.gguf.tensor_types import TENSOR_TYPES
from bunko.models.gguf.writing import NewTensor, pad, write_header
from tests.tiny_gguf import make_chat_gguf


def test_the_table_is_ggmls() -> None:
    known = {kind.value: (kind.name, *gguf.GGML_QUANT_SIZES[kind]) for kind in gguf.GGMLQuantizationType}
    assert {number: tuple(row) for number, row in TENSOR_TYPES.items()} == {
        number: known.get(number, tuple(row)) for number, row in TENSOR_TYPES.items()
    }


def test_what_is_read_is_written_again_byte_for_byte(tmp_path: Path) -> None:
    original = make_chat_gguf(tmp_path / "a.gguf")
    layout, copy = read_layout(original), tmp_path / "b.gguf"
    tensors = [
        NewTensor(name=tensor.name, dimensions=tensor.dimensions, type=tensor.type, size=tensor.size)
        for tensor in layout.tensors
    ]
    with original.open("rb") as source, copy.open("wb") as target:
        write_header(target, tensors, metadata=layout.metadata, key_count=layout.key_count, alignment=layout.alignment)
        for tensor in layout.tensors:
            source.seek(tensor.offset)
            target.write(source.read(tensor.size))
            pad(target, layout.alignment)
    assert copy.read_bytes() == original.read_bytes()
