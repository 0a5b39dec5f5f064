"""Rewritten GGUF files: what changes, what stays, and that the blocks are llama.cpp's."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest

from bunko.importing import quantising
from bunko.importing.kinds import KINDS
from bunko.models.gguf.header import read_gguf, read_layout
from bunko.models.gguf.tensor_types import type_name
from tests.tiny_gguf import make_chat_gguf


def _make(path: Path) -> Path:
    """Write a model with rows that fit K-quants, rows that do not, and metadata of several kinds."""
    random = np.random.default_rng(3)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(2)
    writer.add_file_type(0)
    writer.add_license("apache-2.0")
    writer.add_chat_template("{{ messages }}")
    writer.add_array("split.names", ["a", "b"])
    writer.add_uint16("split.count", 1)
    for layer in range(2):
        for name, shape in (("attn_v", (64, 256)), ("attn_q", (48, 96)), ("ffn_down", (32, 512))):
            weights = random.normal(0, 0.05, shape).astype(np.float32)
            writer.add_tensor(f"blk.{layer}.{name}.weight", weights)
        writer.add_tensor(f"blk.{layer}.attn_norm.weight", np.ones(64, dtype=np.float32))
    writer.add_tensor("token_embd.weight", random.normal(0, 1, (5000, 256)).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _write(source: Path, target: Path, kind: str) -> Path:
    plan = quantising.plan(source, KINDS[kind])
    done: list[int] = []
    quantising.write(plan, target, advance=done.append)
    assert sum(done) == sum(place.size for place in plan.layout.tensors)
    assert abs(plan.size - target.stat().st_size) < 4096
    return target


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_weights_come_back_about_as_they_were(kind: str, tmp_path: Path) -> None:
    source = _make(tmp_path / "source.gguf")
    target = _write(source, tmp_path / "target.gguf", kind)
    before = {tensor.name: tensor for tensor in gguf.GGUFReader(source).tensors}
    after = {tensor.name: tensor for tensor in gguf.GGUFReader(target).tensors}
    assert before.keys() == after.keys()
    for name, tensor in after.items():
        was = np.asarray(before[name].data, dtype=np.float64)
        now = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float64).reshape(was.shape)
        error = np.sqrt(np.mean((now - was) ** 2) / np.mean(was**2))
        assert error < {"Q4_0": 0.13, "Q4_K_S": 0.1, "Q4_K_M": 0.1}.get(kind, 0.06)
    assert read_gguf(target).quantisation == kind


def test_eight_bits_are_the_reference_packages_to_the_last_bit(tmp_path: Path) -> None:
    source = _make(tmp_path / "source.gguf")
    target = _write(source, tmp_path / "target.gguf", "Q8_0")
    before = {tensor.name: tensor.data for tensor in gguf.GGUFReader(source).tensors}
    for tensor in gguf.GGUFReader(target).tensors:
        if tensor.tensor_type == gguf.GGMLQuantizationType.Q8_0:
            expected = gguf.quants.quantize(np.asarray(before[tensor.name]), gguf.GGMLQuantizationType.Q8_0)
            assert np.array_equal(tensor.data, expected)


def test_metadata_stays_but_for_the_kind_and_the_split(tmp_path: Path) -> None:
    source = _make(tmp_path / "source.gguf")
    target = _write(source, tmp_path / "target.gguf", "Q4_K_M")
    before, after = read_layout(source).values, read_layout(target).values
    changed = {"general.file_type", "general.quantization_version", "split.count"}
    assert {key: value for key, value in after.items() if key not in changed} == {
        key: value for key, value in before.items() if key not in changed
    }
    assert after["general.file_type"] == 15 and "split.count" not in after
    assert gguf.GGUFReader(target).fields["split.names"].contents() == ["a", "b"]


def test_types_are_counted_as_written(tmp_path: Path) -> None:
    target = _write(_make(tmp_path / "source.gguf"), tmp_path / "target.gguf", "Q4_K_M")
    types = {place.name: type_name(place.type) for place in read_layout(target).tensors}
    assert types["token_embd.weight"] == "Q6_K" and types["blk.0.attn_q.weight"] == "Q5_0"
    assert quantising.type_names(target)["F32"] == 2


def test_a_quantised_file_can_be_quantised_again(tmp_path: Path) -> None:
    first = _write(_make(tmp_path / "source.gguf"), tmp_path / "first.gguf", "Q8_0")
    plan = quantising.plan(first, KINDS["Q4_K_M"])
    assert plan.again
    assert not quantising.plan(tmp_path / "source.gguf", KINDS["Q4_K_M"]).again
    second = _write(first, tmp_path / "second.gguf", "Q4_K_M")
    assert second.stat().st_size < first.stat().st_size
    assert _write(second, tmp_path / "third.gguf", "Q4_K_M").read_bytes() == second.read_bytes()


def test_importance_is_minded(tmp_path: Path) -> None:
    """Columns a thousand times as important lose less precision, and the others more."""
    source = _make(tmp_path / "source.gguf")
    importance = np.ones(256, dtype=np.float32)
    importance[::32] = 1000
    plan = quantising.plan(source, KINDS["Q4_K_M"], has_importance=True)
    name = "blk.1.attn_v.weight"
    errors = []
    for vector in (None, importance):
        target = tmp_path / f"{vector is None}.gguf"
        chosen = {} if vector is None else {name: vector}
        quantising.write(plan, target, importance=chosen, advance=lambda count: None)
        tensor = next(tensor for tensor in gguf.GGUFReader(target).tensors if tensor.name == name)
        was = next(tensor for tensor in gguf.GGUFReader(source).tensors if tensor.name == name).data
        errors.append(np.abs(gguf.quants.dequantize(tensor.data, tensor.tensor_type) - was)[:, ::32].mean())
    assert errors[1] < 0.8 * errors[0]


def test_the_tiny_model_of_the_other_tests_is_quantised(tmp_path: Path) -> None:
    target = _write(make_chat_gguf(tmp_path / "source.gguf"), tmp_path / "target.gguf", "Q8_0")
    assert read_gguf(target).architecture == "llama"
