"""A library: a folder of documents that can be searched and asked. What the commands and Python users call.

    library = bunko.open("reports")
    library.sync()
    print(library.ask("Who wrote the first report?").text)

Heavy modules and models are loaded when they are first needed, and kept until `close`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bunko.config import load_settings
from bunko.conversation import Conversation, last
from bunko.door import at_the_door
from bunko.embedding.choice import with_embedder
from bunko.engines import Engines
from bunko.errors import (
    BunkoError,
    EmbedderMismatch,
    LibraryEmpty,
    LibraryNotFound,
)
from bunko.language.detection import OTHER_SCRIPTS, detect_language
from bunko.library_index import LibraryIndex, index_location
from bunko.listings import Documents, Hits
from bunko.paths import config_file
from bunko.ports import Engine
from bunko.settings import AUTO_EMBEDDER, Settings, apply_overrides, settings_with
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Document, Event, FailedFile, Message, SyncReport
from bunko.within import Within, with_scope

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from bunko.answering.answer_cache import Folder
    from bunko.answering.languages import Languages
    from bunko.answering.recall import KeptAnswers
    from bunko.answering.reranking import Reranking
    from bunko.contract.records import DuplicateGroup, SearchResult
    from bunko.indexing.sync import Progress
    from bunko.models import Progress as DownloadProgress
    from bunko.overview.types import Plan
    from bunko.pages.page_address import Networks
    from bunko.pages.saved_pages import AddedPage
    from bunko.ports import Embedder, EntailmentModel, Generator, Reader
    from bunko.question.question import Question
    from bunko.rows.answering import Outcome
    from bunko.rows.finding import Tables
    from bunko.scope import asking
    from bunko.store import Problem, Record, Store


def open_library(
    folder: str | Path,
    *,
    settings: Settings | Mapping[str, object] | None = None,
    model: str | None = None,
    embedder: str | None = None,
    entailment: EntailmentModel | None = None,
) -> Library:
    """Open a folder of documents, or a single file. Nothing is read or written until it is needed.

    Settings come from the config files and the environment unless given; a mapping replaces some of them, and `model`
    and `embedder` theirs. `entailment` is asked whether a source entails a sentence of an answer. Raises
    LibraryNotFound, SettingsError.
    """
    root = Path(folder).expanduser()
    if not isinstance(settings, Settings):
        settings = settings_with(settings or {}, base=load_settings(library_config=config_file(root)))
    chosen = {name: value for name, value in (("model", model), ("embedder", embedder)) if value}
    return Library(root, settings=apply_overrides(settings, chosen), entailment=entailment)


class Library:
    """A folder of documents with its index, an embedder and a model. Use it in a `with`, or `close` it.

    Not thread-safe: open one Library per thread; they share the index on disk.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        settings: Settings,
        embedder: Embedder | None = None,
        generator: Generator | None = None,
        reader: Reader | None = None,
        entailment: EntailmentModel | None = None,
        engines: Engines | None = None,
        progress: Progress | None = None,
        download_progress: DownloadProgress | None = None,
    ) -> None:
        """`embedder`, `generator` and `reader` replace the ones that the settings name, as tests do. `entailment` is
        asked whether a source entails a sentence of an answer; no setting names one.

        `engines` are shared with other libraries, and stay open when this one is closed. Raises LibraryNotFound.
        """
        self.root = _checked(Path(root).expanduser())
        if embedder is None:
            settings = with_embedder(settings, index_location(self.root, settings))
        self.settings = settings
        self._progress: Progress = progress or (lambda stage, done, total: None)
        self._download_progress = download_progress
        self._given_embedder = embedder
        self._given_generator = generator
        self._given_reader = reader
        self._entailment = entailment
        self._index = LibraryIndex(self.root, settings)
        self._shares_engines = engines is not None
        self._engines = engines or Engines(settings, progress=download_progress, waiting=self._progress)

    def __enter__(self) -> Library:
        return self

    def __repr__(self) -> str:
        return f"<Library {self.root}>"

    def _repr_html_(self) -> str:
        from bunko.notebook_html import facts_html

        documents = f"{self._index.count_documents():,}" if self.is_indexed else "none yet; call sync()"
        facts = {"documents": documents, "model": self.settings.model, "embedder": self.settings.embedder}
        return facts_html(str(self.root), facts)

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the engines. The library can be used again; they are then started again."""
        for name in ("embedder", "generator"):
            engine = self.__dict__.pop(name, None)
            if not self._shares_engines and hasattr(engine, "close"):  # not every embedder needs closing
                engine.close()
        if not self._shares_engines:
            self._engines.close()
            self._engines = Engines(self.settings, progress=self._download_progress, waiting=self._progress)

    # --- the parts, opened when first used ----------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """The index on disk, created if there is none. Raises StoreError; StoreUntrusted for one of somebody else."""
        return self._index.store

    @property
    def is_indexed(self) -> bool:
        """Whether there is an index; one on an object store is assumed to exist."""
        return self._index.exists

    def has_documents(self) -> bool:
        """Return whether there is an index that can be believed, with documents in it."""
        return self._index.has_documents()

    def refresh(self) -> None:
        """See what others have committed to the index since it was opened; an index that was replaced is reopened."""
        self._index.refresh()

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder, downloaded first if necessary. Raises ModelError."""
        return self._given_embedder or self._engines.embedder(self.settings)

    @cached_property
    def generator(self) -> Generator:
        """The language model, downloaded first if necessary. Raises ModelError."""
        return self._given_generator or self._engines.generator(self.settings)

    def placement(self) -> str:
        """Return where the model runs, such as "CUDA0: 25 of 29 layers"; empty if not loaded, or on a server."""
        generator = self.__dict__.get("generator")
        return generator.placement if isinstance(generator, Engine) else ""

    def warm_up(self, question: str = "") -> None:
        """Start loading the models, and reading the beginning of the question's prompt. Raises ModelError."""
        language = self.settings.answer_language or detect_language(question) if question else ""
        self._warm_up(language, self.settings)
        self._begin_embedder()

    # --- what a library does ------------------------------------------------------------------------------------

    def check_folder(self) -> None:
        """Raise LibraryNotFound or LibraryEmpty if there is nothing to index and no index."""
        if not self.is_indexed:
            from bunko.reading.folder import list_folder

            listing = list_folder(self.root)
            if not listing.files:
                raise LibraryEmpty.without_files(str(self.root), but=listing.first_left_out)

    @at_the_door
    def sync(
        self,
        *,
        vectors: Literal["all", "few"] = "all",
        retry_failed: bool = False,
        allow_empty: bool = False,
        wait_s: float = 0.0,
    ) -> SyncReport:
        """Bring the index in step with the folder; wait up to `wait_s` seconds for another process that writes to it.

        With "few", more than a handful of missing vectors are left for `complete`: until then passages are found by
        words, and the best of them are embedded during the search. A folder that has lost nearly all indexed files is
        an error, FilesLost, unless `allow_empty`. Raises LibraryError, StoreError, ModelError.
        """
        self.check_folder()  # before anything is written into the folder
        self._begin_embedder()
        from bunko.indexing.mending import sync_mended

        report = sync_mended(
            self.root,
            self._index.open_for_sync,
            self.embedder,
            settings=self.settings,
            embed_at_most=None if vectors == "all" else self.settings.embedding.before_answer,
            retry_failed=retry_failed,
            allow_empty=allow_empty,
            wait_s=wait_s,
            progress=self._progress,
        )
        if report.added or report.updated or report.removed or report.notes:
            self._kept_answers.forget_older()
        return report

    @at_the_door
    def add_page(self, url: str, *, networks: Networks = "public") -> AddedPage:
        """Save a page of the web into the folder; one with the same address is updated. The next sync indexes it.

        With networks="all", the page may be on this machine or in a private network. Raises PageNotAdded, also where
        the settings say offline; DiskFull, StoreNotWritable.
        """
        from bunko.pages.saved_pages import add_page

        return add_page(self.root, url, settings=self.settings, networks=networks)

    def check(self) -> tuple[Problem, ...]:
        """Compare all of the index with its checksums and counts; return what is wrong. Changes nothing.

        Raises NotIndexed, StoreUntrusted, StoreNotWritable.
        """
        return self._index.check()

    @at_the_door
    def duplicates(self) -> tuple[DuplicateGroup, ...]:
        """Return the documents that are copies or versions of each other, the newest of each group first.

        They are found among the documents of the index. Raises NotIndexed, StoreError.
        """
        from bunko.library_duplicates import duplicates_in

        return duplicates_in(self._index.for_reading())

    @at_the_door
    def complete(self) -> int:
        """Make the vectors that `sync(vectors="few")` left for later; return how many."""
        from bunko.indexing.embed import embed_missing

        return embed_missing(self.store, self.embedder, progress=self._progress)

    def watch(
        self, *, stop: threading.Event | None = None, notice: Literal["system", "poll"] = "system"
    ) -> Iterator[SyncReport | BunkoError]:
        """Keep the index in step with the folder until `stop` is set: sync, then again after every change.

        Yields the report of the first sync and of each that changed something. Later errors are yielded too, and the
        sync is tried again. "poll" checks for changes every second, for file systems without notifications, such as
        network drives. Raises what the first sync raises, except StoreBusy.
        """
        from bunko.indexing.watch import Follower

        return Follower(
            self.root,
            self._sync_while_watching,
            settings=self.settings.reading,
            store=self._index.location,
            stop=stop or threading.Event(),
            notice=notice,
        ).run()

    @at_the_door
    def search(
        self,
        query: str,
        *,
        settings: Settings | Mapping[str, object] | None = None,
        watch: Stopwatch | None = None,
        **within: Unpack[Within],
    ) -> Hits:
        """Return the passages that are relevant to a query, best first. Arguments and errors are those of `find`."""
        return Hits(self.find(query, settings=settings, watch=watch, **within).hits)

    def find(
        self,
        query: str,
        *,
        settings: Settings | Mapping[str, object] | None = None,
        watch: Stopwatch | None = None,
        **within: Unpack[Within],
    ) -> SearchResult:
        """Return the passages that are relevant to a query, best first, and which documents were searched.

        `settings` hold for this query; a mapping changes some of the library's own; None: all of those. `only`,
        `exclude`, `since`, `until`, `types`, `tags` and `authors` choose documents, as filters in the query do.
        Raises QuestionError for an empty query, ScopeError for a filter that no document passes.
        """
        from bunko.answering.finding import find
        from bunko.contract.records import SearchResult
        from bunko.question.question import check_question, parse_question
        from bunko.scope import asking

        check_question(query)
        text, filters = asking.text_of(query)
        settings = with_scope(settings_with(settings or {}, base=self.settings), within)
        watch = watch or Stopwatch()
        place = asking.within(self._index.for_reading(), settings.scope, filters)
        asked = parse_question(text)
        reranking = self._reranking(asked.language, settings)
        hits, _ = find(asked, place.store, self.embedder, settings=settings, watch=watch, reranking=reranking)
        return SearchResult(query=query, hits=tuple(hits), timings=watch.timings(), scope=place.scope)

    def stream(
        self,
        question: str,
        *,
        settings: Settings | Mapping[str, object] | None = None,
        history: tuple[Message, ...] = (),
        watch: Stopwatch | None = None,
        answers: Literal["new", "kept"] = "new",
        **within: Unpack[Within],
    ) -> Iterator[Event]:
        """Yield the evidence as soon as it is found, then the answer as it is generated, then the whole Answer.

        `settings` hold for this question; None: the library's own. `history` holds the earlier turns, with which a
        follow-up question is understood. With "kept", the answer is kept beside the index, and given again when the
        same question is asked of the same index under the same settings, without a history. Closing the iterator
        stops the model. `only`, `exclude`, `since`, `until`, `types`, `tags` and `authors` choose the documents that
        are asked, as filters in the question do. Raises QuestionError, ScopeError for a filter that no document passes,
        EmbedderMismatch, ModelError, EngineError, StoreError.
        """
        settings, watch = with_scope(self._settings_for(settings), within), watch or Stopwatch()
        if answers == "new" or history:
            return self._stream_new(question, settings, history, watch)
        from bunko.answering.recall import again

        with watch.stage("recall"):
            slot = self._kept_answers.slot(question, settings=settings)
            if slot.answer is None and slot.key:
                self._index.for_reading().refresh()  # what is kept under this state must come from it, or a later one
        if slot.answer:
            return again(slot.answer, watch)
        events = self._stream_new(question, settings, (), watch)
        return self._kept_answers.keeping(events, slot=slot, is_complete=self._has_all_vectors)

    @at_the_door
    def ask(
        self,
        question: str,
        *,
        settings: Settings | Mapping[str, object] | None = None,
        history: tuple[Message, ...] = (),
        answers: Literal["new", "kept"] = "new",
        **within: Unpack[Within],
    ) -> Answer:
        """Answer a question from the documents, with citations. Arguments and errors are those of `stream`."""
        return last(self.stream(question, settings=settings, history=history, answers=answers, **within))

    def chat(self) -> Conversation:
        """Start a conversation, in which questions may refer to earlier turns."""
        return Conversation(self)

    def recall(self, question: str, *, watch: Stopwatch, settings: Settings | None = None) -> Iterator[Event] | None:
        """Return the events of a kept answer if the folder has not changed either, so that no sync is needed.

        Loads neither the index nor a model. Raises LibraryNotFound.
        """
        from bunko.answering.recall import again

        with watch.stage("recall"):
            answer = self._kept_answers.unchanged(question, settings=self._settings_for(settings))
        return again(answer, watch) if answer else None

    def kept(self, question: str, *, watch: Stopwatch, settings: Settings | None = None) -> Iterator[Event] | None:
        """Return the events of the answer that is kept for the present index; None if there is none.

        Loads neither the index nor a model, and does not look into the folder: for callers that keep them in step.
        """
        from bunko.answering.recall import again

        with watch.stage("recall"):
            answer = self._kept_answers.slot(question, settings=self._settings_for(settings)).answer
        return again(answer, watch) if answer else None

    def keep_folder(self) -> None:
        """Record what the folder contains, if the index is in step with it: `recall` compares it."""
        self._kept_answers.keep_folder(self._describe_folder)

    def records(self) -> Mapping[str, Record]:
        """Return the record of every file of the library, by path; of those that could not be read, too."""
        return self._index.for_reading().records()

    @at_the_door
    def documents(self) -> Documents:
        """Return what is known of each document that could be read, by path. Raises NotIndexed."""
        from bunko.contract.records import row_of

        return Documents(row_of(record) for _, record in sorted(self.records().items()) if not record.error)

    @at_the_door
    def document(self, path: str) -> Document | None:
        """Return a document with the text that offsets count in; None if there is none of this path."""
        return self._index.for_reading().document(path)

    def unknown_languages(self) -> tuple[str, ...]:
        """Return the languages of at least a tenth of the documents that the embedder does not know."""
        counts = self._index.for_reading().languages()
        least = 0.1 * sum(counts.values())
        return tuple(
            language
            for language, count in sorted(counts.items())
            if count >= least and language in OTHER_SCRIPTS and not self.embedder.spec.knows(language)
        )

    def needs_model(self, question: str, *, settings: Settings | None = None) -> bool:
        """Return whether the model is asked: not for languages it does not know, nor where the index alone answers."""
        from bunko.overview.plan import plan_of
        from bunko.question.question import parse_question
        from bunko.scope.language import take_filters

        question = take_filters(question).text
        if plan := plan_of(question):
            needed = plan.task == "summary"
        else:
            asked = parse_question(question)
            needed = not (asked.small_talk or asked.is_bare)
        return needed and self._languages(detect_language(question), self._settings_for(settings)).model_speaks

    # --- one question -------------------------------------------------------------------------------------------

    def _stream_new(
        self, question: str, settings: Settings, history: tuple[Message, ...], watch: Stopwatch
    ) -> Iterator[Event]:
        from bunko.question.question import check_question
        from bunko.rows.placing import with_rows
        from bunko.scope import asking

        check_question(question)
        text, filters = asking.text_of(question)
        if not (filters or settings.scope):
            return with_rows(self._stream_within(question, settings, history, watch, None), self.document)
        with watch.stage("open"):
            place = asking.within(self._index.for_reading(), settings.scope, filters)
        events = with_rows(self._stream_within(text, settings, history, watch, place), self.document)
        return asking.with_scope(events, place.scope, question=question) if place.scope else events

    def _stream_within(
        self,
        question: str,
        settings: Settings,
        history: tuple[Message, ...],
        watch: Stopwatch,
        place: asking.Within | None,
    ) -> Iterator[Event]:
        """Yield the events of an answer from some documents; None: from all."""
        from bunko.answering.draft import Resources
        from bunko.answering.pipeline import answer_from_documents
        from bunko.answering.prompt_files import notes_on_untrusted, template_of_run
        from bunko.answering.revision import revise
        from bunko.answering.rewriting import who_rewrites
        from bunko.answering.small_talk_reply import reply, small_talk_of
        from bunko.overview.plan import plan_of
        from bunko.question.about_last_answer import last_answer
        from bunko.question.question import parse_question

        template_of_run(settings)  # a fault in it is reported before anything is searched
        last = last_answer(question, history)
        if plan := None if last else plan_of(question):
            return self._survey(plan, question, settings, watch, place)
        asked = parse_question(last.question if last else question)
        if talk := None if last else small_talk_of(asked, history):
            model = self._generator_for(settings).spec.name
            return reply(talk, asked, model=model, language=settings.answer_language, watch=watch)
        languages = self._languages(asked.language, settings)
        if not last and (events := self._from_facts(question, languages, settings, watch, place)):
            return events
        rows = None if last else self._from_rows(question, languages, settings, watch, place)
        if rows and rows.answer:
            return rows.events(watch)
        with watch.stage("open"):
            store = place.store if place else self._index.for_reading()
            if languages.model_speaks and (history or not asked.is_bare):
                rewritten = who_rewrites(self._generator_for(settings).spec, asked.language, settings) == "model"
                self._warm_up("" if last or (history and rewritten) else languages.answer, settings)
                self._begin_embedder()
            reader = self._reader(asked, settings)
            reranking = self._reranking(asked.language, settings)
            self._check_embedder(settings)
            counts = store.languages()
            documents = store.count_documents()
        across = "" if asked.is_bare else self._note_across(asked.language, counts, settings)
        notes = (*languages.notes_with(across), *notes_on_untrusted(self.root), *(rows.notes if rows else ()))
        resources = Resources(
            store=store,
            embedder=self.embedder,
            generator=self._generator_for(settings),
            settings=languages.settings,
            watch=watch,
            documents=documents,
            entailment=self._entailment,
            words_of=languages.words_of,
            reader=reader,
            reranking=reranking,
            scope=place.scope if place else None,
        )
        if last:
            return revise(last, question, resources, notes=notes)
        return answer_from_documents(asked, resources, history=history, notes=notes)

    def _from_rows(
        self, question: str, languages: Languages, settings: Settings, watch: Stopwatch, place: asking.Within | None
    ) -> Outcome | None:
        """Compute the answer to a question over the rows of a sheet; None if there are no sheets."""
        from bunko.rows.hint import may_be_over_rows

        if not may_be_over_rows(question):
            return None
        with watch.stage("open"):
            store = place.store if place else self._index.for_reading()
        from bunko.rows.answering import Setting, answer_from_rows

        setting = Setting(
            question=question,
            language=languages.answer,
            documents=store.count_documents(),
            generator=lambda: self._generator_for(settings),
            settings=settings,
            watch=watch,
        )
        within, state = place.scope.filters if place and place.scope else "", self._kept_answers.state()
        return answer_from_rows(self._tables, store, setting, state=state and f"{state} {within}")

    @cached_property
    def _tables(self) -> Tables:
        from bunko.rows.finding import Tables

        return Tables()

    def _from_facts(
        self, question: str, languages: Languages, settings: Settings, watch: Stopwatch, place: asking.Within | None
    ) -> Iterator[Event] | None:
        """Return the events of an answer from what a document says of itself; None where that does not answer."""
        from bunko.answering.document_facts import answer_from_facts, find_fact
        from bunko.question.about_document import about_document

        if about_document(question) is None:
            return None
        with watch.stage("open"):
            store = place.store if place else self._index.for_reading()
            documents = [one for one in store.listing() if not one.error]
            found = find_fact(question, documents)
        if found is None:
            return None
        return answer_from_facts(
            found,
            question,
            language=languages.answer,
            documents=len(documents),
            model=self._generator_for(settings).spec.name,
            embedder=self.embedder.spec.name,
            watch=watch,
        )

    def _note_across(self, asked_in: str, documents: Mapping[str, int], settings: Settings) -> str:
        from bunko.answering.across_languages import note_across

        embedder = "" if self._given_embedder else settings.embedder
        return note_across(asked_in, documents, spec=self.embedder.spec, embedder=embedder)

    def _survey(
        self, plan: Plan, question: str, settings: Settings, watch: Stopwatch, place: asking.Within | None
    ) -> Iterator[Event]:
        """Yield the answer to a question about the whole folder. Earlier turns don't matter to it."""
        from bunko.overview.surveying import survey

        languages = self._languages(detect_language(question), settings)
        with watch.stage("open"):
            store = place.store if place else self._index.for_reading()
            if languages.model_speaks and plan.task == "summary":
                self._warm_up("", settings)
                self._begin_embedder()
            documents = store.count_documents()
        return survey(
            plan,
            question,
            store,
            self._generator_for(settings),
            languages=languages,
            embedder=self.embedder.spec.name,
            documents=documents,
            watch=watch,
            progress=self._progress,
        )

    def _settings_for(self, settings: Settings | Mapping[str, object] | None) -> Settings:
        """Return the settings of one question: the library's own, these, what the model brings, the user's prompts."""
        from bunko.answering.prompt_files import settings_of_library
        from bunko.models.modelfile import with_modelfile

        chosen = settings_with(settings or {}, base=self.settings)
        if chosen.embedder == AUTO_EMBEDDER:
            chosen = replace(chosen, embedder=self.settings.embedder)
        return settings_of_library(with_modelfile(chosen), self.root)

    def _generator_for(self, settings: Settings) -> Generator:
        if self._given_generator is not None or settings.model == self.settings.model:
            return self.generator
        return self._engines.generator(settings)

    def _warm_up(self, language: str, settings: Settings) -> None:
        """Start the model; with a language, have it read the beginning of that language's prompts."""
        generator = self._generator_for(settings)
        if isinstance(generator, Engine):
            generator.start()
        if language:
            from bunko.answering.writing import prime

            prime(generator, language=language, settings=self._settings_for(settings))

    def _begin_embedder(self) -> None:
        """Start loading the embedder in the background."""
        if self._given_embedder is None and "embedder" not in self.__dict__:
            self._engines.begin_embedder(self.settings)

    def _reader(self, question: Question, settings: Settings) -> Reader | None:
        """Return the reader of a question's language; None if there is none. It loads if one passage may answer."""
        from bunko.question.kind import WIDE

        reader = self._given_reader
        if reader is None and self._given_generator is None:
            reader = self._engines.reader(settings, question.language)
        if reader is not None and question.kind not in WIDE:
            reader.begin()
        return reader

    def _reranking(self, language: str, settings: Settings) -> Reranking | None:
        """Return what reranks passages for a question in a language; None if nothing does. Raises ModelError."""
        if settings.retrieval.reranker == "none":
            return None
        from bunko.answering.reranking import Reranking

        reranker = self._engines.reranker(settings, language)
        if reranker is None:
            return None
        reranker.begin()
        return Reranking.within(reranker, self._engines.pace(), budget_s=settings.retrieval.rerank_ms / 1000)

    def _check_embedder(self, settings: Settings) -> None:
        """Raise EmbedderMismatch where the index has vectors of another embedder only: a sync is needed first."""
        if settings.retrieval.mode == "lexical":
            return
        others = self.store.embedders()
        if others and self.embedder.spec.name not in others:
            raise EmbedderMismatch(
                f"The index was made with another embedder ({', '.join(others)}), not {self.embedder.spec.name}.",
                "Ask without --no-sync to add this one's vectors, or name the other with --embedder.",
            )

    def _languages(self, asked_in: str, settings: Settings) -> Languages:
        from bunko.answering.languages import languages_for

        return languages_for(
            asked_in,
            settings,
            model="" if self._given_generator else settings.model,
            embedder="" if self._given_embedder else settings.embedder,
        )

    # --- the index and the folder -------------------------------------------------------------------------------

    @cached_property
    def _kept_answers(self) -> KeptAnswers:
        from bunko.answering.recall import KeptAnswers

        # Whether engines that were passed in are the same the next time is unknown: no answer is kept then.
        given = self._given_embedder or self._given_generator or self._given_reader or self._entailment
        return KeptAnswers(
            self.root, self._index.location, keep=self.settings.answers.keep, engines="unknown" if given else "known"
        )

    def _has_all_vectors(self) -> bool:
        return not self.store.missing_vectors(self.embedder.spec).chunks

    def _describe_folder(self) -> Folder | None:
        """Return what the folder contains; None if the index is not in step with it."""
        from bunko.answering.answer_cache import folder_of
        from bunko.indexing.compare import in_step

        self._index.for_reading().refresh()
        found = in_step(self.root, self._index.for_reading(), settings=self.settings)
        return folder_of(found.files, found.unsettled, failed=found.failed) if found else None

    def _sync_while_watching(self) -> SyncReport:
        """Sync; a folder without documents gives a report, and a deleted index is created again."""
        before = self._index.count_documents()
        try:
            return self.sync()
        except LibraryEmpty:
            records = self.records().values() if self.is_indexed else ()
            failed = tuple(
                FailedFile(path=record.path, error=record.error, hint=record.hint) for record in records if record.error
            )
            return SyncReport(removed=before, failed=failed)


def _checked(root: Path) -> Path:
    """Return a path that exists. Raises LibraryNotFound."""
    try:
        root.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise LibraryNotFound(f"There is no folder or file {str(root)!r}.", "Check the path.") from error
    except OSError as error:
        raise LibraryNotFound(
            f"The folder {str(root)[:200]!r} can't be opened: {error.strerror}.", "Check the path."
        ) from error
    return root
