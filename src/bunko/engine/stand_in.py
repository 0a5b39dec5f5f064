"""Query the engine about a model without its weights. In: a GGUF file. Out: tokens and rendered prompts, in a second.

A stand-in is a file of a few megabytes: the model's tokenizer and chat template, byte for byte, on the smallest model
that the engine loads, with zeros for weights. A template runs only in the engine's own renderer, in its own process.

    with StandIn(path, log_directory=...) as stand_in:
        stand_in.render([{"role": "user", "content": "Hello"}])
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, TypeAlias

from bunko.engine.gpus import GpuWish
from bunko.engine.http import Connection, Timeouts
from bunko.engine.parameters import Parameters, common_values
from bunko.engine.process import LlamaProcess
from bunko.errors import EngineStartFailed, ModelBroken
from bunko.models.gguf.header import read_gguf, read_layout
from bunko.models.gguf.tensor_types import F32, Q8_0, tensor_bytes
from bunko.models.gguf.writing import NewTensor, key_value, write_header

Template: TypeAlias = Literal["keep", "drop"]
Answer: TypeAlias = Literal["open", "none"]
Marks: TypeAlias = Literal["text", "tokens"]

_WIDTH = 32
_ALIGNMENT = 32
_TIMEOUT_S = 60.0
_UNKNOWN = "unknown model architecture"


class StandIn:
    """The engine with a model's tokenizer and template. Raises ModelBroken, EngineError."""

    def __init__(self, path: Path, *, log_directory: Path, template: Template = "keep") -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bunko-stand-in-", ignore_cleanup_errors=True)
        file = Path(self._folder.name) / path.name
        write_stand_in(path, file, template=template)
        self._process = _process(file, log_directory)
        self._connection = Connection(self._process, timeouts=Timeouts(first_token_s=_TIMEOUT_S, token_s=_TIMEOUT_S))

    def __enter__(self) -> StandIn:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._process.close()
        self._folder.cleanup()

    def properties(self) -> Mapping[str, Any]:
        """Return what the engine reports about the model: `bos_token`, `eos_token`, `chat_template_caps`."""
        return self._connection.get_json("/props")

    def render(self, messages: Sequence[Mapping[str, str]], *, answer: Answer = "open") -> str:
        """Render messages as a prompt; "open" appends the start of an answer. Raises EngineError."""
        body = {"messages": list(messages), "add_generation_prompt": answer == "open"}
        return str(self._connection.post_json("/apply-template", body)["prompt"])

    def tokens(self, text: str, *, marks: Marks = "text") -> list[int]:
        """Return a text's tokens. Control tokens in it are plain "text", or parsed as "tokens"."""
        body = {"content": text, "add_special": False, "parse_special": marks == "tokens"}
        return [int(token) for token in self._connection.post_json("/tokenize", body)["tokens"]]

    def text(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens."""
        return str(self._connection.post_json("/detokenize", {"tokens": list(tokens)})["content"])


def engine_knows(architecture: str, *, log_directory: Path) -> bool:
    """Return whether the installed engine supports an architecture, by loading a file that names it."""
    with tempfile.TemporaryDirectory(prefix="bunko-stand-in-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "architecture.gguf"
        with file.open("wb") as target:
            _write_file(target, [key_value("general.architecture", architecture)], [])
        process = _process(file, log_directory)
        try:
            process.address()
        except EngineStartFailed as error:
            return _UNKNOWN not in error.message
        finally:
            process.close()
    return True


def write_stand_in(path: Path, target: Path, *, template: Template = "keep") -> None:
    """Write a model's stand-in; "drop" leaves out its chat template. Raises ModelBroken if it has no tokenizer."""
    info, layout = read_gguf(path), read_layout(path)
    if not info.vocabulary_size or "tokenizer.ggml.model" not in layout.keys:
        raise ModelBroken(f"{path} has no tokenizer.", "Convert it again, with the tokenizer's files beside it.")
    own = [layout.metadata[layout.keys[key]] for key in layout.keys if _is_kept(key, template)]
    with target.open("wb") as file:
        _write_file(file, [*_smallest_llama(info.vocabulary_size), *own], _tensors(info.vocabulary_size))


def _is_kept(key: str, template: Template) -> bool:
    return key.startswith("tokenizer.") and (template == "keep" or not key.startswith("tokenizer.chat_template"))


def _process(file: Path, log_directory: Path) -> LlamaProcess:
    values = common_values(file, threads=1) | {"n_ctx": 256, "n_batch": 32, "n_ubatch": 32, "fit_params": False}
    return LlamaProcess(
        Parameters(values={**values, "n_gpu_layers": 0}, gpu=GpuWish(layers=0)),
        log_directory=log_directory,
        start_timeout_s=_TIMEOUT_S,
    )


def _smallest_llama(vocabulary_size: int) -> list[bytes]:
    numbers = {
        "context_length": 256,
        "embedding_length": _WIDTH,
        "feed_forward_length": _WIDTH,
        "block_count": 1,
        "attention.head_count": 1,
        "attention.head_count_kv": 1,
        "rope.dimension_count": _WIDTH,
        "vocab_size": vocabulary_size,
    }
    pairs = [key_value("general.architecture", "llama")]
    pairs += [key_value(f"llama.{key}", value) for key, value in numbers.items()]
    return [*pairs, key_value("llama.attention.layer_norm_rms_epsilon", 1e-5)]


def _tensors(vocabulary_size: int) -> list[NewTensor]:
    square, line = (_WIDTH, _WIDTH), (_WIDTH,)
    names = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    return [
        _tensor("token_embd.weight", (_WIDTH, vocabulary_size), Q8_0),
        _tensor("output_norm.weight", line, F32),
        *(_tensor(f"blk.0.{name}.weight", line, F32) for name in ("attn_norm", "ffn_norm")),
        *(_tensor(f"blk.0.{name}.weight", square, F32) for name in names),
    ]


def _tensor(name: str, dimensions: tuple[int, ...], type_number: int) -> NewTensor:
    size = tensor_bytes(dimensions, type_number)
    return NewTensor(name=name, dimensions=dimensions, type=type_number, size=size)


def _write_file(file: BinaryIO, pairs: Sequence[bytes], tensors: Sequence[NewTensor]) -> None:
    """Write a complete file; its tensors are zeros, which take no space on most disks."""
    size = write_header(file, tensors, metadata=b"".join(pairs), key_count=len(pairs), alignment=_ALIGNMENT)
    file.truncate(file.tell() + size)
