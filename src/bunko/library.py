"""A library: a folder of documents that can be searched and asked. What the commands and Python users call.

    library = bunko.open("reports")
    library.sync()
    print(library.ask("Who wrote the first report?").text)

Heavy modules and models are loaded when they are first needed, and kept until `close`.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bunko.config import load_settings
from bunko.conversation import Conversation, last
from bunko.door import at_the_door, steps_at_the_door
from bunko.errors import (
    BunkoError,
    LibraryEmpty,
)
from bunko.language.detection import OTHER_SCRIPTS, detect_language
from bunko.library_questions import LibraryQuestions
from bunko.listings import Documents, Hits
from bunko.notebook_progress import NotebookBars, in_notebook
from bunko.paths import config_file
from bunko.settings import Settings, apply_overrides, settings_with
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Event, FailedFile, Message, SyncReport
from bunko.within import Within, with_scope

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from bunko.answering.answer_cache import Folder
    from bunko.contract.records import DuplicateGroup, SearchResult
    from bunko.pages.page_address import Networks
    from bunko.pages.saved_pages import AddedPage
    from bunko.ports import EntailmentModel
    from bunko.store import Problem, Record


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
    and `embedder` theirs. `entailment` is asked whether a source entails a sentence of an answer. In a notebook, bars
    show syncs and downloads. Raises LibraryNotFound, SettingsError.
    """
    root = Path(folder).expanduser()
    if not isinstance(settings, Settings):
        settings = settings_with(settings or {}, base=load_settings(library_config=config_file(root)))
    chosen = {name: value for name, value in (("model", model), ("embedder", embedder)) if value}
    bars = NotebookBars() if in_notebook() else None
    return Library(
        root,
        settings=apply_overrides(settings, chosen),
        entailment=entailment,
        progress=bars,
        download_progress=bars.download if bars else None,
    )


class Library(LibraryQuestions):
    """A folder of documents with its index, an embedder and a model. Use it in a `with`, or `close` it.

    Not thread-safe: open one Library per thread; they share the index on disk.
    """

    def __repr__(self) -> str:
        return f"<Library {self.root}>"

    def _repr_html_(self) -> str:
        from bunko.notebook_html import facts_html

        documents = f"{self._index.count_documents():,}" if self.is_indexed else "none yet; call sync()"
        facts = {"documents": documents, "model": self.settings.model, "embedder": self.settings.embedder}
        return facts_html(str(self.root), facts)

    @at_the_door
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

    @at_the_door
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
    def complete(self, *, seconds: float = math.inf, wait_s: float = 0.0) -> int:
        """Make the vectors that `sync(vectors="few")` left for later; return how many there were to make.

        It ends early after about so many `seconds`: call it again until it returns 0. It waits up to `wait_s` seconds
        for another process that writes to the index. Raises StoreBusy, StoreError, ModelError.
        """
        from bunko.indexing.embed import embed_missing

        return embed_missing(self.store, self.embedder, progress=self._progress, seconds=seconds, wait_s=wait_s)

    @steps_at_the_door
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

    @at_the_door
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

    @steps_at_the_door
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

    @at_the_door
    def recall(self, question: str, *, watch: Stopwatch, settings: Settings | None = None) -> Iterator[Event] | None:
        """Return the events of a kept answer if the folder has not changed either, so that no sync is needed.

        Loads neither the index nor a model. Raises LibraryNotFound.
        """
        from bunko.answering.recall import again

        with watch.stage("recall"):
            answer = self._kept_answers.unchanged(question, settings=self._settings_for(settings))
        return again(answer, watch) if answer else None

    @at_the_door
    def kept(self, question: str, *, watch: Stopwatch, settings: Settings | None = None) -> Iterator[Event] | None:
        """Return the events of the answer that is kept for the present index; None if there is none.

        Loads neither the index nor a model, and does not look into the folder: for callers that keep them in step.
        """
        from bunko.answering.recall import again

        with watch.stage("recall"):
            answer = self._kept_answers.slot(question, settings=self._settings_for(settings)).answer
        return again(answer, watch) if answer else None

    @at_the_door
    def keep_folder(self) -> None:
        """Record what the folder contains, if the index is in step with it: `recall` compares it."""
        self._kept_answers.keep_folder(self._describe_folder)

    @at_the_door
    def records(self) -> Mapping[str, Record]:
        """Return the record of every file of the library, by path; of those that could not be read, too."""
        return self._index.for_reading().records()

    @at_the_door
    def documents(self) -> Documents:
        """Return what is known of each document that could be read, by path. Raises NotIndexed."""
        from bunko.contract.records import row_of

        return Documents(row_of(record) for _, record in sorted(self.records().items()) if not record.error)

    @at_the_door
    def unknown_languages(self) -> tuple[str, ...]:
        """Return the languages of at least a tenth of the documents that the embedder does not know."""
        counts = self._index.for_reading().languages()
        least = 0.1 * sum(counts.values())
        return tuple(
            language
            for language, count in sorted(counts.items())
            if count >= least and language in OTHER_SCRIPTS and not self.embedder.spec.knows(language)
        )

    @at_the_door
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
