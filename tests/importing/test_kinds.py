"""Which type each tensor gets: llama.cpp's rules."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.importing.kinds import KINDS, Architecture, Tensor, choose_types, may_change, use_more_bits
from bunko.models.gguf.tensor_types import (
    BF16,
    F16,
    F32,
    Q4_0,
    Q4_1,
    Q4_K,
    Q5_0,
    Q5_1,
    Q5_K,
    Q6_K,
    Q8_0,
    TENSOR_TYPES,
)


def _model(*, layers: int = 16, width: int = 256, middle: int = 512, tied: bool = False) -> list[Tensor]:
    tensors = [Tensor(name="token_embd.weight", dimensions=(width, 1000), type=F16)]
    tensors += [Tensor(name="output_norm.weight", dimensions=(width,), type=F32)]
    if not tied:
        tensors.append(Tensor(name="output.weight", dimensions=(width, 1000), type=F16))
    for layer in range(layers):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            tensors.append(Tensor(name=f"blk.{layer}.{name}.weight", dimensions=(width, width), type=F16))
        for name in ("ffn_gate", "ffn_up"):
            tensors.append(Tensor(name=f"blk.{layer}.{name}.weight", dimensions=(width, middle), type=F16))
        tensors.append(Tensor(name=f"blk.{layer}.ffn_down.weight", dimensions=(middle, width), type=F16))
        tensors.append(Tensor(name=f"blk.{layer}.attn_norm.weight", dimensions=(width,), type=F32))
    return tensors


LLAMA = Architecture(name="llama", layers=16, heads=8, heads_kv=2)


def test_more_bits_go_to_values_and_second_matrices_of_some_layers() -> None:
    types = choose_types(_model(), KINDS["Q4_K_M"], LLAMA)
    for layer in range(16):
        better = Q6_K if use_more_bits(layer, 16) else Q4_K
        assert types[f"blk.{layer}.attn_v.weight"] == types[f"blk.{layer}.ffn_down.weight"] == better
        assert types[f"blk.{layer}.attn_k.weight"] == types[f"blk.{layer}.ffn_gate.weight"] == Q4_K
    assert types["output.weight"] == Q6_K
    assert types["token_embd.weight"] == Q4_K
    assert types["output_norm.weight"] == F32


def test_layers_are_counted_by_number_not_by_spelling() -> None:
    """Sorted as text, layer 10 would be the third, as in files made by llama.cpp until 2024."""
    shuffled = sorted(_model(), key=lambda tensor: tensor.name)
    assert choose_types(shuffled, KINDS["Q4_K_M"], LLAMA) == choose_types(_model(), KINDS["Q4_K_M"], LLAMA)


def test_an_embedding_that_is_the_output_too_gets_its_type() -> None:
    assert choose_types(_model(tied=True), KINDS["Q4_K_M"], LLAMA)["token_embd.weight"] == Q6_K
    assert choose_types(_model(tied=True), KINDS["Q8_0"], LLAMA)["token_embd.weight"] == Q8_0


def test_rows_of_576_as_in_the_starter_fall_back() -> None:
    types = choose_types(_model(width=576, middle=1536, tied=True), KINDS["Q4_K_M"], LLAMA)
    assert types["token_embd.weight"] == types["blk.0.attn_v.weight"] == Q8_0
    assert types["blk.0.attn_q.weight"] == types["blk.2.attn_v.weight"] == Q5_0
    assert types["blk.0.ffn_down.weight"] == Q6_K  # its rows have 1,536
    better = choose_types(_model(width=576, middle=1536), KINDS["Q5_K_M"], LLAMA)
    assert better["blk.0.attn_q.weight"] == Q5_1
    tiny = choose_types(_model(width=40, middle=100), KINDS["Q4_K_M"], LLAMA)
    assert set(tiny.values()) == {F16, F32}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Q4_0", {Q4_0, Q6_K}), ("Q4_K_S", {Q4_K, Q5_K, Q6_K}), ("Q5_K_S", {Q5_K, Q6_K}), ("Q5_K_M", {Q5_K, Q6_K}),
        ("Q6_K", {Q6_K}), ("Q8_0", {Q8_0}), ("F16", {F16}), ("BF16", {BF16}),
    ],
)  # fmt: skip
def test_kinds_are_made_of(kind: str, expected: set[int]) -> None:
    assert set(choose_types(_model(), KINDS[kind], LLAMA).values()) == expected | {F32}


def test_with_an_importance_matrix_the_first_second_matrices_of_q4_0_get_a_minimum() -> None:
    types = choose_types(_model(), KINDS["Q4_0"], LLAMA, has_importance=True)
    assert [layer for layer in range(16) if types[f"blk.{layer}.ffn_down.weight"] == Q4_1] == [0, 1]


def test_eight_experts_keep_keys_and_values_in_eight_bits() -> None:
    types = choose_types(_model(), KINDS["Q4_K_M"], Architecture(name="llama", layers=16, experts=8))
    assert types["blk.3.attn_k.weight"] == types["blk.3.attn_v.weight"] == Q8_0
    assert types["blk.3.attn_output.weight"] == Q5_K


def test_a_70b_model_has_better_values() -> None:
    big = Architecture(name="llama", layers=80, heads=64, heads_kv=8)
    types = choose_types(_model(layers=80), KINDS["Q4_K_M"], big)
    assert Counter(types[f"blk.{layer}.attn_v.weight"] for layer in range(80)).keys() == {Q5_K, Q6_K}


def test_falcon_has_rules_of_its_own() -> None:
    types = choose_types(_model(layers=32), KINDS["Q4_K_M"], Architecture(name="falcon", layers=32))
    assert types["output.weight"] == Q8_0
    assert [types[f"blk.{layer}.ffn_down.weight"] for layer in (1, 3, 5)] == [Q6_K, Q5_K, Q4_K]


@pytest.mark.parametrize(
    "name", ["blk.0.ffn_norm.weight", "blk.0.ffn_gate_inp.weight", "position_embd.weight", "blk.0.ssm_conv1d.weight"]
)
def test_some_matrices_are_never_quantised(name: str) -> None:
    assert not may_change(Tensor(name=name, dimensions=(256, 256), type=F16))


@given(
    width=st.integers(1, 2048), middle=st.integers(1, 4096), layers=st.integers(1, 90),
    kind=st.sampled_from(sorted(KINDS)), tied=st.booleans(), experts=st.sampled_from([0, 4, 8]),
)  # fmt: skip
def test_every_row_fits_its_type(width: int, middle: int, layers: int, kind: str, tied: bool, experts: int) -> None:
    tensors = _model(layers=layers, width=width, middle=middle, tied=tied)
    types = choose_types(tensors, KINDS[kind], Architecture(name="llama", layers=layers, experts=experts))
    assert types.keys() == {tensor.name for tensor in tensors}
    for tensor in tensors:
        assert tensor.dimensions[0] % TENSOR_TYPES[types[tensor.name]].block_weights == 0
        if not may_change(tensor):
            assert types[tensor.name] == tensor.type
