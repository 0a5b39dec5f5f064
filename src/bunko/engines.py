"""Load engines, and share them among libraries. In: settings. Out: embedders and generators. Knows nothing of folders.

    engines = Engines(settings)
    first, second = Library(one, settings=settings, engines=engines), Library(two, settings=settings, engines=engines)

Each model is loaded once, when it is first needed, and kept until `close`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from bunko.errors import EngineStartFailed

if TYPE_CHECKING:
    from bunko.models import Progress
    from bunko.ports import Embedder, Generator
    from bunko.settings import Settings

# A context is fitted to the memory there is; with less than this a model can't answer from documents.
_LEAST_CONTEXT = 2048


def load_generator(settings: Settings, *, progress: Progress | None = None) -> Generator:
    """Return the language model that the settings name, fetched first if need be; its engine starts when it is asked.

    Raises ModelError.
    """
    from bunko.engine.seen import check_room
    from bunko.generation import open_generator
    from bunko.models import LocalModel, resolve, silent

    model = resolve(settings.model, kind="chat", settings=settings, progress=progress or silent)
    if isinstance(model, LocalModel):
        check_room(model, settings.generation, least_context=_LEAST_CONTEXT)
    return open_generator(model, settings)


def load_embedder(settings: Settings, *, progress: Progress | None = None) -> Embedder:
    """Return the embedder that the settings name, fetched first if need be. Raises ModelError."""
    from bunko.embedding import open_embedder
    from bunko.models import resolve, silent

    return open_embedder(
        resolve(settings.embedder, kind="embedding", settings=settings, progress=progress or silent), settings
    )


Engine = TypeVar("Engine")


class Engines:
    """Embedders and generators by the names that settings give them. May be used by several threads."""

    def __init__(self, settings: Settings, *, progress: Progress | None = None) -> None:
        """How models are run is for these settings to say; which model, for those of each call."""
        self._settings = settings
        self._progress = progress
        self._generators: _Once[Generator] = _Once()
        self._embedders: _Once[Embedder] = _Once()

    def generator(self, settings: Settings) -> Generator:
        """Return the language model that the settings name. Raises ModelError."""
        own = replace(self._settings, model=settings.model)
        return self._generators.get(settings.model, lambda: self._load_generator(own))

    def embedder(self, settings: Settings) -> Embedder:
        """Return the embedder that the settings name. Raises ModelError."""
        own = replace(self._settings, embedder=settings.embedder)
        return self._embedders.get(settings.embedder, lambda: self._load_embedder(own))

    def loaded_generator(self, name: str) -> Generator | None:
        """Return a language model if it is loaded already."""
        return self._generators.known(name)

    def close(self) -> None:
        """Stop all of them; nothing is loaded any more."""
        for engine in (*self._generators.close(), *self._embedders.close()):
            if hasattr(engine, "close"):  # not every embedder holds something
                engine.close()

    def _load_generator(self, settings: Settings) -> Generator:
        return load_generator(settings, progress=self._progress)

    def _load_embedder(self, settings: Settings) -> Embedder:
        return load_embedder(settings, progress=self._progress)


class _Once(Generic[Engine]):
    """Makes a thing of each name once. Who asks for what is being made waits; what can't be made is tried again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._made: dict[str, Engine] = {}
        self._closed = False

    def known(self, name: str) -> Engine | None:
        return self._made.get(name)

    def get(self, name: str, make: Callable[[], Engine]) -> Engine:
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

    def close(self) -> list[Engine]:
        with self._lock:
            self._closed = True
            made = list(self._made.values())
            self._made.clear()
        return made
