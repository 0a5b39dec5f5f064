"""Forms of weights, and which of them a CPU reads prompts quickly with."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.models.gguf.forms import form_rows, kind_of, quick_share
from bunko.models.gguf.header import read_layout
from tests.tiny_gguf import make_chat_gguf


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("token_embd.weight", "embedding"),
        ("output.weight", "output"),
        ("output_norm.weight", "other"),
        ("blk.0.attn_output.weight", "attention"),
        ("blk.0.attn_q.bias", "other"),
        ("blk.11.ffn_down_exps.weight", "experts"),
        ("blk.1.ffn_gate.weight", "feed-forward"),
        ("rope_freqs.weight", "other"),
    ],
)
def test_a_tensors_kind_is_in_its_name(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_the_rows_hold_every_byte_of_the_file(tmp_path: Path) -> None:
    layout = read_layout(make_chat_gguf(tmp_path / "a.gguf"))
    rows = form_rows(layout, family="x86")
    assert sum(row.size for row in rows) == sum(tensor.size for tensor in layout.tensors)
    assert sum(row.tensors for row in rows) == len(layout.tensors)
    assert quick_share(rows) == 1
    assert quick_share([]) == 1
