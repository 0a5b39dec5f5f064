"""A library for calls that come at the same time. In: what is asked. Out: JSON as `contract` has it.

A library is not for several threads, so there are three of it, each with a thread of its own: one follows the folder,
one answers, one looks things up. So a search does not wait for an answer that is being written. Knows nothing of
protocols: the MCP server speaks to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import difflib
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from bunko.contract.records import DocumentList, SearchResult, TextPart, row_of
from bunko.contract.serialise import Json, to_json
from bunko.engines import Engines
from bunko.errors import BunkoError, LibraryNotFound, NotReady, QuestionError, StoreBusy
from bunko.library import Library
from bunko.models import Progress as DownloadProgress
from bunko.ports import Engine
from bunko.settings import Settings, apply_overrides
from bunko.stopwatch import Stopwatch
from bunko.types import Document, Finished, Retrieved, Span

Tell: TypeAlias = Callable[[float, str], Awaitable[None]]
"""Called with how far the work is, from 0 to 1, and what is being done."""

Result = TypeVar("Result")

# Another process that keeps the index in step is soon done; one that makes it anew is not waited for.
_WAIT_S = 3.0
# The folder is looked at before every call. One with more documents than this, where looking may take a second, is left
# alone for nine times as long as that took: a tenth of the time at most goes into looking.
_SOON_SEEN = 5_000
_REST = 9.0
# What a call that waits is told at the most, in seconds between two messages.
_TELL_EVERY_S = 0.5
# What is told grows by this at the least, also where a stage comes out of its order.
_STEP = 1e-5
# Where each stage begins and ends on the way from 0 to 1; looking at files first, models may have to be fetched.
_STAGES = {"fetching": (0.0, 0.3), "reading": (0.3, 0.6), "embedding": (0.6, 1.0)}


class _Hand:
    """A library with a thread of its own."""

    def __init__(self, name: str, opens: Callable[[], Library]) -> None:
        self._opens = opens
        self._library: Library | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def do(self, work: Callable[[Library], Result]) -> Result:
        """Do something with the library in its thread. What has not begun when the caller goes away is not done."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(self._ready()))

    def _ready(self) -> Library:
        if self._library is None:
            self._library = self._opens()
        self._library.refresh()  # see what another thread has written since
        return self._library

    def close(self) -> None:
        """Wait until it has done what it is doing; what has not begun is not done."""
        self._thread.shutdown(cancel_futures=True)


