"""The host: libraries, models, queues and metrics. In: inquiries from any interface. Out: events, hits, records.

Each model writes one answer at a time, since a processor gains nothing from two. Searches and reads run beside it.
Knows nothing of HTTP or MCP.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from bunko.answering.alone import answer_without_documents
from bunko.answering.writing import prime
from bunko.config import load_settings
from bunko.embedding.choice import with_embedder
from bunko.engines import Engines
from bunko.errors import BunkoError, NameTaken, UnknownLibrary, UnknownModel
from bunko.library import Library
from bunko.models.modelfile import with_modelfile
from bunko.network import is_loopback
from bunko.paths import config_file
from bunko.ports import Engine
from bunko.server.hosting.admission import Admission, ModelState
from bunko.server.hosting.answer_log import log_answer, log_failure
from bunko.server.hosting.fair_queue import FairQueue, Ticket, a_turn, turn
from bunko.server.hosting.inquiry import Found, Inquiry, Queued, by_public_name, settings_for, until_stop
from bunko.server.hosting.jobs import Job, Threads
from bunko.server.hosting.libraries import HostedLibrary, names_for
from bunko.server.hosting.made_libraries import MadeLibraries
from bunko.server.hosting.metrics import Metrics
from bunko.server.hosting.stop_texts import HoldBack
from bunko.server.hosting.sync_on_call import SyncOnCall
from bunko.settings import Settings
from bunko.stopwatch import Stopwatch
from bunko.types import Event, Finished, TextDelta

if TYPE_CHECKING:
    from bunko.ports import Generator, Vectors

# Searches, and answers that need no model, that run at once: more would only wait for the same processor.
_READS_AT_ONCE = 4
_THREADS = 16
_NOTICEABLE_S = 0.001  # a shorter wait is not reported

Result = TypeVar("Result")


class Host:
    """Libraries by their names, and the models that answer from them. All methods are for one event loop."""

    def __init__(
        self,
        folders: Sequence[str | Path] = (),
        *,
        settings: Settings,
        engines: Engines | None = None,
        library_settings: Callable[[Path], Settings] | None = None,
        updates: Literal["watch", "on_call"] = "watch",
        made: MadeLibraries | None = None,
        replicas: Sequence[HostedLibrary] = (),
    ) -> None:
        """Open nothing yet. `settings` are the server's; `library_settings` returns a folder's own.

        `made` remembers the libraries that users make; None: they can't make any. `replicas` are served beside those of
        the folders.

        With "watch", folders are followed and the first model is loaded at the start. With "on_call", each call syncs
        its folder first, and a model is loaded with the first question.
        """
        roots = [Path(folder).expanduser() for folder in folders]
        own = self._own = library_settings or (lambda root: load_settings(library_config=config_file(root)))
        self.made = made
        self.settings = settings
        self.engines = engines or Engines(settings)
        self.libraries: dict[str, HostedLibrary] = {
            name: HostedLibrary(name, root, settings=own(root), engines=self.engines)
            for name, root in zip(names_for(roots), roots, strict=True)
        }
        self.libraries |= {one.name: one for one in replicas}
        self._models = by_public_name(settings, [library.settings for library in self.libraries.values()])
        self.queues = {name: FairQueue(limit=settings.server.queue) for name in self._models}
        self.reads = FairQueue(limit=4 * settings.server.queue, at_once=_READS_AT_ONCE)
        self.metrics = Metrics()
        self.metrics.add_gauges(self.queues, self.libraries)
        self._admission = Admission(self._models)
        self._syncs = {name: SyncOnCall(one) for name, one in self.libraries.items()} if updates == "on_call" else {}
        self._jobs: set[Job[Event]] = set()
        self._threads = Threads(_THREADS)

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to update the indexes, and to load the first model unless updates are "on_call". Returns at once."""
        for sync in self._syncs.values():
            sync.begin()  # a missing index is made before the first call
        if not self._syncs:
            for library in self.libraries.values():
                library.follow()
            threading.Thread(target=self._load_first, name="load-model", daemon=True).start()

    def stop(self) -> None:
        """End all answers and syncs, and refuse new calls. Returns at once."""
        self._admission.stopping = True
        for library in self.libraries.values():
            library.close()
        for queue in (*self.queues.values(), self.reads):
            queue.close()
        for job in list(self._jobs):
            job.give_up(self._admission.stopped())

    def close(self) -> None:
        """Stop, and close the engines."""
        self.stop()
        self.engines.close()

    def _load_first(self) -> None:
        name = self.models[0]
        with self._admission.loading(name):
            generator = self._generator(name)
            if isinstance(generator, Engine):
                generator.start()
            prime(generator, language=self.settings.answer_language or "en", settings=self.settings)
            generator.context_tokens()  # waits until the model is loaded

    # --- libraries that come and go -----------------------------------------------------------------------------

    def add_library(self, root: Path) -> HostedLibrary:
        """Serve one more folder, from now on. Raises NameTaken where it is served already."""
        if any(library.root.resolve() == root.resolve() for library in self.libraries.values()):
            raise NameTaken("This folder is a library already.", "Choose it in the list of libraries.")
        taken = [library.root for library in self.libraries.values()]
        name = next(name for name in reversed(names_for([*taken, root])) if name not in self.libraries)
        library = HostedLibrary(name, root, settings=self._own(root), engines=self.engines)
        self.libraries[name] = library
        library.follow()
        return library

    def remove_library(self, name: str) -> HostedLibrary:
        """Serve a library no longer. Its files and its index stay. Raises UnknownLibrary."""
        library = self.library(name)
        del self.libraries[name]
        library.close()
        return library

    # --- names --------------------------------------------------------------------------------------------------

    @property
    def models(self) -> tuple[str, ...]:
        """The public names of the models, the default first."""
        return tuple(self._models)

    @property
    def embedders(self) -> tuple[str, ...]:
        """The embedders of the libraries, as their settings name them."""
        names = [library.settings.embedder for library in self.libraries.values()]
        return tuple(dict.fromkeys(names or [with_embedder(self.settings).embedder]))

    def library(self, name: str) -> HostedLibrary:
        """Return a library. Raises UnknownLibrary."""
        if name not in self.libraries:
            raise UnknownLibrary(f"No library {name[:100]!r} is served here.", "GET /api/libraries lists them.")
        return self.libraries[name]

    def model(self, name: str = "", *, library: str = "") -> str:
        """Return a model's public name; without a name, the library's own model or the first. Raises UnknownModel."""
        if not name and library:
            own = self.library(library).settings.model
            return next((public for public, given in self._models.items() if given == own), self.models[0])
        if not name:
            return self.models[0]
        for public, given in self._models.items():
            if name in (public, given):
                return public
        raise UnknownModel(f"No model {name[:100]!r} is served here.", f"Available: {', '.join(self.models)}.")

    @property
    def history(self) -> Literal["off", "allowed"]:
        """Whether conversations may be stored beside the index."""
        wanted = self.settings.server.history
        if wanted == "auto":
            return "allowed" if is_loopback(self.settings.server.host) else "off"
        return wanted

    def model_state(self, name: str = "") -> ModelState:
        """Return whether a model is loaded."""
        return self._admission.model_state(name or self.models[0])

    @property
    def stopping(self) -> bool:
        """Whether new calls are refused because the server is stopping."""
        return self._admission.stopping

    def settings_for(self, inquiry: Inquiry) -> Settings:
        """Return the settings that an inquiry is answered with. Raises InvalidRequest, SettingsError, UnknownModel."""
        base = self.library(inquiry.library).settings if inquiry.library else self.settings
        settings = settings_for(inquiry, base, most_tokens=self.settings.server.max_tokens)
        model = self._models[self.model(inquiry.model, library=inquiry.library)]
        return with_modelfile(replace(settings, model=model))

    # --- answering ----------------------------------------------------------------------------------------------

    async def answer(self, inquiry: Inquiry, *, client: str) -> AsyncGenerator[Queued | Event, None]:
        """Yield Queued while others are ahead, then what `Library.stream` yields. Clients take turns.

        Errors that are known at once are raised before the first event: UnknownLibrary, UnknownModel, Busy, NotReady,
        InvalidRequest, QuestionError, SettingsError. Closing the generator stops the model within a moment.
        """
        model = self.model(inquiry.model, library=inquiry.library)
        outcome, begin, has_text = "left", time.perf_counter(), False
        try:
            async with aclosing(self._answer(inquiry, model=model, client=client)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        outcome = ""
                        self.metrics.answered(event.answer, library=inquiry.library, model=model)
                        seconds, contents = time.perf_counter() - begin, self.settings.server.log_contents
                        log_answer(inquiry, event.answer, model=model, seconds=seconds, contents=contents)
                    elif isinstance(event, TextDelta) and not has_text:
                        has_text = True
                        self.metrics.first_text(model, time.perf_counter() - begin)
                    yield event
        except BunkoError as error:
            failure = self._admission.failure(error, model)
            outcome = type(failure).__name__
            raise failure from error
        finally:
            if outcome:
                self.metrics.not_answered(outcome, library=inquiry.library, model=model)
                log_failure(inquiry, model=model, outcome=outcome)

    async def _answer(self, inquiry: Inquiry, *, model: str, client: str) -> AsyncGenerator[Queued | Event, None]:
        self._admission.check_running()
        settings = self.settings_for(inquiry)
        hosted = self.library(inquiry.library) if inquiry.library else None
        watch, held, needs_model = Stopwatch(), HoldBack(inquiry.stop), True
        if hosted:
            await self._up_to_date(hosted, watch)
            kept, needs_model = await self._kept(hosted, inquiry, settings, watch)
            for event in kept:
                yield event
            if kept:
                return
        if needs_model:
            self._admission.check_model(model)
        ticket = (self.queues[model] if needs_model else self.reads).join(client)
        job: Job[Event] | None = None
        try:
            async for position in turn(ticket):
                yield Queued(position=position)
            self._admission.check_running()
            if ticket.waited_s > _NOTICEABLE_S:
                watch.add("queue", ticket.waited_s * 1000)
            job = self._begin(inquiry, hosted, settings, watch, model=model, ticket=ticket)
            async for event in job.items():
                for shown in until_stop(event, held, inquiry.stop):
                    yield shown
            if needs_model:
                self._admission.set_model_state(model, "loaded")
        finally:
            # Nothing is awaited here: the task may be cancelled again and again. The next turn begins when the job's
            # thread has ended.
            if job is None:
                ticket.leave()
            else:
                job.stop()

    async def _up_to_date(self, hosted: HostedLibrary, watch: Stopwatch | None = None) -> None:
        """Sync a library that is updated on call; check that any other has an index."""
        if sync := self._syncs.get(hosted.name):
            with (watch or Stopwatch()).stage("sync"):
                await sync.wait()
        else:
            self._admission.check_indexed(hosted)

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
            question, history = inquiry.question, inquiry.history
            if hosted is None:
                generator = self._generator(model)
                yield from answer_without_documents(
                    question, generator, settings=settings, history=history, watch=watch
                )
                return
            with hosted.borrowed() as library:
                yield from library.stream(
                    question, settings=settings, history=history, watch=watch, answers=inquiry.answers
                )

        def interrupt() -> None:
            generator = self.engines.loaded_generator(settings.model)
            if generator is not None and isinstance(generator, Engine):
                generator.interrupt()

        def at_end() -> None:
            ticket.leave()
            self._jobs.discard(job)

        uses_model = ticket.queue is not self.reads
        job = Job(events, interrupt=interrupt if uses_model else lambda: None, at_end=at_end)
        self._jobs.add(job)
        return job

    async def _kept(
        self, hosted: HostedLibrary, inquiry: Inquiry, settings: Settings, watch: Stopwatch
    ) -> tuple[list[Event], bool]:
        """Return the events of a kept answer, if there is one, and whether a new answer needs a model."""
        question = inquiry.question

        def look() -> tuple[list[Event], bool]:
            with hosted.borrowed() as library:
                kept = None
                if inquiry.answers == "kept" and not inquiry.history:
                    kept = library.kept(question, watch=watch, settings=settings)
                return list(kept or ()), bool(inquiry.history) or library.needs_model(question, settings=settings)

        events, needs_model = await self._threads.call(look)
        return [shown for event in events for shown in until_stop(event, HoldBack(()), inquiry.stop)], needs_model

    # --- searching and reading ----------------------------------------------------------------------------------

    async def search(
        self, library: str, query: str, *, overrides: Mapping[str, object] | None = None, client: str = ""
    ) -> Found:
        """Return the passages that are relevant to a query. Raises UnknownLibrary, QuestionError, NotIndexed, Busy."""
        self._admission.check_running()
        settings = self.settings_for(Inquiry(question=query, library=library, overrides=overrides or {}))
        hosted, watch = self.library(library), Stopwatch()
        await self._up_to_date(hosted, watch)

        def look() -> Found:
            with hosted.borrowed() as opened:
                found = opened.find(query, settings=settings, watch=watch)
            return Found(hits=found.hits, timings=watch.timings(), scope=found.scope)

        async with a_turn(self.reads.join(client)):
            return await self._threads.call(look)

    async def library_call(self, library: str, function: Callable[[Library], Result]) -> Result:
        """Call a function with a Library in a thread, to read records or documents. Raises what it raises."""
        self._admission.check_running()
        hosted = self.library(library)
        if self._syncs:
            await self._up_to_date(hosted)

        def call() -> Result:
            with hosted.borrowed() as opened:
                return function(opened)

        return await self._threads.call(call)

    async def embed(self, texts: Sequence[str], *, embedder: str = "", client: str = "") -> Vectors:
        """Return one row for each text. `embedder` is a name as settings have it; empty for the server's own."""
        self._admission.check_running()
        embedder = embedder or self.embedders[0]
        if embedder not in self.embedders:
            raise UnknownModel(
                f"No embedder {embedder[:100]!r} is served here.", f"Available: {', '.join(self.embedders)}."
            )
        settings = replace(self.settings, embedder=embedder)
        async with a_turn(self.reads.join(client)):
            return await self._threads.call(lambda: self.engines.embedder(settings).embed_passages(list(texts)))

    def _generator(self, model: str) -> Generator:
        return self.engines.generator(replace(self.settings, model=self._models[model]))


__all__ = ["Found", "Host", "HostedLibrary", "Inquiry", "Queued"]
