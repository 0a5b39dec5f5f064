"""Keep rows of words in 4 bits. In: rows of float32. Out: a module that looks rows up, small enough to be shipped.

Q4_0 of ggml: blocks of 32 numbers, each -8 to 7 times the block's scale. Rows that come from such a file, and were not
trained, lose nothing. Only plain ONNX operators: a lookup, a division, a rounding.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional
from training.reader.e5 import BLOCK

HALF = BLOCK // 2


class PackedWords(nn.Module):  # type: ignore[misc]
    """Stands in for nn.Embedding. In: int64 (batch, length). Out: float32 (batch, length, width)."""

    def __init__(self, rows: Any) -> None:
        """`rows` is a float tensor (pieces, width); the width is a multiple of 32."""
        super().__init__()
        pairs, scales = pack_rows(rows)
        self.register_buffer("pairs", pairs)
        self.register_buffer("scales", scales)

    def forward(self, ids: Any) -> Any:
        """Return the rows of the words."""
        pairs = functional.embedding(ids, self.pairs).float()
        scales = functional.embedding(ids, self.scales).float()
        high = torch.floor(pairs / 16)
        shape = (*ids.shape, scales.shape[-1], HALF)
        numbers = torch.cat([(pairs - 16 * high).view(shape), high.view(shape)], dim=-1) - 8
        return (numbers * scales[..., None]).flatten(-2)


def pack_rows(rows: Any) -> tuple[Any, Any]:
    """Return two numbers a byte, uint8 (pieces, width / 2), and float16 scales (pieces, width / 32)."""
    blocks = rows.detach().float().view(len(rows), -1, BLOCK)
    furthest = blocks.abs().argmax(-1, keepdim=True)
    scales = (blocks.gather(-1, furthest) / -8).half()
    divisors = torch.where(scales == 0, torch.ones_like(scales), scales).float()
    numbers = (torch.round(blocks / divisors) + 8).clamp(0, 15).to(torch.uint8)
    pairs = numbers[..., :HALF] + 16 * numbers[..., HALF:]
    return pairs.flatten(1), scales[..., 0]