class Desk:
    """Answers calls from a folder, which is kept in step. Use it in an `async with`."""

    def __init__(
        self, root: Path, *, settings: Settings, engines: Callable[[DownloadProgress], Engines] | None = None
    ) -> None:
        """`engines` makes what holds the models, given how downloads are told of. Raises LibraryNotFound."""
        self._told = _Told()
        self._settings = settings
        self._engines = (engines or partial(_engines, settings))(self._told.download)
        opens = partial(Library, root, settings=settings, engines=self._engines, progress=self._told.stage)
        opens()  # a folder that is not there is told of at once
        self._follows, self._answers, self._looks = (_Hand(name, opens) for name in ("follow", "answer", "look"))
        self._syncing: asyncio.Task[None] | None = None
        self._completing: asyncio.Task[None] | None = None
        self._rests_until = 0.0
        self._answering: set[threading.Event] = set()

    async def __aenter__(self) -> Desk:
        self._told.listen_in(asyncio.get_running_loop())
        self._begin_sync()  # an index that has to be made is soon wanted
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Break off what is under way, and stop the engines. What was indexed by then is there the next time."""
        self._told.stop()
        for stop in list(self._answering):
            self._stop(stop)
        for hand in (self._answers, self._looks, self._follows):
            await asyncio.to_thread(hand.close)
        await asyncio.to_thread(self._engines.close)

    # --- what it is asked for -----------------------------------------------------------------------------------

    async def search(self, query: str, *, overrides: Mapping[str, object] | None = None, tell: Tell) -> Json:
        """Return what `bunko search --json` prints. Raises BunkoError."""
        if not query.strip():
            raise QuestionError("The query is empty.", "Give a question or words to look for.")
        watch = Stopwatch()
        with watch.stage("sync"):
            await self._in_step(tell)

        def look(library: Library) -> Json:
            with _set(library, overrides or {}):
                hits = library.search(query, watch=watch)
            found = SearchResult(query=query, hits=tuple(hits), timings=watch.timings())
            return to_json(found, surface="mcp")

        return await self._looks.do(look)

    async def ask(self, question: str, *, overrides: Mapping[str, object], tell: Tell) -> Json:
        """Return what `bunko ask --json` prints, and its notes. Raises BunkoError. Cancelling it stops the model."""
        if not question.strip():
            raise QuestionError("The question is empty.", "Give a whole question.")
        watch, stop = Stopwatch(), threading.Event()
        with watch.stage("sync"):
            await self._in_step(tell)

        def answer(library: Library) -> Json:
            with _set(library, overrides), self._told.to(tell) as say, self._at_work(stop):
                events = library.stream(question, watch=watch, answers="kept")
                with contextlib.closing(events) as told:  # type: ignore[type-var] # a generator, which has `close`
                    for event in told:
                        if stop.is_set():
                            break
                        if isinstance(event, Finished):
                            return to_json(event.answer, surface="mcp")
                        sources = len(event.evidence) if isinstance(event, Retrieved) else 0
                        say(0.9 if sources else 0.95, f"reading {sources} quotes" if sources else "writing")
            raise QuestionError("The question was withdrawn.", "Ask again.")

        try:
            return await self._answers.do(answer)
        except asyncio.CancelledError:
            self._stop(stop)
            raise

    async def read(self, path: str, *, start: int, end: int, tell: Tell) -> Json:
        """Return a stretch of a document's text. Raises LibraryNotFound where there is no such document."""
        await self._in_step(tell)

        def look(library: Library) -> Json:
            document = library.document(path)
            if document is None:
                raise _no_document(path, library)
            return excerpt(document, start=start, end=end)

        return await self._looks.do(look)

    async def list_documents(
        self, *, query: str = "", state: Literal["all", "read", "failed"] = "all", offset: int, limit: int, tell: Tell
    ) -> Json:
        """Return a page of the list of documents, as `bunko documents --json` has them."""
        await self._in_step(tell)

        def look(library: Library) -> Json:
            wanted = [
                record
                for path, record in sorted(library.records().items())
                if query.casefold() in path.casefold() and state in ("all", "failed" if record.error else "read")
            ]
            shown = tuple(map(row_of, wanted[offset : offset + limit]))
            return to_json(DocumentList(documents=shown, total=len(wanted), offset=offset), surface="mcp")

        return await self._looks.do(look)

    @contextlib.contextmanager
    def _at_work(self, stop: threading.Event) -> Iterator[None]:
        self._answering.add(stop)
        try:
            yield
        finally:
            self._answering.discard(stop)

    def _stop(self, stop: threading.Event) -> None:
        """Have an answer end; where the model is at it, at once, and not only with its next word."""
        stop.set()
        generator = self._engines.loaded_generator(self._settings.model)
        if stop in self._answering and generator is not None and isinstance(generator, Engine):
            generator.interrupt()

    # --- in step with the folder --------------------------------------------------------------------------------

    async def _in_step(self, tell: Tell) -> None:
        """Wait until the index holds what the folder holds, as far as that was seen lately. Raises BunkoError.

        While the vectors of many new passages are made, nobody waits: passages are found by their words.
        """
        if time.monotonic() < self._rests_until or (self._completing and not self._completing.done()):
            return
        syncing = self._syncing if self._syncing and not self._syncing.done() else self._begin_sync()
        with self._told.to(tell):
            await asyncio.shield(syncing)  # others wait for it, too

    def _begin_sync(self) -> asyncio.Task[None]:
        self._syncing = _in_background(self._sync())
        return self._syncing

    async def _sync(self) -> None:
        try:
            report = await self._follows.do(lambda library: library.sync(vectors="few", wait_s=_WAIT_S))
        except StoreBusy:  # another process is at it; what is there already will do
            return
        if report.unembedded:
            self._completing = _in_background(self._complete())
        elif report.unchanged > _SOON_SEEN:
            self._rests_until = time.monotonic() + _REST * report.seconds

    async def _complete(self) -> None:
        with contextlib.suppress(StoreBusy):
            await self._follows.do(lambda library: library.complete())


