"""The sizes of the catalogue's chat models, for estimates before a download. Data, and arithmetic on it.

They come from the models' published configurations, the starter's from its file. `shape_of` describes a local file.
"""

from __future__ import annotations

from dataclasses import dataclass

from bunko.models.gguf.header import GgufInfo, GgufLayout

# Average bits per weight in files of several billion parameters (llama.cpp, tools/quantize/README.md).
QUANTISATIONS = {"Q8_0": 8.5, "Q6_K": 6.56, "Q5_K_M": 5.7, "Q4_K_M": 4.89, "Q3_K_M": 4.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The sizes that memory and speed depend on."""

    parameters: int
    looked_up: int
    """Parameters of the token embedding, of which one row is looked up for each input token."""
    tied: bool
    """Whether the output matrix is the token embedding, which is then multiplied for each generated token."""
    layers: int
    cache_bytes: int
    """Bytes of the KV cache per token, over all layers, in 16 bits."""
    window_share: float = 0.0
    """Share of the layers with sliding-window attention, whose cache stops growing."""

    window: int = 0
    """Tokens of the sliding window; 0 if there is none."""

    def cache(self, context_tokens: int) -> int:
        """Return the bytes of the KV cache."""
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
    """Return a shape. `heads`: key-value heads per layer, and the length of one."""
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
    """Return the shape of a local file."""
    return Shape(
        parameters=info.parameters,
        looked_up=(info.vocabulary_size or 0) * (info.embedding_length or 0),
        tied=not any(tensor.name == "output.weight" for tensor in layout.tensors),
        layers=info.block_count or 1,
        cache_bytes=info.kv_cache_bytes(1),
    )


def file_bytes(shape: Shape, quantisation: str) -> int:
    """Estimate the bytes of a file in one of the usual quantisations."""
    return int(shape.parameters * QUANTISATIONS[quantisation] / 8)
