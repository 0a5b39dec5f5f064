"""Open a library. In: a folder, or the address of a library on a server. Out: a library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, overload

from bunko.client.http import is_url, names_server, place_of
from bunko.conversation import Conversation
from bunko.door import at_the_door
from bunko.errors import SettingsError, UsageError
from bunko.library import Library, open_library
from bunko.listings import Documents, Hits
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Document, Event, Message, SyncReport

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from bunko.client.remote_library import RemoteLibrary
    from bunko.contract.records import SearchResult
    from bunko.ports import EntailmentModel
    from bunko.settings import Settings
    from bunko.store import Record
    from bunko.within import Within


class AnyLibrary(Protocol):
    """A library on this machine (`Library`) or on a server (`RemoteLibrary`): what both offer.

    Open a `Path` to get the type `Library`, which offers more.
    """

    def __enter__(self) -> AnyLibrary: ...

    def __exit__(self, *exception: object) -> None: ...

    def close(self) -> None:
        """Release the engines or connections. The library can be used again."""

    def check_folder(self) -> None:
        """Raise LibraryError, or the server's error, if no question can be answered from the library."""

    @property
    def is_indexed(self) -> bool:
        """Whether there is an index to answer from."""
        ...

    def sync(self, *, retry_failed: bool = False, allow_empty: bool = False) -> SyncReport:
        """Bring the index in step with the folder."""
        ...

    def search(
        self,
        query: str,
        *,
        settings: Settings | Mapping[str, object] | None = None,
        watch: Stopwatch | None = None,
        **within: Unpack[Within],
    ) -> Hits:
        """Return the passages that match a question, best first."""
        ...

    def find(
        self,
        query: str,
        *,
        settings: Settings | Mapping[str, object] | None = None,
        watch: Stopwatch | None = None,
        **within: Unpack[Within],
    ) -> SearchResult:
        """Return the passages that match a question, best first, and which documents were searched."""
        ...

    def ask(
        self,
        question: str,
        *,
        settings: Settings | Mapping[str, object] | None = None,
        history: tuple[Message, ...] = (),
        answers: Literal["new", "kept"] = "new",
        **within: Unpack[Within],
    ) -> Answer:
        """Answer a question from the documents, with citations."""
        ...

    def stream(
        self,
        question: str,
        *,
        settings: Settings | Mapping[str, object] | None = None,
        history: tuple[Message, ...] = (),
        answers: Literal["new", "kept"] = "new",
        **within: Unpack[Within],
    ) -> Iterator[Event]:
        """Yield the evidence, then the answer as it is written, then the complete answer."""
        ...

    def chat(self) -> Conversation:
        """Start a conversation."""
        ...

    def records(self) -> Mapping[str, Record]:
        """Return what is known of every document, by path."""
        ...

    def documents(self) -> Documents:
        """Return what is known of each document that could be read, by path."""
        ...

    def document(self, path: str) -> Document | None:
        """Return a document with its text; None if there is none with this path."""
        ...


@overload
def open_any(
    folder: Path,
    *,
    settings: Settings | Mapping[str, object] | None = None,
    model: str | None = None,
    embedder: str | None = None,
    entailment: EntailmentModel | None = None,
    token: str | None = None,
) -> Library: ...


@overload
def open_any(
    folder: str,
    *,
    settings: Settings | Mapping[str, object] | None = None,
    model: str | None = None,
    embedder: str | None = None,
    entailment: EntailmentModel | None = None,
    token: str | None = None,
) -> AnyLibrary: ...


@at_the_door
def open_any(
    folder: str | Path,
    *,
    settings: Settings | Mapping[str, object] | None = None,
    model: str | None = None,
    embedder: str | None = None,
    entailment: EntailmentModel | None = None,
    token: str | None = None,
) -> AnyLibrary:
    """Open a folder of documents, a single document, or a library of `bunko serve` by its address.

    A folder is not read or written until that is needed. Settings come from the config files and the environment
    unless given; a mapping of dotted names replaces some, `model` and `embedder` theirs. `entailment` is asked whether
    a source entails a sentence of an answer. An address is http://HOST:PORT/LIBRARY; LIBRARY may be left out if the
    server has only one. Its token is `token`, the address's "#token=", or BUNKO_SERVER_TOKEN. The server is asked at
    once whether it has the library; settings that a question can carry are sent with each.
    Raises LibraryNotFound, SettingsError; for a server UnknownLibrary, TokenMissing, RemoteUnavailable, UsageError.
    """
    if isinstance(folder, str) and names_server(folder):
        if entailment:
            raise UsageError("A server takes no entailment model.", "Open the folder, or leave the model out.")
        folder = folder if is_url(folder) else f"http://{folder}"
        if settings is not None:
            from bunko.settings import Settings, settings_with

            settings = settings_with(settings, base=Settings())
        return _open_served(folder, settings=settings, model=model, embedder=embedder, token=token)
    if token:
        raise UsageError("A folder on this machine takes no token.", "Leave the token out, or open a server's address.")
    return open_library(folder, settings=settings, model=model, embedder=embedder, entailment=entailment)


def _open_served(
    url: str, *, settings: Settings | None, model: str | None, embedder: str | None, token: str | None
) -> RemoteLibrary:
    from bunko.client.remote_library import RemoteLibrary, token_for
    from bunko.client.request_fields import fields_of
    from bunko.config import load_settings

    place = place_of(url, token=token or "")
    if not place.token:
        place = place_of(url, token=token_for(None))
    if not place.is_here and (settings or load_settings()).offline:
        raise SettingsError(
            f"{place.url} is not on this machine, and offline is set.", "Unset offline, or open a folder."
        )
    if embedder:
        raise UsageError(
            "The embedder can't be chosen for a server.", "Set it on the server: where `bunko serve` runs."
        )
    asking = (fields_of(settings) if settings else {}) | ({"model": model} if model else {})
    library = RemoteLibrary(place, asking=asking)
    library.check_folder()
    return library
