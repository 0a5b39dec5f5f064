"""Open a library, here or elsewhere. In: a folder, or the address of a served one. Out: a library."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, overload

from bunko.client.http import is_url, place_of
from bunko.conversation import Conversation
from bunko.errors import BunkoError, SettingsError, UsageError
from bunko.library import Library, open_library
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Document, Event, Hit, Message, SyncReport

if TYPE_CHECKING:
    from bunko.client.remote_library import RemoteLibrary
    from bunko.settings import Settings
    from bunko.store import Record


class AnyLibrary(Protocol):
    """What can be done with a library, on this machine or served by another: see `Library`."""

    def __enter__(self) -> AnyLibrary: ...

    def __exit__(self, *exception: object) -> None: ...

    def close(self) -> None:
        """Let go of what it holds."""

    def sync(
        self, *, vectors: Literal["all", "few"] = "all", retry_failed: bool = False, wait_s: float = 0.0
    ) -> SyncReport:
        """Bring the index in step with the folder."""
        ...

    def watch(self, *, stop: threading.Event | None = None, poll: bool = False) -> Iterator[SyncReport | BunkoError]:
        """Keep it in step; a server does that by itself, and raises UsageError."""
        ...

    def search(self, query: str, *, watch: Stopwatch | None = None) -> list[Hit]:
        """Return the passages that bear on a question, best first."""
        ...

    def ask(
        self, question: str, *, history: tuple[Message, ...] = (), answers: Literal["new", "kept"] = "new"
    ) -> Answer:
        """Answer a question from the documents, with citations."""
        ...

    def stream(
        self,
        question: str,
        *,
        history: tuple[Message, ...] = (),
        watch: Stopwatch | None = None,
        answers: Literal["new", "kept"] = "new",
    ) -> Iterator[Event]:
        """Yield the evidence, the answer as it is written, and all of it together."""
        ...

    def chat(self) -> Conversation:
        """Begin a conversation."""
        ...

    def records(self) -> Mapping[str, Record]:
        """Return what is known of every document, by path."""
        ...

    def document(self, path: str) -> Document | None:
        """Return a document with its text."""
        ...


@overload
def open_any(
    folder: Path,
    *,
    settings: Settings | None = None,
    model: str | None = None,
    embedder: str | None = None,
    token: str | None = None,
) -> Library: ...


@overload
def open_any(
    folder: str,
    *,
    settings: Settings | None = None,
    model: str | None = None,
    embedder: str | None = None,
    token: str | None = None,
) -> AnyLibrary: ...


def open_any(
    folder: str | Path,
    *,
    settings: Settings | None = None,
    model: str | None = None,
    embedder: str | None = None,
    token: str | None = None,
) -> AnyLibrary:
    """Open a folder of documents, or a single one, or a library that `bunko serve` serves, by its address.

    Of a folder nothing is read or written until it is needed; settings come from the config files and the environment
    unless given; `model` and `embedder` replace theirs. An address is http://HOST:PORT/LIBRARY, without LIBRARY where
    there is one only; `token` opens it, else that behind "#token=", else BUNKO_SERVER_TOKEN. The server is asked at
    once whether the library is there; of `settings` those of a question go along with each.
    Raises LibraryNotFound, SettingsError; of a server UnknownLibrary, TokenMissing, RemoteUnavailable, UsageError.
    """
    if isinstance(folder, str) and is_url(folder):
        return _open_served(folder, settings=settings, model=model, embedder=embedder, token=token)
    if token:
        raise UsageError("A folder on this machine needs no token.", "Give the address of a server, or no token.")
    return open_library(folder, settings=settings, model=model, embedder=embedder)


def _open_served(
    url: str, *, settings: Settings | None, model: str | None, embedder: str | None, token: str | None
) -> RemoteLibrary:
    from bunko.client.remote_library import RemoteLibrary, fields_of, token_for
    from bunko.settings import load_settings

    place = place_of(url, token=token or "")
    if not place.token:
        place = place_of(url, token=token_for(None))
    if not place.is_here and (settings or load_settings()).offline:
        raise SettingsError(f"{place.url} is not on this machine, and offline is set.", "Unset it, or open a folder.")
    if embedder:
        raise UsageError("The embedder is the server's own.", "Name it where `bunko serve` runs.")
    asking = (fields_of(settings) if settings else {}) | ({"model": model} if model else {})
    library = RemoteLibrary(place, asking=asking)
    library.check_folder()
    return library
