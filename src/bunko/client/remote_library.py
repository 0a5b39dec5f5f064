"""A library on a server, used like one on this machine. In: an address. Out: the records of `types`.

    library = bunko.open("http://127.0.0.1:8642/reports")
    print(library.ask("Who wrote the first report?").text)

Implements `AnyLibrary`. The index, the models and the settings are the server's.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from bunko.askable import ASKABLE
from bunko.client.http import RESPONSE_S, Caller, Place, path_of
from bunko.client.request_fields import fields_of, fields_within, turns_of
from bunko.contract.parse import error_from, event_from, from_json
from bunko.contract.records import SearchResult, ServedDocuments, TextPart, row_of
from bunko.conversation import Conversation, last
from bunko.door import at_the_door, steps_at_the_door
from bunko.errors import RemoteBadAnswer, RemoteUnavailable, UnknownDocument, UsageError
from bunko.facts import facts_json
from bunko.listings import Documents, Hits
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Document, Event, Finished, Message, SyncReport
from bunko.within import Within

if TYPE_CHECKING:
    from typing import NoReturn

    from typing_extensions import Unpack

    from bunko.settings import Settings
    from bunko.store import Record

# Documents in one reply.
_PAGE = 1000
TOKEN_VARIABLE = "BUNKO_SERVER_TOKEN"
# Members of `Library` that a server does not offer, and what to use in their place.
_LOCAL_ONLY = {
    "add_page": "`bunko add` on the server's machine saves a page into its folder.",
    "check": "`bunko index --check` on the server's machine compares the index with its checksums.",
    "complete": "The server makes all vectors by itself.",
    "duplicates": "`bunko documents --duplicates` on the server's machine lists copies and versions.",
    "embedder": "The server's /v1/embeddings makes vectors.",
    "generator": "The server's /v1/chat/completions asks its model.",
    "has_documents": "`records` lists the documents.",
    "keep_folder": "The server follows its folder by itself.",
    "kept": 'Use `ask` or `stream` with answers="kept".',
    "model_speaks": "The answer's `notes` say where the model does not know the language.",
    "needs_model": "The answer's `finish_reason` is 'none' where the model was not asked.",
    "placement": "`bunko doctor` on the server shows where the model runs.",
    "recall": 'Use `ask` or `stream` with answers="kept".',
    "refresh": "The server follows its folder by itself.",
    "root": "`records` lists the documents, `document` returns their text.",
    "settings": "Pass `settings` to `bunko.open`, or to `ask`, `stream` and `search`.",
    "store": "`records`, `document` and `search` read the index.",
    "unknown_languages": "`records` has the language of each document.",
    "warm_up": "The server keeps its models loaded.",
    "watch": "The server follows its folder by itself; `sync` makes it look now.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a server has loaded."""

    models: tuple[str, ...]
    """The models that a question may name."""
    embedder: str


