"""Make GGUF files of some hundred kilobytes for tests: real architectures and tokenizers, random weights.

`make_chat_gguf` gives a model that writes endless small letters, at thousands a second: enough to test everything
about an engine but what it says, and with `follows` it says what a test wants. `make_bert_gguf` gives an embedder.
Both are the same bytes at every run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from gguf import GGUFWriter, PoolingType, TokenType
from numpy.typing import NDArray

_EMBEDDING, _FEED_FORWARD, _HEADS, _LAYERS = 32, 64, 2, 1
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BERT_WORDS = ("the", "cat", "sleep", "##s", "on", "roof", "ship", "carry", "tea", "and", "silk", *_LETTERS)


def make_chat_gguf(
    path: Path,
    *,
    template: str = "",
    special: Sequence[str] = (),
    context: int = 2048,
    bos: str = "<s>",
    words: Sequence[str] = (),
    follows: Mapping[str, str] | None = None,
) -> Path:
    """Write a llama model with a byte-level tokenizer and this chat template; without one it is a base model.

    `special` are the template's marks, which become control tokens; `words` are tokens that are text. The end of the
    text is `</s>`, which the model never writes, unless `follows` says so: it names the token that the model writes
    after each (a mark or one character), whatever stands before.
    """
    control = list(dict.fromkeys([bos, "</s>", *special]))
    tokens = [*control, *(_byte_symbol(byte) for byte in range(256)), "ab", *words]
    writer = _begin(path, "llama", tokens, special=len(control), words=len(words), context=context)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_EMBEDDING // _HEADS)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_merges(["a b"])  # a tokenizer without a single merge is refused
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_add_bos_token(False)
    if template:
        writer.add_chat_template(template)
    weights = _Weights()
    embedding = np.zeros((len(tokens), _EMBEDDING), dtype=np.float32)
    if follows:
        pairs = {_index(tokens, one): _index(tokens, other) for one, other in follows.items()}
        _add_successors(writer, embedding, pairs)
    else:
        # Only letters have a vector, so one of them always has the highest logit.
        written = [tokens.index(letter) for letter in _LETTERS]
        embedding[written] = weights.matrix(len(written), _EMBEDDING)
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output_norm.weight", np.ones(_EMBEDDING, dtype=np.float32))
    for layer in range(_LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(_EMBEDDING, dtype=np.float32))
        # What follows a token does not depend on those before it: then the layers add nothing.
        said = 0.0 if follows else 1.0
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", said * weights.matrix(_EMBEDDING, _EMBEDDING))
        for name in ("ffn_gate", "ffn_up"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", said * weights.matrix(_FEED_FORWARD, _EMBEDDING))
        writer.add_tensor(f"blk.{layer}.ffn_down.weight", said * weights.matrix(_EMBEDDING, _FEED_FORWARD))
    return _finish(writer, path)


def _index(tokens: Sequence[str], token: str) -> int:
    return tokens.index(token if token in tokens else _byte_symbol(ord(token)))


def _add_successors(writer: GGUFWriter, embedding: NDArray[np.float32], follows: Mapping[int, int]) -> None:
    """Give each token that is followed by another a direction of its own, and the other's logit that direction."""
    known = sorted(follows)
    random = np.random.default_rng(1).normal(size=(len(known), embedding.shape[1]))
    embedding[known] = random / np.linalg.norm(random, axis=1, keepdims=True)
    output = np.zeros_like(embedding)
    for token, next_ in follows.items():
        output[next_] += embedding[token]
    writer.add_tensor("output.weight", output)


