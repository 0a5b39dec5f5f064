"""Choose the type of each tensor, as llama.cpp does. In: tensors, a kind as in "Q4_K_M". Out: ggml's types. Pure.

The rules are those of llama.cpp's `src/llama-quant.cpp` (commit 007dbbf3): `tensor_allows_quantization`,
`llama_tensor_get_type_impl` and `tensor_type_fallback`. A file made here has the types that `llama-quantize` gives it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bunko.models.gguf.tensor_types import BF16, F16, Q4_0, Q4_1, Q4_K, Q5_0, Q5_1, Q5_K, Q6_K, Q8_0, TENSOR_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A mixture of types with a name, as in "Q4_K_M"."""

    name: str
    file_type: int
    """The value of `general.file_type` (llama.cpp's `llama_ftype`)."""
    type: int
    """The type of most tensors."""

    @property
    def is_quantised(self) -> bool:
        """Return whether it has fewer than 16 bits a weight."""
        return TENSOR_TYPES[self.type].block_weights > 1


KINDS = {
    kind.name: kind
    for kind in (
        Kind(name="Q4_0", file_type=2, type=Q4_0),
        Kind(name="Q4_K_S", file_type=14, type=Q4_K),
        Kind(name="Q4_K_M", file_type=15, type=Q4_K),
        Kind(name="Q5_K_S", file_type=16, type=Q5_K),
        Kind(name="Q5_K_M", file_type=17, type=Q5_K),
        Kind(name="Q6_K", file_type=18, type=Q6_K),
        Kind(name="Q8_0", file_type=7, type=Q8_0),
        Kind(name="F16", file_type=1, type=F16),
        Kind(name="BF16", file_type=32, type=BF16),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """The facts about a tensor that its new type depends on."""

    name: str
    dimensions: tuple[int, ...]
    """Row length first, as in GGUF."""
    type: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """The facts about a model that its tensors' types depend on."""

    name: str
    layers: int
    experts: int = 0
    heads: int = 0
    heads_kv: int = 0

    @property
    def is_70b(self) -> bool:
        """Return whether llama.cpp calls it a 70B model (`LLM_TYPE_70B`: 80 layers, fewer heads for keys)."""
        return self.name in ("llama", "qwen2") and self.layers == 80 and self.heads != self.heads_kv


_Category: TypeAlias = Literal["output", "embedding", "value", "key", "down", "attention output", "other"]
# In the order of `tensor_get_category`. These kinds treat queries, gates and ups like all other tensors.
_PARTS: tuple[tuple[str, _Category], ...] = (
    ("attn_qkv.weight", "value"),
    ("attn_kv_b.weight", "value"),
    ("attn_v.weight", "value"),
    ("attn_k.weight", "key"),
    ("attn_q.weight", "other"),
    ("attn_output.weight", "attention output"),
    ("ffn_up", "other"),
    ("ffn_gate", "other"),
    ("ffn_down", "down"),
)
_KEPT_PARTS = (
    "_norm.weight", "ffn_gate_inp.weight", "ffn_gate_tid2eid.weight", "altup", "laurel", "per_layer_model_proj",
    "ssm_conv1d", "shortconv.conv.weight", "indexer.k_proj.weight", "indexer.q_proj.weight", "time_mix_first.weight",
    "time_mix_w0.weight", "time_mix_w1.weight", "time_mix_w2.weight", "time_mix_v0.weight", "time_mix_v1.weight",
    "time_mix_v2.weight", "time_mix_a0.weight", "time_mix_a1.weight", "time_mix_a2.weight", "time_mix_g1.weight",
    "time_mix_g2.weight", "time_mix_decay_w1.weight", "time_mix_decay_w2.weight", "time_mix_lerp_fused.weight",
    "attn_rel_b.weight", ".position_embd", "sam.pos_embd", "sam.neck.", "sam.net_", ".rel_pos", ".patch_embd",
    ".patch_merger", "a.rvq.codebook", "mm.a.code_embd",
)  # fmt: skip
_KEPT_NAMES = ("position_embd.weight", "token_types.weight")
_FALLBACKS = {Q4_K: Q5_0, Q5_K: Q5_1, Q6_K: Q8_0}
_LAYER = re.compile(r"blk\.(\d+)\.")


def choose_types(
    tensors: Iterable[Tensor], kind: Kind, architecture: Architecture, *, has_importance: bool = False
) -> Mapping[str, int]:
    """Return each tensor's new type, by name."""
    in_order = sorted(tensors, key=_order)
    chooser = _Chooser(in_order, kind, architecture, has_importance=has_importance)
    return {tensor.name: chooser.choose(tensor) for tensor in in_order}


def may_change(tensor: Tensor) -> bool:
    """Return whether a tensor is quantised: weight matrices are, except small and sensitive ones."""
    name = tensor.name
    is_matrix = any(length > 1 for length in tensor.dimensions[1:])
    is_kept = name in _KEPT_NAMES or any(part in name for part in _KEPT_PARTS)
    return is_matrix and name.endswith("weight") and not is_kept


def use_more_bits(layer: int, layers: int) -> bool:
    """Return whether the values and the second feed-forward matrix of a layer get more bits in a mixture "_M".

    The first and the last eighth of the layers, and every third between them.

    >>> [layer for layer in range(16) if use_more_bits(layer, 16)]
    [0, 1, 4, 7, 10, 13, 14, 15]
    """
    return layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2


class _Chooser:
    """Chooses types tensor by tensor, in llama.cpp's order, which its counters depend on."""

    def __init__(
        self, tensors: Sequence[Tensor], kind: Kind, architecture: Architecture, *, has_importance: bool
    ) -> None:
        self._kind, self._architecture, self._has_importance = kind, architecture, has_importance
        self._tied = all(tensor.name != "output.weight" for tensor in tensors)
        self._values = sum(_category(tensor.name) == "value" for tensor in tensors)
        self._value = self._down = 0

    def choose(self, tensor: Tensor) -> int:
        if not may_change(tensor):
            return tensor.type
        if not self._kind.is_quantised:
            return self._kind.type
        category = _category(tensor.name)
        if category == "output" or (category == "embedding" and self._tied):
            return _fitting(self._output(tensor), tensor)
        chosen = self._kind.type
        if category == "value":
            chosen = self._for_value()
        elif category == "key" and self._architecture.experts == 8:
            chosen = Q8_0
        elif category == "down":
            chosen = self._for_down(tensor.name)
        elif category == "attention output" and self._architecture.experts == 8 and chosen == Q4_K:
            chosen = Q5_K
        return _fitting(chosen, tensor)

    def _output(self, tensor: Tensor) -> int:
        chosen = self._kind.type
        if self._architecture.name == "falcon" or tensor.dimensions[0] % TENSOR_TYPES[chosen].block_weights:
            return Q8_0
        return chosen if chosen == Q8_0 else Q6_K

    def _for_value(self) -> int:
        chosen, name, layer = self._kind.type, self._kind.name, self._value
        self._value += 1
        if name in ("Q4_K_M", "Q5_K_M") and use_more_bits(layer, self._values):
            chosen = Q6_K
        elif name == "Q4_K_S" and layer < 4:
            chosen = Q5_K
        if self._architecture.is_70b and chosen == Q4_K:
            chosen = Q5_K
        return Q8_0 if self._architecture.experts == 8 else chosen

    def _for_down(self, tensor_name: str) -> int:
        chosen, name, layers = self._kind.type, self._kind.name, self._architecture.layers
        layer = self._down
        self._down += 1
        if self._architecture.experts > 1 and (found := _LAYER.match(tensor_name)):
            layer = int(found[1])
        is_falcon = self._architecture.name == "falcon"
        more = use_more_bits(layer, layers)
        if name == "Q4_K_M" and is_falcon:
            return Q6_K if layer < layers // 16 else Q5_K if more else Q4_K
        if name in ("Q4_K_M", "Q5_K_M") and more:
            return Q6_K
        if name == "Q4_K_S" and not is_falcon and layer < layers // 8:
            return Q5_K
        if name == "Q4_0" and self._has_importance and layer < layers // 8:
            return Q4_1
        return chosen


def _category(name: str) -> _Category:
    if name == "output.weight":
        return "output"
    if name in ("token_embd.weight", "per_layer_token_embd.weight"):
        return "embedding"
    return next((category for part, category in _PARTS if part in name), "other")


def _fitting(chosen: int, tensor: Tensor) -> int:
    """Return the type, or a fallback if the row length is not a multiple of its block."""
    row = tensor.dimensions[0]
    if row % TENSOR_TYPES[chosen].block_weights:
        chosen = _FALLBACKS.get(chosen, F16)
    return F16 if row % TENSOR_TYPES[chosen].block_weights else chosen


def _order(tensor: Tensor) -> tuple[int, str]:
    """Sort by layer, then by name (`weight_name_comparer`); tensors outside the layers come first."""
    found = _LAYER.match(tensor.name)
    return (int(found[1]) if found else -1, tensor.name)
