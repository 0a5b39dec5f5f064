"""A library that is served elsewhere, used as one on this machine. In: an address. Out: the records of `types`.

    library = bunko.open("http://127.0.0.1:8642/reports")
    print(library.ask("Who wrote the first report?").text)

The index, the models and the settings are the server's. What has no sense from afar raises UsageError and says what
to do instead.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from bunko.askable import ASKABLE, FIELDS
from bunko.client.http import Caller, Place, path_of
from bunko.contract.parse import error_from, event_from, from_json
from bunko.contract.records import SearchResult, ServedDocuments, TextPart
from bunko.conversation import Conversation, last
from bunko.errors import BunkoError, RemoteBadAnswer, RemoteUnavailable, UnknownDocument, UsageError
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Document, Event, Finished, Hit, Message, SyncReport

if TYPE_CHECKING:
    from bunko.settings import Settings
    from bunko.store import Record

# Documents in one reply.
_PAGE = 1000
TOKEN_VARIABLE = "BUNKO_SERVER_TOKEN"
# Those that say nothing of answers, or are checked where the address is opened.
_OF_THIS_MACHINE = ("offline", "cache_dir")


class RemoteLibrary:
    """A served library, with the methods of `Library`. Use it in a `with`, or `close` it. Not for several threads."""

    def __init__(self, place: Place, *, asking: Mapping[str, object] | None = None) -> None:
        """`asking` goes along with each question: fields of the API, as `fields_of` makes them."""
        self._caller = Caller(place)
        self._asking = dict(asking or {})
        self._open_streams: set[Iterator[Event]] = set()

    def __enter__(self) -> RemoteLibrary:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<RemoteLibrary {self._caller.place.url}/{self._caller.place.library}>"

    def close(self) -> None:
        """End the answers that are still being written. The library can be used again."""
        for stream in list(self._open_streams):
            with contextlib.suppress(ValueError):  # another thread reads it
                stream.close()  # type: ignore[attr-defined] # a generator
        self._open_streams.clear()

    @cached_property
    def name(self) -> str:
        """What the server calls it. Raises UsageError where there are several and none was named."""
        return self._caller.place.library or self._only_name(self._served())

    def _served(self) -> list[Any]:
        """Return what the server tells of the libraries that the token opens."""
        with self._understood():
            return list(self._caller.get(path_of("libraries"))["libraries"])

    def _only_name(self, served: list[Any]) -> str:
        url = self._caller.place.url
        with self._understood():
            names = [str(each["name"]) for each in served]
        if len(names) == 1:
            return names[0]
        found = f"{len(names)} libraries are" if names else "No library is"
        raise UsageError(
            f"{found} served at {url}, and the address names none.",
            f"Write one of: {', '.join(f'{url}/{name}' for name in names)}" if names else "Serve one.",
        )

    # --- what a library does ------------------------------------------------------------------------------------

    def check_folder(self) -> None:
        """Raise what keeps the server from answering from this library. Raises UnknownLibrary."""
        served = self._served()
        name = self.__dict__.setdefault("name", self._caller.place.library or self._only_name(served))
        with self._understood():
            states = {each["name"]: each for each in served}
            if name not in states:
                self._caller.get(path_of("libraries", name, "documents", limit=1))  # raises what is wrong
            elif states[name]["state"] == "failed" and not states[name]["documents"]:
                raise error_from(states[name])

    def sync(
        self, *, vectors: Literal["all", "few"] = "all", retry_failed: bool = False, wait_s: float = 0.0
    ) -> SyncReport:
        """Have the server bring the index in step with its folder, now, and return its report.

        It makes all vectors, and waits as it sees fit. Raises LibraryError, StoreError.
        """
        del vectors, wait_s
        with self._understood():
            path = path_of("libraries", self.name, "sync", retry_failed=str(retry_failed).lower())
            return from_json(SyncReport, self._caller.post(path, {}))

    def complete(self) -> int:
        """Return 0: the server makes all vectors by itself."""
        return 0

    def search(self, query: str, *, watch: Stopwatch | None = None) -> list[Hit]:
        """Return the passages that bear on a question, best first. Raises QuestionError for an empty one."""
        if "mode" in self._asking:
            raise UsageError("A served library is searched in the server's own mode.", "Leave out retrieval.mode.")
        fields = [each.field for each in ASKABLE if "search" in each.calls]
        body = {"query": query} | {name: self._asking[name] for name in fields if name in self._asking}
        with self._understood():
            found = from_json(SearchResult, self._caller.post(path_of("libraries", self.name, "search"), body))
            for stage, milliseconds in found.timings.items() if watch else ():
                if stage != "total" and watch:
                    watch.add(stage, milliseconds)
            return list(found.hits)

    def stream(
        self,
        question: str,
        *,
        history: tuple[Message, ...] = (),
        watch: Stopwatch | None = None,
        answers: Literal["new", "kept"] = "new",
    ) -> Iterator[Event]:
        """Yield what `Library.stream` yields. Closing the iterator stops the model at the server.

        Raises what it raises, and RemoteUnavailable, RemoteBadAnswer, Busy, NotReady. The timings are the server's.
        """
        del watch
        body = {"question": question, "answers": answers, "stream": True, **self._asking}
        if history:
            body["history"] = turns_of(history)
        stream = self._stream(body)
        self._open_streams.add(stream)
        return stream

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

    def ask(
        self, question: str, *, history: tuple[Message, ...] = (), answers: Literal["new", "kept"] = "new"
    ) -> Answer:
        """Answer a question from the documents, with citations; the same again for "kept". Raises as `stream` does."""
        return last(self.stream(question, history=history, answers=answers))

    def chat(self) -> Conversation:
        """Begin a conversation, in which questions may refer to what was said before."""
        return Conversation(self)

    def records(self) -> Mapping[str, Record]:
        """Return what is known of every file of the library by its path, those that could not be read included."""
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
                    )
        return records

    def document(self, path: str) -> Document | None:
        """Return a document with the text that offsets count in; None if there is none of this path."""
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
            # What lies on the border of two parts comes with both.
            kind: tuple(dict.fromkeys(span for part in parts for span in getattr(part, kind)))
            for kind in ("pages", "headings", "tables")
        }
        text = "".join(part.text for part in parts)
        return Document(path=path, text=text, format=parts[0].format, **spans)

    @property
    def is_indexed(self) -> bool:
        """Whether there is anything in the index to answer from."""
        with self._understood():
            page = self._caller.get(path_of("libraries", self.name, "documents", state="read", limit=1))
            return bool(page["total"])

    # --- what the server does by itself -------------------------------------------------------------------------

    def warm_up(self, question: str = "") -> None:
        """Do nothing: the server keeps its models loaded."""

    def refresh(self) -> None:
        """Do nothing: the server sees to it."""

    def recall(self, question: str, *, watch: Stopwatch) -> Iterator[Event] | None:
        """Return None: ask for kept answers by `answers="kept"`."""

    def kept(self, question: str, *, watch: Stopwatch) -> Iterator[Event] | None:
        """Return None: ask for kept answers by `answers="kept"`."""

    def placement(self) -> str:
        """Return an empty text: where the model runs is the server's affair."""
        return ""

    def keep_folder(self) -> None:
        """Do nothing: the server follows its folder."""

    # --- what has no sense from afar ----------------------------------------------------------------------------

    def watch(self, *, stop: threading.Event | None = None, poll: bool = False) -> Iterator[SyncReport | BunkoError]:
        """Raise UsageError: the server follows its folder by itself."""
        del stop, poll
        self._only_there("watch", "The server follows its folder by itself; `sync` has it look at once.")

    def needs_model(self, question: str) -> bool:
        """Raise UsageError."""
        self._only_there("needs_model", "Ask: the answer's finish_reason is 'none' where no model was asked.")

    def model_speaks(self, question: str) -> bool:
        """Raise UsageError."""
        self._only_there("model_speaks", "Ask: the answer's notes tell where the model does not know the language.")

    def unknown_languages(self) -> tuple[str, ...]:
        """Raise UsageError."""
        self._only_there("unknown_languages", "`records` tells the language of each document.")

    @property
    def root(self) -> NoReturn:
        """Raise UsageError."""
        self._only_there("root", "`records` lists the documents, `document` gives their text.")

    @property
    def settings(self) -> NoReturn:
        """Raise UsageError."""
        self._only_there("settings", "Give `settings` to `bunko.open`: those of a question go along with it.")

    @property
    def store(self) -> NoReturn:
        """Raise UsageError."""
        self._only_there("store", "`records`, `document` and `search` read the index.")

    @property
    def embedder(self) -> NoReturn:
        """Raise UsageError."""
        self._only_there("embedder", "The server's /v1/embeddings makes vectors.")

    @property
    def generator(self) -> NoReturn:
        """Raise UsageError."""
        self._only_there("generator", "The server's /v1/chat/completions asks its model.")

    def _only_there(self, name: str, instead: str) -> NoReturn:
        raise UsageError(
            f"A library that is served elsewhere has no `{name}` here.",
            f"{instead} Or open the folder itself, on the machine that has it.",
        )

    @contextlib.contextmanager
    def _understood(self) -> Iterator[None]:
        """Turn what is missing in an answer into the error that it is. Raises RemoteBadAnswer."""
        try:
            yield
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise RemoteBadAnswer(
                f"The server {self._caller.place.url} sent an answer of another form.",
                "Is it a `bunko serve`, of this version?",
            ) from error


