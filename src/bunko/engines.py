"""Load engines and share them among libraries. In: settings. Out: embedders and generators. Knows no folders.

    engines = Engines(settings)
    first, second = Library(one, settings=settings, engines=engines), Library(two, settings=settings, engines=engines)

Each model is loaded once, when first needed, and kept until `close`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from bunko.errors import BunkoError, EngineStartFailed

if TYPE_CHECKING:
    from bunko.engine.loading import Waiting
    from bunko.models import Progress
    from bunko.ports import Embedder, Generator, Reader, Reranker
    from bunko.reranking.pace import Pace
    from bunko.settings import Settings

# Tokens. The context window is fitted to the free memory; a smaller one can't hold documents.
_LEAST_CONTEXT = 2048


def load_generator(
    settings: Settings, *, progress: Progress | None = None, waiting: Waiting | None = None
) -> Generator:
    """Return the language model that the settings name, downloaded first if necessary; its engine starts when used.

    `waiting` is called each second while a server loads its model. Raises ModelError.
    """
    from bunko.engine.seen import check_room
    from bunko.generation import open_generator
    from bunko.models import LocalModel, resolve, silent
    from bunko.models.modelfile import with_modelfile
    from bunko.settings import NO_MODEL

    if settings.model == NO_MODEL:
        from bunko.generation.no_model import NoModel

        return NoModel()
    settings = with_modelfile(settings)
    model = resolve(settings.model, kind="chat", settings=settings, progress=progress or silent)
    if isinstance(model, LocalModel):
        check_room(model, settings.generation, least_context=_LEAST_CONTEXT)
    return open_generator(model, settings, waiting=waiting)


def load_embedder(settings: Settings, *, progress: Progress | None = None) -> Embedder:
    """Return the embedder that the settings name, downloaded first if necessary. Raises ModelError."""
    from bunko.embedding import open_embedder
    from bunko.models import resolve, silent

    return open_embedder(
        resolve(settings.embedder, kind="embedding", settings=settings, progress=progress or silent), settings
    )


Loaded = TypeVar("Loaded")


class Engines:
    """Embedders and generators by the names in the settings. Thread-safe."""

    def __init__(self, settings: Settings, *, progress: Progress | None = None, waiting: Waiting | None = None) -> None:
        """`settings` say how models are run; the settings of each call say which model.

        `progress` shows downloads, `waiting` that a server loads its model.
        """
        self._settings = settings
        self._progress = progress
        self._waiting = waiting
        self._generators: _Once[Generator] = _Once()
        self._embedders: _Once[Embedder] = _Once()
        self._readers: _Once[Reader] = _Once()
        self._rerankers: _Once[Reranker] = _Once()
        self._begun: set[str] = set()

    def generator(self, settings: Settings) -> Generator:
        """Return the language model that the settings name. Raises ModelError."""
        own = replace(self._settings, model=settings.model)
        return self._generators.get(settings.model, lambda: self._load_generator(own))

    def embedder(self, settings: Settings) -> Embedder:
        """Return the embedder that the settings name. Raises ModelError."""
        own = replace(self._settings, embedder=settings.embedder)
        return self._embedders.get(settings.embedder, lambda: self._load_embedder(own))

    def reader(self, settings: Settings, language: str) -> Reader | None:
        """Return the reader of a language; None if there is none. Its model is loaded later. Raises ModelBroken."""
        from bunko.reader.cards import find_card
        from bunko.reader.late import LateReader

        card = find_card(settings.reader, language)
        if card is None:
            return None
        return self._readers.get(str(card.folder), lambda: LateReader(card, threads=settings.embedding.threads))

    def reranker(self, settings: Settings, language: str) -> Reranker | None:
        """Return the reranker that the settings name; None if it is none, or knows no such language.

        Its model is loaded later. Raises UsageError, ModelError.
        """
        name = settings.retrieval.reranker
        if name == "none":
            return None
        if name == "reader":
            from bunko.reranking.by_reader import ReaderReranker

            reader = self.reader(settings, language)
            return ReaderReranker(reader) if reader else None
        from bunko.models import silent
        from bunko.reranking.opening import open_reranker

        progress = self._progress or silent
        found = self._rerankers.get(name, lambda: open_reranker(name, self._settings, progress=progress))
        return found if found.spec.knows(language) else None

    def pace(self) -> Pace:
        """Return how fast rerankers are on this machine."""
        from bunko.reranking.pace import Pace
        from bunko.settings import cache_directory

        return Pace(cache_directory(self._settings) / "reranking_speeds.json")

    def begin_embedder(self, settings: Settings) -> None:
        """Start loading an embedder in the background; `embedder` waits for it. Raises ModelError.

        It is downloaded in the caller's thread, where Ctrl-C is received.
        """
        if settings.embedder in self._begun:
            return
        self._begun.add(settings.embedder)
        from bunko.models import resolve, silent

        resolve(settings.embedder, kind="embedding", settings=self._settings, progress=self._progress or silent)
        threading.Thread(target=self._load_quietly, args=(settings,), name="load-embedder").start()

    def _load_quietly(self, settings: Settings) -> None:
        with contextlib.suppress(BunkoError):  # raised again by `embedder`
            self.embedder(settings)

    def loaded_generator(self, name: str) -> Generator | None:
        """Return a language model if it is already loaded."""
        return self._generators.known(name)

    def close(self) -> None:
        """Stop all engines; no more can be loaded."""
        made = (self._generators, self._embedders, self._readers, self._rerankers)
        for engine in [engine for kind in made for engine in kind.close()]:
            if hasattr(engine, "close"):  # not every embedder needs closing
                engine.close()

    def _load_generator(self, settings: Settings) -> Generator:
        return load_generator(settings, progress=self._progress, waiting=self._waiting)

    def _load_embedder(self, settings: Settings) -> Embedder:
        return load_embedder(settings, progress=self._progress)


class _Once(Generic[Loaded]):
    """Makes one object per name. Callers wait for an object that is being made; after a failure it is tried again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._made: dict[str, Loaded] = {}
        self._closed = False

    def known(self, name: str) -> Loaded | None:
        return self._made.get(name)

    def get(self, name: str, make: Callable[[], Loaded]) -> Loaded:
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if name not in self._made:
                if self._closed:
                    raise EngineStartFailed("The engines were closed.", "Open the library again.")
                made = make()
                with self._lock:
                    self._made[name] = made
            return self._made[name]

    def close(self) -> list[Loaded]:
        with self._lock:
            self._closed = True
            locks = list(self._locks.values())
        for lock in locks:  # wait for what is being loaded, so that it is closed too
            with lock:
                pass
        with self._lock:
            made = list(self._made.values())
            self._made.clear()
        return made