def _engines(settings: Settings, download: DownloadProgress) -> Engines:
    return Engines(settings, progress=download)


def _in_background(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may be that nobody waits for it
    return task


def excerpt(document: Document, *, start: int, end: int) -> Json:
    """Return a stretch of a document's text; offsets beyond its end are brought back to it."""
    length = len(document.text)
    start = min(start, length)
    end = max(start, min(end, length))

    def touched(spans: Sequence[Span]) -> tuple[Span, ...]:
        return tuple(span for span in spans if span.start < end and start < span.end)

    part = TextPart(
        path=document.path,
        characters=length,
        start=start,
        end=end,
        text=document.text[start:end],
        format=document.format,
        pages=touched(document.pages),
        headings=touched(document.headings),
        tables=touched(document.tables),
    )
    return to_json(part, surface="mcp")


def _no_document(path: str, library: Library) -> LibraryNotFound:
    records = library.records()
    if path in records:
        failed = records[path]
        return LibraryNotFound(f"{path!r} could not be read: {failed.error}", failed.hint)
    near = difflib.get_close_matches(path, records, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else "`list_documents` tells which there are."
    return LibraryNotFound(f"There is no document {path!r}.", hint)


@contextlib.contextmanager
def _set(library: Library, overrides: Mapping[str, object]) -> Iterator[None]:
    """Use other settings for a while. Raises SettingsError."""
    before: Settings = library.settings
    library.settings = apply_overrides(before, {name: value for name, value in overrides.items() if value is not None})
    try:
        yield
    finally:
        library.settings = before


# --- how far the work is -------------------------------------------------------------------------------------------


class _Told:
    """Passes on, to all calls that wait, how far the work of the threads is."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: list[_Listener] = []
        self._last = 0.0
        self._stopped = False

    def stop(self) -> None:
        """Have the work break off when it next tells how far it is."""
        self._stopped = True

    def listen_in(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say where the calls wait."""
        self._loop = loop

    @contextlib.contextmanager
    def to(self, tell: Tell) -> Iterator[Callable[[float, str], None]]:
        """Tell this call too, for as long as it waits; gives what tells this one alone."""
        listener = _Listener(tell)
        self._listeners.append(listener)
        try:
            yield lambda share, what: self._send([listener], share, what)
        finally:
            self._listeners.remove(listener)

    def stage(self, stage: str, done: int, total: int) -> None:
        """Take note of how far a stage is; from any thread. Raises NotReady where it is not to go on."""
        if self._stopped:
            raise NotReady("The server is stopping.", "Start it again.")
        now = time.monotonic()
        if done < total and now - self._last < _TELL_EVERY_S:
            return
        self._last = now
        begin, end = _STAGES.get(stage, (0.0, 1.0))
        share = done / total if total else 1.0
        self._send(list(self._listeners), begin + (end - begin) * share, f"{stage} {share:.0%}")

    @contextlib.contextmanager
    def download(self, what: str, *, total: int | None, done: int = 0) -> Iterator[Callable[[int], object]]:
        """Take note of how far a download is."""
        sys.stderr.write(f"Fetching {what}.\n")
        got = done

        def more(count: int) -> None:
            nonlocal got
            got += count
            self.stage("fetching", min(got, total or 0), total or 2 * got)

        yield more

    def _send(self, listeners: Sequence[_Listener], share: float, what: str) -> None:
        if self._loop is None or self._loop.is_closed():
            return
        for listener in listeners:
            with contextlib.suppress(RuntimeError):  # the loop has just ended
                asyncio.run_coroutine_threadsafe(listener.hear(share, what), self._loop)


@dataclasses.dataclass(slots=True)
class _Listener:
    """A call that waits. What it is told only grows, as MCP demands."""

    tell: Tell
    so_far: float = -1.0

    async def hear(self, share: float, what: str) -> None:
        self.so_far = max(share, self.so_far + _STEP)
        with contextlib.suppress(BunkoError, OSError):
            await self.tell(self.so_far, what)