def turns_of(history: tuple[Message, ...]) -> list[dict[str, str]]:
    """Return the earlier turns as the API takes them. Raises UsageError for others than questions with answers.

    >>> turns_of((Message(role="user", content="Who?"), Message(role="assistant", content="I.")))
    [{'question': 'Who?', 'answer': 'I.'}]
    """
    roles = [message.role for message in history]
    if roles != ["user", "assistant"] * (len(history) // 2):
        raise UsageError("A served library takes a history of questions, each with its answer.", "Leave out the rest.")
    pairs = zip(history[::2], history[1::2], strict=True)
    return [{"question": asked.content, "answer": said.content} for asked, said in pairs]


def fields_of(settings: Settings) -> dict[str, object]:
    """Return what of these settings goes along with a question: those that are not the default.

    Raises UsageError for one that a question can't bring along.
    """
    from bunko.settings import Settings, known_names

    fields: dict[str, object] = {}
    for name in known_names():
        value, usual = _value(settings, name), _value(Settings(), name)
        if value == usual or name in _OF_THIS_MACHINE or name.startswith("server."):
            continue
        if name not in FIELDS:
            raise UsageError(f"The setting {name} is the server's own.", "Set it where `bunko serve` runs.")
        fields[FIELDS[name]] = value
    return fields


def _value(settings: Settings, name: str) -> object:
    section, _, key = name.rpartition(".")
    return getattr(getattr(settings, section) if section else settings, key)


def token_for(given: str | None) -> str:
    """Return the token that was given, or that of the environment."""
    return given or os.environ.get(TOKEN_VARIABLE, "")
