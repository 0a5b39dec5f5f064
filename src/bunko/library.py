"""A library: a folder of documents that can be searched and asked. What the commands and Python users call.

    library = bunko.open("reports")
    library.sync()
    print(library.ask("Who wrote the first report?").text)

Everything heavy is loaded when it is first needed, and kept until `close`.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bunko.conversation import Conversation, last
from bunko.errors import BunkoError, EmbedderMismatch, LibraryEmpty, LibraryNotFound, NotIndexed
from bunko.language.detection import LANGUAGE_NAMES, OTHER_SCRIPTS, detect_language
from bunko.paths import config_file, home_of
from bunko.settings import Settings, apply_overrides, load_settings
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Document, Event, FailedFile, Finished, Hit, Message, SyncReport

if TYPE_CHECKING:
    from bunko.answering.answer_cache import Memory
    from bunko.engines import Engines
    from bunko.indexing.sync import Progress
    from bunko.models import Progress as DownloadProgress
    from bunko.overview.types import Plan
    from bunko.ports import Embedder, Generator
    from bunko.store import Record
    from bunko.store.store import Store


def open_library(
    folder: str | Path, *, settings: Settings | None = None, model: str | None = None, embedder: str | None = None
) -> Library:
    """Open a folder of documents, or a single one. Nothing is read or written until it is needed.

    Settings come from the config files and the environment unless given; `model` and `embedder` replace theirs.
    Raises LibraryNotFound, SettingsError.
    """
    root = Path(folder).expanduser()
    if settings is None:
        settings = load_settings(library_config=config_file(root))
    chosen = {name: value for name, value in (("model", model), ("embedder", embedder)) if value}
    return Library(root, settings=apply_overrides(settings, chosen))


def index_location(root: Path, settings: Settings) -> str:
    """Return where a library's index is, or would be: a path, or an object store's URL."""
    return settings.store or str(home_of(root) / "store")


class Library:
    """A folder of documents with its index, an embedder and a model. Use it in a `with`, or `close` it.

    Not safe for several threads at once; open one library for each, which share the index on disk.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        settings: Settings,
        embedder: Embedder | None = None,
        generator: Generator | None = None,
        engines: Engines | None = None,
        progress: Progress | None = None,
        download_progress: DownloadProgress | None = None,
    ) -> None:
        """`embedder` and `generator` replace the ones that the settings name, as tests do.

        `engines` are those that the settings name, shared with other libraries: closing this one leaves them be.
        """
        root = Path(root).expanduser()
        try:
            root.stat()
        except (FileNotFoundError, NotADirectoryError, ValueError) as error:
            raise LibraryNotFound(f"There is no folder or file {str(root)!r}.", "Check the path.") from error
        except OSError as error:
            raise LibraryNotFound(
                f"The folder {str(root)[:200]!r} can't be opened: {error.strerror}.", "Check the path."
            ) from error
        self.root = root
        self.settings = settings
        self._progress: Progress = progress or (lambda stage, done, total: None)
        self._download_progress = download_progress
        self._given_embedder = embedder
        self._given_generator = generator
        self._engines = engines
        self._loading_embedder: Future[Embedder] | None = None

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the engines. The library can be used again; they start anew then."""
        if self._loading_embedder is not None:
            with contextlib.suppress(BunkoError):  # nobody waits for it any more
                self.embedder  # noqa: B018 - loaded, so that it can be closed
        for name in ("embedder", "generator"):
            engine = self.__dict__.pop(name, None)
            if self._engines is None and hasattr(engine, "close"):  # not every embedder holds something
                engine.close()

    # --- the parts, opened when first used ----------------------------------------------------------------------

    @cached_property
    def store(self) -> Store:
        """The index on disk, made if there is none. Raises StoreError."""
        from bunko.store.store import Store

        return Store(self._location)

    @property
    def _location(self) -> str:
        return index_location(self.root, self.settings)

    def _is_indexed(self) -> bool:
        return "://" in self._location or Path(self._location, "documents.lance").exists()

    @property
    def is_indexed(self) -> bool:
        """Whether there is an index, made by whatever sync; one on an object store is taken to be there."""
        return self._is_indexed()

    def _index(self) -> Store:
        """Return the index for reading: looking into a folder leaves nothing behind in it."""
        if not self._is_indexed():
            raise NotIndexed(f"{str(self.root)!r} has no index yet.", f"Make it: bunko index {self.root}")
        return self.store

    def refresh(self) -> None:
        """See what others have committed to the index since it was opened; one that was made anew is opened anew."""
        if not self._is_indexed():
            self.__dict__.pop("store", None)
        elif "store" in self.__dict__:
            self.store.refresh()

    @cached_property
    def embedder(self) -> Embedder:
        """What makes vectors; fetched first if need be. Raises ModelError."""
        if self._given_embedder is not None:
            return self._given_embedder
        if self._engines is not None:
            return self._engines.embedder(self.settings)
        loading, self._loading_embedder = self._loading_embedder or self._load_embedder(), None
        return loading.result()

    def _begin_embedder(self) -> None:
        """Begin to load the embedder, unless that was done: it is ready sooner where the store is opened meanwhile."""
        if self._engines is not None:
            return  # it is loaded once, and by then it mostly is
        if self._given_embedder is None and self._loading_embedder is None and "embedder" not in self.__dict__:
            self._loading_embedder = self._load_embedder()

    def _load_embedder(self) -> Future[Embedder]:
        """Load the embedder in a thread of its own; fetch it first if need be, in this one, where Ctrl-C is heard."""
        from bunko.embedding import open_embedder
        from bunko.models import resolve, silent

        progress = self._download_progress or silent
        model = resolve(self.settings.embedder, kind="embedding", settings=self.settings, progress=progress)
        loader = ThreadPoolExecutor(1, thread_name_prefix="load-embedder")
        loading = loader.submit(open_embedder, model, self.settings)
        loader.shutdown(wait=False)  # its thread ends with the work
        return loading

    @cached_property
    def generator(self) -> Generator:
        """The language model; fetched first if need be. Raises ModelError."""
        if self._given_generator is not None:
            return self._given_generator
        if self._engines is not None:
            return self._engines.generator(self.settings)
        from bunko.engines import load_generator

        return load_generator(self.settings, progress=self._download_progress)

    def placement(self) -> str:
        """Return where the model runs, such as "CUDA0: 25 of 29 layers"; empty if it is not loaded, or on a server."""
        return str(getattr(self.__dict__.get("generator"), "placement", ""))

    def warm_up(self, question: str = "") -> None:
        """Begin to load the models, and to read what the prompt for a question will begin with. Raises ModelError."""
        self.generator.start()
        if question:
            from bunko.answering.writing import prime

            prime(self.generator, question, settings=self.settings)
        self._begin_embedder()

    # --- what a library does ------------------------------------------------------------------------------------

    def check_folder(self) -> None:
        """Raise LibraryNotFound or LibraryEmpty if there is nothing to index and nothing was indexed before."""
        if not self._is_indexed():
            from bunko.reading import list_files

            if not list_files(self.root):
                raise LibraryEmpty.without_files(str(self.root))

    def sync(
        self, *, vectors: Literal["all", "few"] = "all", retry_failed: bool = False, wait_s: float = 0.0
    ) -> SyncReport:
        """Bring the index in step with the folder; wait so many seconds for another process that is doing it.

        With "few", more than a handful of missing vectors are left for `complete`: meanwhile passages are found by
        their words, and the best of those by meaning. Raises LibraryError, StoreError, ModelError.
        """
        self.check_folder()  # before anything is written into the folder
        self._begin_embedder()
        from bunko.indexing.sync import sync

        report = sync(
            self.root,
            self.store,
            self.embedder,
            settings=self.settings,
            embed_at_most=None if vectors == "all" else self.settings.embedding.before_answer,
            retry_failed=retry_failed,
            wait_s=wait_s,
            progress=self._progress,
        )
        if report.added or report.updated or report.removed:
            self._memory.forget(but=self._state())  # the words of a document that is gone must not stay behind
        return report

    def complete(self) -> int:
        """Make the vectors that `sync(vectors="few")` left for later; return how many."""
        from bunko.indexing.sync import embed_missing

        return embed_missing(self.store, self.embedder, progress=self._progress)

    def watch(self, *, stop: threading.Event | None = None, poll: bool = False) -> Iterator[SyncReport | BunkoError]:
        """Keep the index in step with the folder until `stop` is set: sync, then again after every change.

        Yields the report of the first sync, and of each that changed something. What goes wrong later is yielded
        too, and tried again. An empty folder is followed as any other. `poll` looks for changes every second where
        the system can't tell of them, as on network drives. Raises what the first sync raises, except StoreBusy.
        """
        from bunko.indexing.watch import Follower

        return Follower(
            self.root,
            self._sync_while_watching,
            settings=self.settings.reading,
            store=self._location,
            stop=stop or threading.Event(),
            poll=poll,
        ).run()

    def _sync_while_watching(self) -> SyncReport:
        """Sync; a folder without documents gives a report, and an index that was deleted is made anew."""
        if not self._is_indexed():
            self.__dict__.pop("store", None)
        before = self._index().count_documents() if self._is_indexed() else 0
        try:
            return self.sync()
        except LibraryEmpty:
            records = self.records().values() if self._is_indexed() else ()
            failed = tuple(
                FailedFile(path=record.path, error=record.error, hint=record.hint) for record in records if record.error
            )
            return SyncReport(removed=before, failed=failed)

    def _under(self, settings: Settings | None) -> Library:
        """Return this library with other settings for one question; the index and the engines are the same."""
        if settings is None or settings == self.settings:
            return self
        if self._is_indexed():
            self.store  # noqa: B018 - opened here, so that it is open for the next question too
        other = copy.copy(self)
        other.settings = settings
        if settings.model != self.settings.model:
            other.__dict__.pop("generator", None)
        return other

    def search(self, query: str, *, settings: Settings | None = None, watch: Stopwatch | None = None) -> list[Hit]:
        """Return the passages that bear on a question, best first. Raises QuestionError for an empty one.

        `settings` hold for this query; None: the library's own.
        """
        if settings is not None:
            return self._under(settings).search(query, watch=watch)
        from bunko.answering.pipeline import find

        hits, _ = find(query, self._index(), self.embedder, settings=self.settings, watch=watch or Stopwatch())
        return hits

    def stream(
        self,
        question: str,
        *,
        settings: Settings | None = None,
        history: tuple[Message, ...] = (),
        watch: Stopwatch | None = None,
        answers: Literal["new", "kept"] = "new",
    ) -> Iterator[Event]:
        """Yield the evidence as soon as it is found, then the answer as it is written, then all of it together.

        `history` holds the earlier turns, in the light of which a follow-up question is understood. With "kept", an
        answer is kept beside the index, and given again where the same is asked of the same index under the same
        settings; not with a history. `settings` hold for this question; None: the library's own. Closing the iterator
        stops the model. Raises QuestionError, EmbedderMismatch, ModelError, EngineError, StoreError.
        """
        if settings is not None:
            return self._under(settings).stream(question, history=history, watch=watch, answers=answers)
        watch = watch or Stopwatch()
        if answers == "new" or history:
            return self._stream_new(question, history, watch)
        with watch.stage("recall"):
            state, key = self._key(question)
            known = self._memory.answer(key) if key else None
            if known is None and key:
                self._index().refresh()  # what is kept under this state must come from it, or a later one
        return self._again(known, watch) if known else self._keeping(question, watch, key=key, state=state)

    def recall(self, question: str, *, watch: Stopwatch) -> Iterator[Event] | None:
        """Return the events of a kept answer if nothing has changed in the folder either, so that no sync is needed.

        Loads neither the index nor a model. Raises LibraryNotFound.
        """
        from bunko.answering.answer_cache import is_as_it_was

        with watch.stage("recall"):
            if not self.settings.answers.keep:
                self._memory.forget()
            state, key = self._key(question)
            known = self._memory.answer(key) if key else None
            folder = self._memory.folder(state) if known else None
            if not (known and folder and is_as_it_was(self.root, folder, settings=self.settings)):
                return None
        if folder.failed:
            told = f"{folder.failed} files could not be read; `bunko index {self.root}` tells which and why."
            known = dataclasses.replace(known, notes=(*known.notes, told))
        return self._again(known, watch)

    def kept(self, question: str, *, watch: Stopwatch, settings: Settings | None = None) -> Iterator[Event] | None:
        """Return the events of the answer that is kept for the index as it is; None if there is none.

        Loads neither the index nor a model, and does not look into the folder: for whoever keeps them in step.
        """
        if settings is not None:
            return self._under(settings).kept(question, watch=watch)
        with watch.stage("recall"):
            _, key = self._key(question)
            known = self._memory.answer(key) if key else None
        return self._again(known, watch) if known else None

    def keep_folder(self) -> None:
        """Take note of what the folder holds, if the index is in step with it: `recall` looks for that."""
        from bunko.answering.answer_cache import folder_of
        from bunko.indexing.sync import in_step

        state = self._state()
        if not state or not self.settings.answers.keep:
            return
        self._index().refresh()
        found = in_step(self.root, self._index(), settings=self.settings)
        if found and self._state() == state:
            self._memory.keep_folder(folder_of(found.files, found.unsettled, failed=found.failed), state=state)

    @cached_property
    def _memory(self) -> Memory:
        from bunko.answering.answer_cache import Memory

        return Memory(self._location, keep=self.settings.answers.keep)

    def _state(self) -> str:
        from bunko.answering.answer_cache import state_of

        return state_of(self._location)

    def _key(self, question: str) -> tuple[str, str]:
        """Return the index's state, and what a kept answer is found by: empty where none is kept."""
        from bunko.answering.answer_cache import key_of

        state = self._state()
        given = self._given_embedder or self._given_generator  # nobody knows when these are the same again
        if given or not self.settings.answers.keep:
            return state, ""
        return state, key_of(question, state=state, settings=self.settings)

    def _again(self, answer: Answer, watch: Stopwatch) -> Iterator[Event]:
        from bunko.answering.answer_cache import replay

        yield from replay(dataclasses.replace(answer, timings=watch.timings()))

    def _keeping(self, question: str, watch: Stopwatch, *, key: str, state: str) -> Iterator[Event]:
        """Yield a new answer, and keep it if it came to its end, from a whole index that nobody changed meanwhile."""
        for event in self._stream_new(question, (), watch):
            if key and isinstance(event, Finished) and event.answer.finish_reason in ("stop", "none"):
                complete = not self.store.missing_vectors(self.embedder.spec).chunks
                if complete and self._state() == state:
                    self._memory.keep(event.answer, key=key, state=state)
            yield event

    def _stream_new(self, question: str, history: tuple[Message, ...], watch: Stopwatch) -> Iterator[Event]:
        from bunko.answering.pipeline import answer_from_documents
        from bunko.overview.plan import plan_of

        if plan := plan_of(question):
            return self._survey(plan, question, watch)
        settings, notes = self._translating(question)
        with watch.stage("open"):
            store = self._index()
            speaks = self.model_speaks(question)
            if speaks or history:
                self.warm_up("" if history else question)  # a follow-up is rewritten first
            self._check_embedder()
            documents = store.count_documents()
        return answer_from_documents(
            question,
            store,
            self.embedder,
            self.generator,
            settings=settings,
            history=history,
            watch=watch,
            documents=documents,
            notes=self._language_notes(question) + notes,
            words_of="model" if speaks else "document",
        )

    def _survey(self, plan: Plan, question: str, watch: Stopwatch) -> Iterator[Event]:
        """Yield the answer to a question about the whole folder. What was said before does not matter to it."""
        from bunko.overview.surveying import survey

        with watch.stage("open"):
            store = self._index()
            if self.needs_model(question):
                self.warm_up()
            documents = store.count_documents()
        return survey(
            plan,
            question,
            store,
            self.generator,
            settings=self.settings,
            embedder=self.embedder.spec.name,
            documents=documents,
            speaks=self.model_speaks(question),
            watch=watch,
            progress=self._progress,
        )

    def ask(
        self,
        question: str,
        *,
        settings: Settings | None = None,
        history: tuple[Message, ...] = (),
        answers: Literal["new", "kept"] = "new",
    ) -> Answer:
        """Answer a question from the documents, with citations; the same again for "kept". Raises as `stream` does."""
        return last(self.stream(question, settings=settings, history=history, answers=answers))

    def chat(self) -> Conversation:
        """Begin a conversation, in which questions may refer to what was said before."""
        return Conversation(self)

    def records(self) -> Mapping[str, Record]:
        """Return what is known of every file of the library by its path, those that could not be read included."""
        return self._index().records()

    def document(self, path: str) -> Document | None:
        """Return a document with the text that offsets count in; None if there is none of this path."""
        return self._index().document(path)

    def unknown_languages(self) -> tuple[str, ...]:
        """Return the languages of a tenth of the documents or more that the embedder was not made for."""
        counts = self._index().languages()
        least = 0.1 * sum(counts.values())
        return tuple(
            language
            for language, count in sorted(counts.items())
            if count >= least and language in OTHER_SCRIPTS and not self.embedder.spec.knows(language)
        )

    def model_speaks(self, question: str) -> bool:
        """Tell whether the model may answer in its own words: one that was not made for the language makes none."""
        from bunko.models.catalogue.lookup import find_entry

        entry = find_entry(self.settings.model)
        given = self._given_generator is not None
        return given or entry is None or entry.knows(self.settings.answer_language or detect_language(question))

    def _translating(self, question: str) -> tuple[Settings, tuple[str, ...]]:
        """Return the settings without a translation where the model can't make one, and a note that says so."""
        wanted = self.settings.generation.translation
        if not wanted:
            return self.settings, ()
        from bunko.answering.translation import target_of
        from bunko.models.catalogue.lookup import find_entry

        language = self.settings.answer_language or detect_language(question)
        target = target_of(wanted, language)
        entry = find_entry(self.settings.model)
        if self._given_generator is not None or entry is None or (entry.knows(language) and entry.knows(target)):
            return self.settings, ()
        note = (
            f"{self.settings.model} was not made for {LANGUAGE_NAMES.get(language, language)} and "
            f"{LANGUAGE_NAMES.get(target, target)}: there is no translation. "
            "`bunko models list` shows models for many languages."
        )
        return apply_overrides(self.settings, {"generation.translation": ""}), (note,)

    def needs_model(self, question: str, *, settings: Settings | None = None) -> bool:
        """Tell whether the model is to be asked: not what it can't speak of, nor what the index alone answers."""
        if settings is not None:
            return self._under(settings).needs_model(question)
        from bunko.overview.plan import plan_of

        plan = plan_of(question)
        return self.model_speaks(question) and (plan is None or plan.task == "summary")

    def _language_notes(self, question: str) -> tuple[str, ...]:
        """Say so where the model or the embedder was not made for the language."""
        from bunko.models.catalogue.lookup import find_entry

        asked_in = detect_language(question)
        notes = []
        if not self.model_speaks(question):
            wanted = self.settings.answer_language or asked_in
            name = LANGUAGE_NAMES.get(wanted, wanted)
            notes.append(
                f"{self.settings.model} was not made for {name}: the answer is the best quote, word for word. "
                "`bunko models list` shows models for many languages."
            )
        embedder = find_entry(self.settings.embedder)
        if self._given_embedder is None and embedder and not embedder.knows(asked_in):
            name = LANGUAGE_NAMES.get(asked_in, asked_in)
            notes.append(f"{embedder.name} does not know {name}: passages were found by their words alone.")
        return tuple(notes)

    def _check_embedder(self) -> None:
        """Refuse to search vectors of another embedder: only a sync makes this one's."""
        if self.settings.retrieval.mode == "lexical":
            return
        others = self.store.embedders()
        if others and self.embedder.spec.name not in others:
            raise EmbedderMismatch(
                f"The index was made with another embedder ({', '.join(others)}), not {self.embedder.spec.name}.",
                "Ask without --no-sync to add this one's vectors, or name the other with --embedder.",
            )
