"""The libraries and models that are served. In: inquiries, from whatever door. Out: events, hits, records.

One answer at a time is written by each model, since a processor gains nothing from two; searching and reading go on
beside it. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from bunko.answering.pipeline import answer_without_documents
from bunko.answering.writing import prime
from bunko.engines import Engines
from bunko.errors import (
    BunkoError,
    EngineStartFailed,
    EngineTimeout,
    NotReady,
    UnknownLibrary,
    UnknownModel,
)
from bunko.library import Library
from bunko.network import is_loopback
from bunko.paths import config_file
from bunko.ports import Engine
from bunko.server.hosting.fair_queue import FairQueue, Ticket, a_turn, turn
from bunko.server.hosting.inquiry import Found, Inquiry, Queued, by_public_name, settings_for, until_stop
from bunko.server.hosting.jobs import Job, in_thread
from bunko.server.hosting.libraries import HostedLibrary, names_for
from bunko.server.hosting.metrics import Metrics
from bunko.server.hosting.stop_texts import HoldBack
from bunko.settings import Settings, load_settings
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Event, Finished, TextDelta

if TYPE_CHECKING:
    from bunko.ports import Generator, Vectors

log = logging.getLogger("bunko.server")

# Searches, and answers that need no model, at once: more only wait for the same processor.
_READS_AT_ONCE = 4
_THREADS = 16
_NOTICED_S = 0.001  # of waiting
# After a model has failed to start, questions to it are sent away for this long.
_REST_S = 5.0

Result = TypeVar("Result")


ModelState: TypeAlias = Literal["idle", "loading", "loaded", "failed"]


class Host:
    """Libraries by their names, and the models that answer from them. All methods are for one event loop."""

    def __init__(
        self,
        folders: Sequence[str | Path] = (),
        *,
        settings: Settings,
        engines: Engines | None = None,
        library_settings: Callable[[Path], Settings] | None = None,
    ) -> None:
        """Open nothing yet. `settings` are the server's; `library_settings` returns a folder's own."""
        roots = [Path(folder).expanduser() for folder in folders]
        own = library_settings or (lambda root: load_settings(library_config=config_file(root)))
        self.settings = settings
        self.engines = engines or Engines(settings)
        self.libraries: dict[str, HostedLibrary] = {
            name: HostedLibrary(name, root, settings=own(root), engines=self.engines)
            for name, root in zip(names_for(roots), roots, strict=True)
        }
        self._models = by_public_name(settings, [library.settings for library in self.libraries.values()])
        self.queues = {name: FairQueue(limit=settings.server.queue) for name in self._models}
        self.reads = FairQueue(limit=4 * settings.server.queue, at_once=_READS_AT_ONCE)
        self.stopping = False
        self.metrics = Metrics()
        self._add_gauges()
        self._jobs: set[Job[Event]] = set()
        self._states: dict[str, ModelState] = dict.fromkeys(self._models, "idle")
        self._rest_until: dict[str, float] = {}
        self._threads: asyncio.Semaphore | None = None

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to follow the folders, and to load the first model. Returns at once."""
        for library in self.libraries.values():
            library.follow()
        threading.Thread(target=self._load_first, name="load-model", daemon=True).start()

    def stop(self) -> None:
        """Break off all answers, and take no more; returns at once."""
        self.stopping = True
        for library in self.libraries.values():
            library.close()
        for queue in (*self.queues.values(), self.reads):
            queue.close()
        for job in list(self._jobs):
            job.give_up(NotReady("The server was stopped.", "Ask again when it runs.", retry_after_s=10))

    def close(self) -> None:
        """Stop, and end the engines."""
        self.stop()
        self.engines.close()

    def _load_first(self) -> None:
        name = self.models[0]
        self._states[name] = "loading"
        try:
            generator = self._generator(name)
            if isinstance(generator, Engine):
                generator.start()
            prime(generator, "?", settings=self.settings)  # what all prompts begin with
            generator.context_tokens()  # waits until it is loaded
            self._states[name] = "loaded"
        except BunkoError as error:  # whoever asks first is told, too
            self._states[name] = "failed"
            log.warning("the model does not start", extra={"model": name, "error": str(error)})

    def _add_gauges(self) -> None:
        libraries = self.libraries
        self.metrics.gauge(
            "bunko_queue_waiting",
            "Questions that wait for a model.",
            lambda: {name: queue.waiting for name, queue in self.queues.items()},
            label="model",
        )
        self.metrics.gauge(
            "bunko_queue_begun",
            "Questions that a model is at.",
            lambda: {name: queue.begun for name, queue in self.queues.items()},
            label="model",
        )
        self.metrics.gauge(
            "bunko_library_documents",
            "Documents in a library.",
            lambda: {name: one.report.documents if one.report else 0 for name, one in libraries.items()},
            label="library",
        )
        self.metrics.gauge(
            "bunko_library_ready",
            "1 where a library is in step with its folder.",
            lambda: {name: float(one.state == "ready") for name, one in libraries.items()},
            label="library",
        )

    # --- names --------------------------------------------------------------------------------------------------

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models, the default first."""
        return tuple(self._models)

    @property
    def embedders(self) -> tuple[str, ...]:
        """The embedders of the libraries, as their settings name them."""
        names = [library.settings.embedder for library in self.libraries.values()]
        return tuple(dict.fromkeys(names or [self.settings.embedder]))

    def library(self, name: str) -> HostedLibrary:
        """Return a library. Raises UnknownLibrary."""
        if name not in self.libraries:
            raise UnknownLibrary(f"No library {name[:100]!r} is served here.", "GET /api/libraries lists them.")
        return self.libraries[name]

    def model(self, name: str = "", *, library: str = "") -> str:
        """Return a model's name; for none, the library's own, or the first. Raises UnknownModel."""
        if not name and library:
            own = self.library(library).settings.model
            return next((public for public, given in self._models.items() if given == own), self.models[0])
        if not name:
            return self.models[0]
        for public, given in self._models.items():
            if name in (public, given):
                return public
        raise UnknownModel(f"No model {name[:100]!r} is served here.", f"There is {', '.join(self.models)}.")

    @property
    def history(self) -> Literal["off", "allowed"]:
        """Whether conversations may be kept beside the index."""
        wanted = self.settings.server.history
        if wanted == "auto":
            return "allowed" if is_loopback(self.settings.server.host) else "off"
        return wanted

    def model_state(self, name: str = "") -> ModelState:
        """Tell whether a model is loaded."""
        return self._states[name or self.models[0]]

    def settings_for(self, inquiry: Inquiry) -> Settings:
        """Return the settings that an inquiry is answered with. Raises InvalidRequest, SettingsError, UnknownModel."""
        base = self.library(inquiry.library).settings if inquiry.library else self.settings
        settings = settings_for(inquiry, base, most_tokens=self.settings.server.max_tokens)
        return replace(settings, model=self._models[self.model(inquiry.model, library=inquiry.library)])

    # --- answering ----------------------------------------------------------------------------------------------

    async def answer(self, inquiry: Inquiry, *, client: str) -> AsyncGenerator[Queued | Event, None]:
        """Yield Queued while others are ahead, then what `Library.stream` yields. `client` is whose turn it costs.

        What is known to be impossible is raised before the first event: UnknownLibrary, UnknownModel, Busy, NotReady,
        InvalidRequest, QuestionError, SettingsError. Closing it stops the model within a moment, at any time.
        """
        model = self.model(inquiry.model, library=inquiry.library)
        outcome, begin, spoke = "left", time.perf_counter(), False
        try:
            async with aclosing(self._answer(inquiry, model=model, client=client)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        outcome = ""
                        self.metrics.answered(event.answer, library=inquiry.library, model=model)
                        self._log(inquiry, event.answer, model=model, seconds=time.perf_counter() - begin)
                    elif isinstance(event, TextDelta) and not spoke:
                        spoke = True
                        self.metrics.first_text(model, time.perf_counter() - begin)
                    yield event
        except BunkoError as error:
            told = self._told(error, model)
            outcome = type(told).__name__
            raise told from error
        finally:
            if outcome:
                self.metrics.not_answered(outcome, library=inquiry.library, model=model)
                log.info("no answer", extra={"library": inquiry.library, "model": model, "outcome": outcome})

    async def _answer(self, inquiry: Inquiry, *, model: str, client: str) -> AsyncGenerator[Queued | Event, None]:
        self._refuse_if_stopping()
        settings = self.settings_for(inquiry)
        hosted = self.library(inquiry.library) if inquiry.library else None
        watch, held, needs_model = Stopwatch(), HoldBack(inquiry.stop), True
        if hosted:
            self._refuse_if_first_indexed(hosted)
            known, needs_model = await self._known(hosted, inquiry, settings, watch)
            for event in known:
                yield event
            if known:
                return
        if needs_model:
            self._refuse_if_failing(model)
        ticket = (self.queues[model] if needs_model else self.reads).join(client)
        job: Job[Event] | None = None
        try:
            async for position in turn(ticket):
                yield Queued(position=position)
            self._refuse_if_stopping()
            if ticket.waited_s > _NOTICED_S:
                watch.add("queue", ticket.waited_s * 1000)
            job = self._begin(inquiry, hosted, settings, watch, model=model, ticket=ticket)
            async for event in job.items():
                for shown in until_stop(event, held, inquiry.stop):
                    yield shown
            if needs_model:
                self._states[model] = "loaded"
        finally:
            # Nothing is awaited here: the task may be cancelled again and again. The turn goes on to the next one
            # when the thread has ended.
            if job is None:
                ticket.leave()
            else:
                job.stop()

    def _log(self, inquiry: Inquiry, answer: Answer, *, model: str, seconds: float) -> None:
        told: dict[str, object] = {
            "library": inquiry.library,
            "model": model,
            "ms": round(seconds * 1000, 1),
            "prompt_tokens": answer.usage.prompt_tokens,
            "completion_tokens": answer.usage.completion_tokens,
            "outcome": "kept" if answer.remembered else "refused" if answer.refused else "answered",
        }
        if self.settings.server.log_contents:
            told |= {"question": inquiry.question, "answer": answer.text}
        log.info("answer", extra=told)

    def _begin(
        self,
        inquiry: Inquiry,
        hosted: HostedLibrary | None,
        settings: Settings,
        watch: Stopwatch,
        *,
        model: str,
        ticket: Ticket,
    ) -> Job[Event]:
        def events() -> Iterator[Event]:
            if hosted is None:
                yield from answer_without_documents(
                    inquiry.question,
                    self._generator(model),
                    settings=settings,
                    history=inquiry.history,
                    watch=watch,
                )
                return
            with hosted.borrowed(settings) as library:
                yield from library.stream(
                    inquiry.question, history=inquiry.history, watch=watch, answers=inquiry.answers
                )

        def interrupt() -> None:
            generator = self.engines.loaded_generator(settings.model)
            if generator is not None and isinstance(generator, Engine):
                generator.interrupt()

        def at_end() -> None:
            ticket.leave()
            self._jobs.discard(job)

        is_models = ticket.queue is not self.reads
        job = Job(events, interrupt=interrupt if is_models else lambda: None, at_end=at_end)
        self._jobs.add(job)
        return job

    async def _known(
        self, hosted: HostedLibrary, inquiry: Inquiry, settings: Settings, watch: Stopwatch
    ) -> tuple[list[Event], bool]:
        """Return the events of a kept answer, if there is one, and whether a model is needed for a new one."""

        def look() -> tuple[list[Event], bool]:
            with hosted.borrowed(settings) as library:
                known = None
                if inquiry.answers == "kept" and not inquiry.history:
                    known = library.kept(inquiry.question, watch=watch)
                return list(known or ()), bool(inquiry.history) or library.needs_model(inquiry.question)

        events, needs_model = await self._in_thread(look)
        return [shown for event in events for shown in until_stop(event, HoldBack(()), inquiry.stop)], needs_model

    # --- searching and reading ----------------------------------------------------------------------------------

    async def search(
        self, library: str, query: str, *, overrides: Mapping[str, object] | None = None, client: str = ""
    ) -> Found:
        """Return the passages that bear on a query. Raises UnknownLibrary, QuestionError, NotIndexed, Busy."""
        self._refuse_if_stopping()
        settings = self.settings_for(Inquiry(question=query, library=library, overrides=overrides or {}))
        hosted = self.library(library)
        self._refuse_if_first_indexed(hosted)

        def look() -> Found:
            watch = Stopwatch()
            with hosted.borrowed(settings) as opened:
                hits = opened.search(query, watch=watch)
            return Found(hits=tuple(hits), timings=watch.timings())

        async with a_turn(self.reads.join(client)):
            return await self._in_thread(look)

    async def library_call(self, library: str, function: Callable[[Library], Result]) -> Result:
        """Call a function with a Library, in a thread: for records and documents. Raises what it raises."""
        self._refuse_if_stopping()
        hosted = self.library(library)

        def call() -> Result:
            with hosted.borrowed() as opened:
                return function(opened)

        return await self._in_thread(call)

    async def embed(self, texts: Sequence[str], *, embedder: str = "", client: str = "") -> Vectors:
        """Return one row for each text. `embedder`: as the settings name it; empty for the server's own."""
        self._refuse_if_stopping()
        embedder = embedder or self.embedders[0]
        if embedder not in self.embedders:
            raise UnknownModel(
                f"No embedder {embedder[:100]!r} is served here.", f"There is {', '.join(self.embedders)}."
            )
        settings = replace(self.settings, embedder=embedder)
        async with a_turn(self.reads.join(client)):
            return await self._in_thread(lambda: self.engines.embedder(settings).embed_passages(list(texts)))

    async def _in_thread(self, function: Callable[[], Result]) -> Result:
        if self._threads is None:
            self._threads = asyncio.Semaphore(_THREADS)
        async with self._threads:
            return await in_thread(function)

    # --- what is refused ----------------------------------------------------------------------------------------

    def _generator(self, model: str) -> Generator:
        return self.engines.generator(replace(self.settings, model=self._models[model]))

    def _refuse_if_stopping(self) -> None:
        if self.stopping:
            raise NotReady("The server is stopping.", "Ask again when it runs.", retry_after_s=10)

    def _refuse_if_first_indexed(self, hosted: HostedLibrary) -> None:
        if hosted.report is not None or hosted.has_documents():
            return
        if hosted.state == "indexing":
            done = f" ({hosted.progress.done} of {hosted.progress.total})" if hosted.progress.total else ""
            raise NotReady(
                f"The library {hosted.name!r} is being indexed for the first time{done}.",
                "Ask again in a moment.",
                retry_after_s=5,
            )
        if hosted.error:
            raise hosted.error

    def _refuse_if_failing(self, model: str) -> None:
        left = self._rest_until.get(model, 0.0) - asyncio.get_running_loop().time()
        if left > 0:
            raise NotReady(
                f"The model {model} does not start at the moment.",
                "`bunko doctor` on the server's machine tells why.",
                retry_after_s=max(1, round(left)),
            )

    def _told(self, error: BunkoError, model: str) -> BunkoError:
        """Return the error to raise, and take note of a model that does not start."""
        if self.stopping:
            return NotReady("The server was stopped.", "Ask again when it runs.", retry_after_s=10)
        if isinstance(error, EngineStartFailed | EngineTimeout):
            self._states[model] = "failed"
            self._rest_until[model] = asyncio.get_running_loop().time() + _REST_S
        return error


__all__ = ["Found", "Host", "HostedLibrary", "Inquiry", "Queued"]
