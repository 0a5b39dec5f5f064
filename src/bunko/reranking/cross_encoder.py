"""Rerank with ONNX Runtime: a cross-encoder with one number for a question and a passage. In: files. Out: log odds.

The folder is as Sentence Transformers and Transformers.js save one: `model.onnx` and `tokenizer.json`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from bunko.engine.onnx_session import open_session
from bunko.engine.parameters import Machine
from bunko.errors import EngineError, ModelBroken, WrongModelKind
from bunko.hardware.freed_memory import return_memory
from bunko.models import LocalModel
from bunko.ports import RerankerSpec

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_MOST_TOKENS = 512
# More than the longest words have; the rest of a text would be cut anyway.
_CHARACTERS_PER_TOKEN = 64
_CURE = "Name another reranker, or none: --reranker none"


class CrossEncoder:
    """A cross-encoder, loaded when it is first needed. Thread-safe. The session takes one pair at a time."""

    def __init__(self, model: LocalModel, *, threads: int = 0) -> None:
        self.spec = RerankerSpec(name=model.name, languages=model.languages)
        self._model = model
        self._threads = threads or Machine.here().cores
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None

    def begin(self) -> None:
        """Do nothing: it is loaded with the first passages."""

    def judge(self, question: str, passages: Sequence[str]) -> list[float]:
        """Return the model's number for each passage, in order. Raises ModelBroken, WrongModelKind, EngineError."""
        with self._lock:
            self._loaded = self._loaded or _Loaded(self._model, threads=self._threads)
            loaded = self._loaded
        try:
            return list(loaded.pool.map(lambda text: loaded.judge(question, text), passages))
        except EngineError:
            raise
        except Exception as error:
            raise EngineError(f"The reranker {self._model.name} failed: {_first_line(error)}", _CURE) from error

    def close(self) -> None:
        """Release the memory."""
        with self._lock:
            loaded, self._loaded = self._loaded, None
        if loaded is not None:
            loaded.pool.shutdown(wait=True, cancel_futures=True)


class _Loaded:
    def __init__(self, model: LocalModel, *, threads: int) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(model.files["tokenizer"]))
            self._session = open_session(str(model.files["model"]))
        except Exception as error:
            raise ModelBroken(f"The reranker {model.name} can't be loaded: {_first_line(error)}", _CURE) from error
        return_memory()
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MOST_TOKENS, strategy="only_second")
        self._inputs = [item.name for item in self._session.get_inputs()]
        shape = self._session.get_outputs()[0].shape
        if not set(self._inputs) <= set(_INPUTS) or len(shape) != 2 or shape[-1] not in (1, "num_labels"):
            raise WrongModelKind(
                f"{model.name} is an ONNX model, but not a reranker: it gives {shape} numbers for a pair.", _CURE
            )
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="reranker")

    def judge(self, question: str, passage: str) -> float:
        most = _MOST_TOKENS * _CHARACTERS_PER_TOKEN
        pair = self._tokenizer.encode(question[: most // 4], passage[:most])
        feed: dict[str, Any] = {
            "input_ids": np.array([pair.ids], dtype=np.int64),
            "attention_mask": np.ones((1, len(pair.ids)), dtype=np.int64),
            "token_type_ids": np.array([pair.type_ids], dtype=np.int64),
        }
        output = self._session.run(None, {name: feed[name] for name in self._inputs})[0]
        return float(np.asarray(output).reshape(-1)[0])


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
