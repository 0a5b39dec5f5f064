"""A reader whose model is loaded when it is first needed. In: a card. Out: Reader. Imports no engine until then."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bunko.errors import BunkoError
from bunko.ports import Passage, ReaderSpec, Reading
from bunko.reader.cards import Card

if TYPE_CHECKING:
    from bunko.reader.onnx import OnnxReader


class LateReader:
    """Loads its model with the first passages, or in the background before them. Thread-safe."""

    def __init__(self, card: Card, *, threads: int = 0) -> None:
        """`threads` passages are read at once; 0: as many as there are cores."""
        self.spec: ReaderSpec = card.spec
        self._card = card
        self._threads = threads
        self._lock = threading.Lock()
        self._model: OnnxReader | None = None

    def begin(self) -> None:
        """Begin to load the model in the background."""
        if self._model is None:
            threading.Thread(target=self._load_quietly, name="load-reader").start()

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """Return a reading for each passage, in order. Raises ModelBroken, EngineError."""
        return self._loaded().read(question, passages)

    def close(self) -> None:
        """Release the memory."""
        with self._lock:
            model, self._model = self._model, None
        if model is not None:
            model.close()

    def _loaded(self) -> OnnxReader:
        with self._lock:
            if self._model is None:
                from bunko.reader.onnx import OnnxReader

                self._model = OnnxReader(self._card, threads=self._threads)
            return self._model

    def _load_quietly(self) -> None:
        with contextlib.suppress(BunkoError):  # raised again by `read`
            self._loaded()
