"""Ask a library many questions. In: a library. Out: askers (question -> Answer), one for each that runs at once.

An index is brought in step once, a model is loaded once. Knows nothing of question files, scores or output.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from bunko.answering.pipeline import answer_without_documents
from bunko.conversation import last
from bunko.library import Library
from bunko.ports import Embedder, EmbedderSpec
from bunko.stopwatch import Stopwatch
from bunko.types import Answer

if TYPE_CHECKING:
    from bunko.ports import Vectors

Asker: TypeAlias = Callable[[str], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What answers, as each answer tells it."""

    model: str
    embedder: str
    """Empty where the model is asked without documents."""


class SharedEmbedder:
    """One embedder for several libraries in several threads, one call at a time. Closing the libraries leaves it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()

    @property
    def spec(self) -> EmbedderSpec:
        """What the embedder states of itself."""
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


def identity_of(library: Library, *, rag: bool) -> Identity:
    """Return what the answers of this library will name. Finds the models, and starts none. Raises ModelError."""
    return Identity(model=library.generator.spec.name, embedder=library.embedder.spec.name if rag else "")


@contextlib.contextmanager
def open_askers(library: Library, *, rag: bool, parallel: int = 1) -> Iterator[list[Asker]]:
    """Give so many askers, each with a library and a connection to the model of its own; they are closed at the end.

    A model on this machine is loaded once for each of them. The library that is given stays open.
    """
    with contextlib.ExitStack() as opened:
        askers = [_asker(library, rag=rag)]
        shared = SharedEmbedder(library.embedder) if rag and parallel > 1 else None
        for _ in range(parallel - 1):
            another = opened.enter_context(Library(library.root, settings=library.settings, embedder=shared))
            askers.append(_asker(another, rag=rag))
        yield askers


def warm_up(library: Library, questions: Iterable[str], *, rag: bool) -> None:
    """Load the model and wait for it, so that the first question is timed like the others. Raises EngineError.

    A model that may not speak any of the questions' languages is not loaded.
    """
    if not rag or any(library.needs_model(question) for question in questions):
        library.generator.context_tokens()


def _asker(library: Library, *, rag: bool) -> Asker:
    if rag:
        return library.ask
    return lambda question: last(
        answer_without_documents(question, library.generator, settings=library.settings, watch=Stopwatch())
    )
