"""The ONNX that we write is what ONNX Runtime reads, and what we read again."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from bunko.embedding.onnx_file import GraphWriter, read_tensors


def small_model() -> bytes:
    graph = GraphWriter()
    table = graph.constant("table", np.arange(300 * 4, dtype=np.float32).reshape(300, 4))
    rows = graph.add("Gather", table, "input_ids")
    first, second = graph.add_split(
        "Split", rows, graph.constant("sizes", np.array([1, 3], dtype=np.int64)), outputs=2, axis=-1
    )
    normal = graph.add(
        "LayerNormalization", graph.add("Concat", second, first, axis=2), "weight", "bias", axis=-1, epsilon=0.5
    )
    graph.constant("weight", np.ones(4, dtype=np.float32))
    graph.constant("bias", np.zeros(4, dtype=np.float32))
    mean = graph.add("ReduceMean", normal, graph.constant("axes", np.array([1], dtype=np.int64)), keepdims=0)
    return graph.model(inputs=["input_ids"], output=mean, shape=("batch", 4), opset=18)


def test_what_is_written_runs() -> None:
    session = onnxruntime.InferenceSession(small_model(), providers=["CPUExecutionProvider"])
    assert session.get_outputs()[0].shape == ["batch", 4]
    (row,) = session.run(None, {"input_ids": np.array([[299]])})[0]
    expected = np.array([1197, 1198, 1199, 1196], dtype=np.float32) - 1197.5
    assert np.allclose(row, expected / np.sqrt(1.25 + 0.5), atol=1e-3)


def test_what_is_written_is_read_again() -> None:
    tensors = read_tensors(small_model())
    assert sorted(tensors) == ["axes", "bias", "sizes", "table", "weight"]
    assert tensors["table"].shape == (300, 4)
    assert tensors["table"][299].tolist() == [1196, 1197, 1198, 1199]
    assert tensors["sizes"].dtype == np.int64


@pytest.mark.parametrize("data", [small_model()[:-100], b"\x3a\xff", b"<!DOCTYPE html><html>" * 20])
def test_what_is_no_onnx_is_refused(data: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        read_tensors(data)