class RemoteLibrary:
    """A library on a server. Use it in a `with`, or `close` it. Not safe for several threads at once."""

    def __init__(self, place: Place, *, asking: Mapping[str, object] | None = None) -> None:
        """`asking` is sent with each question: fields of the API, as `fields_of` makes them."""
        self._caller = Caller(place)
        self._asking = dict(asking or {})
        self._open_streams: set[Iterator[Event]] = set()

    def __enter__(self) -> RemoteLibrary:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<RemoteLibrary {self._caller.place.url}/{self._caller.place.library}>"

    def _repr_html_(self) -> str:
        from bunko.notebook_html import facts_html

        return facts_html(f"{self._caller.place.url}/{self._caller.place.library}", {"library": "on a server"})

    if not TYPE_CHECKING:  # a type checker should report an attribute that does not exist

        def __getattr__(self, name: str) -> NoReturn:
            cure = _LOCAL_ONLY.get(name)
            if cure is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            raise AttributeError(
                f"A library on a server has no `{name}`. {cure} Or open the folder on the machine that has it."
            )

    def asking(self, fields: Mapping[str, object]) -> RemoteLibrary:
        """Return this library with fields that are sent with each question."""
        return RemoteLibrary(self._caller.place, asking=fields)

    def close(self) -> None:
        """Stop the answers that are still being written. The library can be used again."""
        for stream in list(self._open_streams):
            with contextlib.suppress(ValueError):  # another thread reads it
                stream.close()  # type: ignore[attr-defined] # a generator
        self._open_streams.clear()

    @cached_property
    @at_the_door
    def name(self) -> str:
        """The library's name on the server. Raises UsageError if there are several and the address names none."""
        return self._caller.place.library or self._only_name(self._served())

    def _served(self) -> list[Any]:
        """Return what the server reports of the libraries that the token opens."""
        with self._understood():
            return list(self._caller.get(path_of("libraries"))["libraries"])

    def _only_name(self, served: list[Any]) -> str:
        url = self._caller.place.url
        with self._understood():
            names = [str(each["name"]) for each in served]
        if len(names) == 1:
            return names[0]
        found = f"serves {len(names)} libraries" if names else "serves no library"
        raise UsageError(
            f"{url} {found}, and the address names none.",
            f"Use one of: {', '.join(f'{url}/{name}' for name in names)}" if names else "Start it with a folder.",
        )

    @at_the_door
    def about(self) -> About:
        """Return which models the server has."""
        with self._understood():
            tree = self._caller.get(path_of("about"))
            return About(models=tuple(tree["models"]), embedder=tree["embedder"])

    @at_the_door
    def check_folder(self) -> None:
        """Raise the error that keeps the server from answering from this library. Raises UnknownLibrary."""
        served = self._served()
        name = self.__dict__.setdefault("name", self._caller.place.library or self._only_name(served))
        with self._understood():
            states = {each["name"]: each for each in served}
            if name not in states:
                self._caller.get(path_of("libraries", name, "documents", limit=1))  # raises what is wrong
            elif states[name]["state"] == "failed" and not states[name]["documents"]:
                raise error_from(states[name])

    @at_the_door
    def sync(
        self, *, retry_failed: bool = False, allow_empty: bool = False, timeout_s: float = RESPONSE_S
    ) -> SyncReport:
        """Make the server update the index from its folder now, and return the report.

        Raises LibraryError, StoreError, and EngineTimeout if it takes longer; the server then finishes it anyway.
        """
        path = path_of(
            "libraries",
            self.name,
            "sync",
            retry_failed=str(retry_failed).lower(),
            allow_empty=str(allow_empty).lower(),
        )
        with self._understood():
            return from_json(SyncReport, self._caller.post(path, {}, timeout_s=timeout_s))

    @at_the_door
    def search(
        self,
        query: str,
        *,
        watch: Stopwatch | None = None,
        settings: Settings | Mapping[str, object] | None = None,
        **within: Unpack[Within],
    ) -> Hits:
        """Return the passages that match a question, best first. Takes and raises what `find` does."""
        return Hits(self.find(query, watch=watch, settings=settings, **within).hits)

    @at_the_door
    def find(
        self,
        query: str,
        *,
        watch: Stopwatch | None = None,
        settings: Settings | Mapping[str, object] | None = None,
        **within: Unpack[Within],
    ) -> SearchResult:
        """Return the passages that match a question, best first, and which documents were searched.

        Raises QuestionError for an empty one, ScopeError for a filter that no document passes. Of the settings only
        those that a search takes have an effect (`retrieval.top_k`, `scope`). Raises UsageError for one that can't be
        sent.
        """
        fields = self._fields(settings) | fields_within(within)
        if "mode" in fields:
            raise UsageError("A search on a server uses the server's retrieval.mode.", "Leave retrieval.mode out.")
        taken = [each.field for each in ASKABLE if "search" in each.calls]
        body = {"query": query} | {name: fields[name] for name in taken if name in fields}
        with self._understood():
            found = from_json(SearchResult, self._caller.post(path_of("libraries", self.name, "search"), body))
            for stage, milliseconds in found.timings.items() if watch else ():
                if stage != "total" and watch:
                    watch.add(stage, milliseconds)
            return found

    @steps_at_the_door
    def stream(
        self,
        question: str,
        *,
        history: tuple[Message, ...] = (),
        answers: Literal["new", "kept"] = "new",
        settings: Settings | Mapping[str, object] | None = None,
        **within: Unpack[Within],
    ) -> Iterator[Event]:
        """Yield what `Library.stream` yields. Closing the iterator stops the model on the server.

        `settings` replace those that the library was opened with, except its model where they name none; a mapping
        changes some of them. Raises what
        `Library.stream` raises, RemoteUnavailable, RemoteBadAnswer, Busy, NotReady, and UsageError for a setting that
        can't be sent with a question.
        """
        body: dict[str, object] = {"question": question, "answers": answers, "stream": True}
        body |= self._fields(settings) | fields_within(within)
        if history:
            body["history"] = turns_of(history)
        stream = self._stream(body)
        self._open_streams.add(stream)
        return stream

    def _fields(self, settings: Settings | Mapping[str, object] | None) -> dict[str, object]:
        if settings is None:
            return self._asking
        from bunko.settings import Settings, settings_with

        if not isinstance(settings, Settings):
            return self._asking | fields_of(settings_with(settings, base=Settings()))
        return {name: value for name, value in self._asking.items() if name == "model"} | fields_of(settings)

    def _stream(self, body: Mapping[str, object]) -> Iterator[Event]:
        received = self._caller.events(path_of("libraries", self.name, "ask"), body)
        try:
            for name, tree in received:
                with self._understood():
                    event = event_from(name, tree)
                if event:
                    yield event
                if isinstance(event, Finished):
                    return
        finally:
            received.close()  # type: ignore[attr-defined] # a generator
            self._open_streams = {each for each in self._open_streams if getattr(each, "gi_frame", None)}
        raise RemoteUnavailable(f"The server {self._caller.place.url} broke off its answer.", "Ask again.")

    @at_the_door
    def ask(
        self,
        question: str,
        *,
        history: tuple[Message, ...] = (),
        answers: Literal["new", "kept"] = "new",
        settings: Settings | Mapping[str, object] | None = None,
        **within: Unpack[Within],
    ) -> Answer:
        """Answer a question from the documents, with citations. Takes and raises what `stream` does."""
        return last(self.stream(question, history=history, answers=answers, settings=settings, **within))

    def chat(self) -> Conversation:
        """Start a conversation, in which questions may refer to earlier ones."""
        return Conversation(self)

    @at_the_door
    def records(self) -> Mapping[str, Record]:
        """Return what is known of every file of the library by its path, including those that could not be read."""
        from bunko.store import Record

        records: dict[str, Record] = {}
        total, offset = 1, 0
        while offset < total:
            with self._understood():
                path = path_of("libraries", self.name, "documents", offset=offset, limit=_PAGE)
                page = from_json(ServedDocuments, self._caller.get(path))
                total, offset = page.total, offset + _PAGE
                for row in page.documents:
                    records[row.path] = Record(
                        path=row.path,
                        file=row.file,
                        format=row.format,
                        language=row.language,
                        pages=row.pages,
                        chunks=row.chunks,
                        size=row.bytes,
                        indexed_at=row.indexed_at,
                        error=row.error,
                        hint=row.hint,
                        facts=facts_json(row.facts) if row.facts else "",
                    )
        return records

    @at_the_door
    def documents(self) -> Documents:
        """Return what is known of each document that could be read, by path."""
        return Documents(row_of(record) for _, record in sorted(self.records().items()) if not record.error)

    @at_the_door
    def document(self, path: str) -> Document | None:
        """Return a document with the text that offsets count in; None if the library has none with this path."""
        parts: list[TextPart] = []
        end, length = 0, 1
        while end < length:
            with self._understood():
                try:
                    part = from_json(
                        TextPart, self._caller.get(path_of("libraries", self.name, "text", path=path, start=end))
                    )
                except UnknownDocument:
                    return None
                if parts and part.characters != length:  # it has changed in between
                    parts, end = [], 0
                    continue
                end, length = part.end, part.characters
                parts.append(part)
        spans = {
            # A span on the border of two parts is in both.
            kind: tuple(dict.fromkeys(span for part in parts for span in getattr(part, kind)))
            for kind in ("pages", "headings", "tables")
        }
        text = "".join(part.text for part in parts)
        return Document(
            path=path,
            text=text,
            format=parts[0].format,
            pages=spans["pages"],
            headings=spans["headings"],
            tables=spans["tables"],
        )

    @property
    @at_the_door
    def is_indexed(self) -> bool:
        """Whether the index holds any document."""
        with self._understood():
            page = self._caller.get(path_of("libraries", self.name, "documents", state="read", limit=1))
            return bool(page["total"])

    @contextlib.contextmanager
    def _understood(self) -> Iterator[None]:
        """Raise RemoteBadAnswer for a response without the expected fields."""
        try:
            yield
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise RemoteBadAnswer(
                f"The server {self._caller.place.url} sent a response of another form.",
                "Check that it is a `bunko serve` of this version.",
            ) from error


def token_for(given: str | None) -> str:
    """Return the given token, or the one in the environment."""
    return given or os.environ.get(TOKEN_VARIABLE, "")
