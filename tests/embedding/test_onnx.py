"""The ONNX embedder, on an encoder of a few numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from bunko.embedding import open_embedder
from bunko.embedding.onnx import OnnxEmbedder
from bunko.embedding.onnx_file import GraphWriter
from bunko.errors import ModelBroken
from bunko.models import EmbedderFacts, LocalModel
from bunko.models.records import Pooling
from bunko.settings import EmbeddingSettings, Settings

WORDS = ["?", "one", "two", "three"]


def tiny_model(folder: Path, *, max_tokens: int = 8, pooling: Pooling = "mean") -> LocalModel:
    graph = GraphWriter()
    rows = graph.add("Gather", graph.constant("table", np.eye(4, dtype=np.float32)), "input_ids")
    shape = ("batch", "length", 4)
    (folder / "model.onnx").write_bytes(graph.model(inputs=["input_ids"], output=rows, shape=shape, opset=18))
    tokenizer = Tokenizer(WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="?"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return LocalModel(
        name="tiny",
        kind="embedding",
        engine="onnx",
        files={"model": folder / "model.onnx", "tokenizer": folder / "tokenizer.json"},
        languages=frozenset({"en"}),
        embedder=EmbedderFacts(dimension=4, max_tokens=max_tokens, pooling=pooling),
    )


def open_tiny(model: LocalModel, *, threads: int = 2) -> OnnxEmbedder:
    return OnnxEmbedder(model, name="tiny", settings=EmbeddingSettings(threads=threads))


def test_rows_keep_the_order_of_the_texts(tmp_path: Path) -> None:
    texts = ["one", "one two two", "three three three three", "two"]
    vectors = open_tiny(tiny_model(tmp_path)).embed_passages(texts)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert vectors.argmax(axis=1).tolist() == [1, 2, 3, 2]
    assert np.allclose(vectors[1], np.array([0, 1, 2, 0]) / np.sqrt(5))


@pytest.mark.parametrize("threads", [1, 3])
def test_neighbours_and_threads_change_nothing(tmp_path: Path, threads: int) -> None:
    embedder = open_tiny(tiny_model(tmp_path), threads=threads)
    texts = ["one two", "three", "two three one one"]
    together = embedder.embed_passages(texts)
    assert np.array_equal(together, np.array([embedder.embed_query(text) for text in texts]))


def test_no_text_gives_no_row(tmp_path: Path) -> None:
    assert open_tiny(tiny_model(tmp_path)).embed_passages([]).shape == (0, 4)


def test_what_is_too_long_is_cut_for_the_vector_but_counted(tmp_path: Path) -> None:
    embedder = open_tiny(tiny_model(tmp_path, max_tokens=2))
    assert np.array_equal(embedder.embed_query("one two three three"), embedder.embed_query("one two"))
    assert embedder.count_tokens(["one two three three", ""]) == [4, 0]


@pytest.mark.parametrize(("pooling", "place"), [("cls", 1), ("last", 3)])
def test_pooling_takes_the_token_that_the_model_wants(tmp_path: Path, pooling: Pooling, place: int) -> None:
    vector = open_tiny(tiny_model(tmp_path, pooling=pooling)).embed_query("one two three")
    assert vector.argmax() == place


def test_an_interrupt_leaves_what_has_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = open_tiny(tiny_model(tmp_path))
    begun: list[list[int]] = []

    def run(tokens: list[int]) -> None:
        begun.append(tokens)
        raise KeyboardInterrupt

    monkeypatch.setattr(embedder, "_run", run)
    with pytest.raises(KeyboardInterrupt):
        embedder.embed_passages(["one"] * 5000)
    embedder._texts._pool.shutdown(wait=True)
    assert len(begun) < 5000


def test_a_broken_file_is_told_with_its_cure(tmp_path: Path) -> None:
    model = tiny_model(tmp_path)
    model.files["model"].write_bytes(b"not a model")
    with pytest.raises(ModelBroken, match="bunko models pull tiny"):
        open_tiny(model)


def test_another_file_has_another_name(tmp_path: Path) -> None:
    settings = Settings()
    model = tiny_model(tmp_path)
    before = open_embedder(model, settings).spec.name
    model.files["model"].write_bytes(model.files["model"].read_bytes().replace(b"bunko", b"BUNKO"))
    assert open_embedder(model, settings).spec.name != before
    assert "+" not in before
