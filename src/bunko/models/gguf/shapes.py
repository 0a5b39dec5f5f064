"""The sizes of the catalogue's chat models, for estimates before anything is downloaded. Data, and sums over it.

As the models' published configurations have them; of the starter, from its file. A file that is here is read itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from bunko.models.gguf.header import GgufInfo, GgufLayout

# Bits that a weight takes on average in files of several billion parameters (llama.cpp, tools/quantize/README.md).
QUANTISATIONS = {"Q8_0": 8.5, "Q6_K": 6.56, "Q5_K_M": 5.7, "Q4_K_M": 4.89, "Q3_K_M": 4.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What memory and speed depend on."""

    parameters: int
    looked_up: int
    """Of these, the numbers of the vocabulary's vectors, one of which is looked up for each token that is read."""
    tied: bool
    """Whether the same vectors are multiplied for each token that is written."""
    layers: int
    cache_bytes: int
    """Of the attention cache, for a token, in 16 bits; for windowed layers, only where the window is full."""
    window_share: float = 0.0
    """Of the layers, those that look back over a window only, and so have a cache that stops growing."""
    window: int = 0

    def cache(self, context_tokens: int) -> int:
        """Return the bytes of the attention cache."""
        windowed = min(context_tokens, self.window) if self.window else context_tokens
        full = context_tokens * (1 - self.window_share) + windowed * self.window_share
        return int(self.cache_bytes * full)


def _shape(
    billions: float,
    *,
    vocabulary: int,
    width: int,
    layers: int,
    heads: tuple[int, int],
    tied: bool = False,
    window: int = 0,
    window_share: float = 0.0,
) -> Shape:
    """`heads` are the key-value heads of a layer, and the length of one."""
    return Shape(
        parameters=int(billions * 1e9),
        looked_up=vocabulary * width,
        tied=tied,
        layers=layers,
        cache_bytes=layers * heads[0] * heads[1] * 2 * 2,
        window=window,
        window_share=window_share,
    )


SHAPES = {
    "smollm2-135m": _shape(0.1345, vocabulary=49_152, width=576, layers=30, heads=(3, 64), tied=True),
    "qwen3-4b": _shape(4.02, vocabulary=151_936, width=2560, layers=36, heads=(8, 128), tied=True),
    "gemma-3-4b": _shape(
        3.88,
        vocabulary=262_208,
        width=2560,
        layers=34,
        heads=(4, 256),
        tied=True,
        window=1024,
        window_share=29 / 34,
    ),
    "phi-4-mini": _shape(3.84, vocabulary=200_064, width=3072, layers=32, heads=(8, 128), tied=True),
    "phi-3-mini": _shape(3.82, vocabulary=32_064, width=3072, layers=32, heads=(32, 96)),
    "phi-3-medium": _shape(13.96, vocabulary=32_064, width=5120, layers=40, heads=(10, 128)),
}


def shape_of(info: GgufInfo, layout: GgufLayout) -> Shape:
    """Return the shape of a file that is here."""
    return Shape(
        parameters=info.parameters,
        looked_up=(info.vocabulary_size or 0) * (info.embedding_length or 0),
        tied=not any(tensor.name == "output.weight" for tensor in layout.tensors),
        layers=info.block_count or 1,
        cache_bytes=info.kv_cache_bytes(1),
    )


def file_bytes(shape: Shape, quantisation: str) -> int:
    """Estimate the size of a file in one of the usual quantisations."""
    return int(shape.parameters * QUANTISATIONS[quantisation] / 8)
