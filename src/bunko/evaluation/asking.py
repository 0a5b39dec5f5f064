"""Ask a library many questions. In: a library. Out: askers (question -> Answer), one for each concurrent question.

The model is loaded once for each asker. Knows nothing of question files, scores or output.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from bunko.answering.alone import answer_without_documents
from bunko.conversation import last
from bunko.evaluation.records import AnswerFrom
from bunko.library import Library
from bunko.ports import Embedder, EmbedderSpec
from bunko.stopwatch import Stopwatch
from bunko.types import Answer

if TYPE_CHECKING:
    from bunko.ports import Vectors

Asker: TypeAlias = Callable[[str], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What produced an answer, as the answer names it."""

    model: str
    embedder: str
    """Empty if the model is asked without documents."""


class SharedEmbedder:
    """One embedder for several libraries and threads, one call at a time. Closing a library does not close it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()

    @property
    def spec(self) -> EmbedderSpec:
        """The embedder's specification."""
        return self._embedder.spec

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text, in order."""
        with self._lock:
            return self._embedder.embed_passages(texts)

    def embed_query(self, text: str) -> Vectors:
        """Return the question's vector."""
        with self._lock:
            return self._embedder.embed_query(text)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens."""
        with self._lock:
            return self._embedder.count_tokens(texts)


def identity_of(library: Library, *, answer_from: AnswerFrom) -> Identity:
    """Return the names that this library's answers will have. Resolves the models, starts none. Raises ModelError."""
    embedder = library.embedder.spec.name if answer_from == "documents" else ""
    return Identity(model=library.generator.spec.name, embedder=embedder)


@contextlib.contextmanager
def open_askers(library: Library, *, answer_from: AnswerFrom, parallel: int = 1) -> Iterator[list[Asker]]:
    """Yield `parallel` askers, each with its own library and its own connection to the model; close them at the end.

    A local model is loaded once for each asker. `library` itself stays open.
    """
    with contextlib.ExitStack() as opened:
        askers = [_asker(library, answer_from)]
        shared = SharedEmbedder(library.embedder) if answer_from == "documents" and parallel > 1 else None
        for _ in range(parallel - 1):
            another = opened.enter_context(Library(library.root, settings=library.settings, embedder=shared))
            askers.append(_asker(another, answer_from))
        yield askers


def warm_up(library: Library, questions: Iterable[str], *, answer_from: AnswerFrom) -> None:
    """Load the model and wait for it, so that the first question is timed like the others. Raises EngineError.

    The model is not loaded if none of the questions needs it.
    """
    if answer_from == "model" or any(library.needs_model(question) for question in questions):
        library.generator.context_tokens()


def _asker(library: Library, answer_from: AnswerFrom) -> Asker:
    if answer_from == "documents":
        return library.ask
    return lambda question: last(
        answer_without_documents(question, library.generator, settings=library.settings, watch=Stopwatch())
    )
