"""Who answers a question: the rows of a sheet, a document's properties, the whole folder, or the passages found.

In: a question and settings. Out: events, the answer last. The steps of an answer from passages are in
`answering/pipeline.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from bunko.door import at_the_door
from bunko.language.detection import detect_language
from bunko.library_parts import LibraryParts
from bunko.settings import Settings
from bunko.stopwatch import Stopwatch
from bunko.types import Document, Event, Message

if TYPE_CHECKING:
    from bunko.answering.languages import Languages
    from bunko.overview.types import Plan
    from bunko.question.about_last_answer import LastAnswer
    from bunko.rows.answering import Outcome
    from bunko.rows.finding import Tables
    from bunko.scope import asking


class LibraryQuestions(LibraryParts):
    """A library that can be asked. The first that can answer a question does."""

    @at_the_door
    def document(self, path: str) -> Document | None:
        """Return a document with the text that offsets count in; None if there is none of this path."""
        return self._index.for_reading().document(path)

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
        from bunko.answering.breadth import with_kind
        from bunko.answering.draft import Resources
        from bunko.answering.pipeline import answer_from_documents
        from bunko.answering.prompt_files import notes_on_untrusted, template_of_run
        from bunko.answering.revision import revise
        from bunko.answering.rewriting import who_rewrites
        from bunko.answering.small_talk_reply import reply, small_talk_of
        from bunko.answering.spans import is_for_reader
        from bunko.overview.plan import plan_of
        from bunko.question.question import parse_question

        template_of_run(settings)  # a fault in it is reported before anything is searched
        last: LastAnswer | None = None
        if history:
            from bunko.question.about_last_answer import last_answer

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
            reader = self._reader(asked, settings)
            is_read = is_for_reader(with_kind(asked, settings), reader, self._generator_for(settings).spec, settings)
            if languages.model_speaks and (history or not (asked.is_bare or is_read)):
                rewritten = who_rewrites(self._generator_for(settings).spec, asked.language, settings) == "model"
                self._warm_up("" if last or (history and rewritten) else languages.answer, settings)
            self._begin_embedder()
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
            unread_by_model=languages.unread_by_model,
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
