"""List the forms (ggml types) of a file's weights. In: a GGUF layout. Out: bytes of each form for each kind of tensor.

Also knows which forms llama.cpp reads prompts quickly with on a CPU. Loads nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bunko.models.gguf.header import GgufLayout
from bunko.models.gguf.tensor_types import type_name

TensorKind: TypeAlias = Literal["embedding", "output", "attention", "feed-forward", "experts", "other"]
Family: TypeAlias = Literal["x86", "arm", "other"]

# llama.cpp repacks these or multiplies them in tiles: many tokens of a prompt at once. It multiplies all others one
# token at a time (ggml-cpu: repack.cpp, llamafile/sgemm.cpp; the functions in the engine's library, October 2026).
_TILED = frozenset({"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q5_0", "IQ4_NL", "Q4_K", "MXFP4"})
_QUICK: Mapping[Family, frozenset[str]] = {
    "x86": _TILED,
    "arm": (_TILED | {"Q5_K", "Q6_K"}) - {"Q5_0"},
    "other": frozenset({"F32", "F16", "BF16", "Q8_0", "Q4_0"}),
}
_KINDS: tuple[tuple[str, TensorKind], ...] = (
    ("token_embd", "embedding"),
    ("per_layer_token_embd", "embedding"),
    ("_exps.", "experts"),
    (".attn_", "attention"),
    (".ffn_", "feed-forward"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRow:
    """The tensors of one kind and one form."""

    kind: TensorKind
    form: str
    tensors: int
    size: int
    """In bytes."""
    quick: bool
    """Whether the CPU multiplies many tokens of a prompt at once with it; embeddings are only looked up."""


def kind_of(name: str) -> TensorKind:
    """Return a tensor's kind, from its name.

    >>> kind_of("blk.3.attn_q.weight"), kind_of("blk.0.ffn_norm.weight"), kind_of("output.weight")
    ('attention', 'other', 'output')
    """
    if "norm" in name or name.endswith(".bias"):
        return "other"
    if name.startswith("output."):
        return "output"
    return next((kind for mark, kind in _KINDS if mark in name), "other")


def family_of(machine: str) -> Family:
    """Return the processor family for a name from `platform.machine()`.

    >>> family_of("AMD64"), family_of("aarch64"), family_of("riscv64")
    ('x86', 'arm', 'other')
    """
    name = machine.lower()
    if name in ("x86_64", "amd64", "i686", "i386"):
        return "x86"
    return "arm" if name.startswith(("arm", "aarch64")) else "other"


def form_rows(layout: GgufLayout, *, family: Family) -> list[FormRow]:
    """Return a file's forms by kind of tensor, largest first within each kind."""
    sizes: Counter[tuple[TensorKind, str]] = Counter()
    counts: Counter[tuple[TensorKind, str]] = Counter()
    for tensor in layout.tensors:
        key = (kind_of(tensor.name), type_name(tensor.type))
        sizes[key] += tensor.size
        counts[key] += 1
    order: list[TensorKind] = ["embedding", "attention", "feed-forward", "experts", "output", "other"]
    ordered = sorted(sizes, key=lambda key: (order.index(key[0]), -sizes[key]))
    return [
        FormRow(kind=kind, form=form, tensors=counts[kind, form], size=sizes[kind, form], quick=form in _QUICK[family])
        for kind, form in ordered
    ]


def quick_share(rows: list[FormRow]) -> float:
    """Return the share of the multiplied weights, by bytes, that are in a quick form; 1 if there are none."""
    multiplied = [row for row in rows if row.kind not in ("embedding", "other")]
    total = sum(row.size for row in multiplied)
    return sum(row.size for row in multiplied if row.quick) / total if total else 1.0