def make_bert_gguf(path: Path, *, context: int = 64, ranks: bool = False) -> Path:
    """Write a BERT encoder with mean pooling: 32 numbers for each text. One that ranks gives one for a pair of them."""
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    special = len(tokens)
    # The file marks the beginning of words where BERT's own vocabulary marks their continuation.
    tokens += [word[2:] if word.startswith("##") else "\u2581" + word for word in _BERT_WORDS]
    writer = _begin(path, "bert", tokens, special=special, context=context)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(PoolingType.RANK if ranks else PoolingType.MEAN)
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_type_count(2)
    for add, token in (
        (writer.add_pad_token_id, "[PAD]"),
        (writer.add_unk_token_id, "[UNK]"),
        (writer.add_bos_token_id, "[CLS]"),
        (writer.add_sep_token_id, "[SEP]"),
        (writer.add_mask_token_id, "[MASK]"),
    ):
        add(tokens.index(token))
    weights = _Weights()
    writer.add_tensor("token_embd.weight", weights.matrix(len(tokens), _EMBEDDING))
    writer.add_tensor("token_types.weight", weights.matrix(2, _EMBEDDING))
    writer.add_tensor("position_embd.weight", weights.matrix(context, _EMBEDDING))
    norms = ["token_embd_norm"]
    for layer in range(_LAYERS):
        norms += [f"blk.{layer}.attn_output_norm", f"blk.{layer}.layer_output_norm"]
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            _add_linear(writer, f"blk.{layer}.{name}", weights.matrix(_EMBEDDING, _EMBEDDING))
        _add_linear(writer, f"blk.{layer}.ffn_up", weights.matrix(_FEED_FORWARD, _EMBEDDING))
        _add_linear(writer, f"blk.{layer}.ffn_down", weights.matrix(_EMBEDDING, _FEED_FORWARD))
    for name in norms:
        writer.add_tensor(f"{name}.weight", np.ones(_EMBEDDING, dtype=np.float32))
        writer.add_tensor(f"{name}.bias", np.zeros(_EMBEDDING, dtype=np.float32))
    if ranks:
        _add_linear(writer, "cls", weights.matrix(_EMBEDDING, _EMBEDDING))
        _add_linear(writer, "cls.output", weights.matrix(1, _EMBEDDING))
    return _finish(writer, path)


def make_adapter_gguf(
    path: Path,
    *,
    architecture: str = "llama",
    tensors: Sequence[str] = ("blk.0.attn_q.weight", "blk.0.attn_output.weight"),
    width: int = _EMBEDDING,
    rank: int = 2,
    seed: int = 1,
    halves: Sequence[str] = (".lora_a", ".lora_b"),
) -> Path:
    """Write a LoRA adapter for the chat model; another `width` makes it one for no model here."""
    writer = GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(rank))
    weights = _Weights(seed)
    for name in tensors:
        for half, shape in ((".lora_a", (rank, width)), (".lora_b", (_EMBEDDING, rank))):
            if half in halves:
                writer.add_tensor(name + half, 2 * weights.matrix(*shape))
    return _finish(writer, path)


class _Weights:
    """A source of the same random numbers at every run."""

    def __init__(self, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)

    def matrix(self, rows: int, columns: int) -> NDArray[np.float32]:
        """Return the next matrix."""
        return self._random.normal(scale=0.3, size=(rows, columns)).astype(np.float32)


def _begin(
    path: Path, architecture: str, tokens: Sequence[str], *, special: int, context: int, words: int = 0
) -> GGUFWriter:
    """Begin a file with what both models state; the first `special` tokens are control tokens, the last are words."""
    writer = GGUFWriter(path, architecture)
    writer.add_name(f"tiny-{architecture}")
    writer.add_context_length(context)
    writer.add_embedding_length(_EMBEDDING)
    writer.add_feed_forward_length(_FEED_FORWARD)
    writer.add_block_count(_LAYERS)
    writer.add_head_count(_HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_token_list(tokens)
    writer.add_token_types(
        [TokenType.CONTROL] * special
        + [TokenType.NORMAL] * (len(tokens) - special - words)
        + [TokenType.USER_DEFINED] * words
    )
    return writer


def _add_linear(writer: GGUFWriter, name: str, weight: NDArray[np.float32]) -> None:
    writer.add_tensor(f"{name}.weight", weight)
    writer.add_tensor(f"{name}.bias", np.zeros(weight.shape[0], dtype=np.float32))


def _finish(writer: GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _byte_symbol(byte: int) -> str:
    """Return the printable character that stands for a byte in the vocabularies of the GPT-2 family."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    if byte in printable:
        return chr(byte)
    return chr(256 + [other for other in range(256) if other not in printable].index(byte))
