"""Pipeline 2: answer a question. In: a question and resources (index, models, settings). Out: events, the answer last.

    (rewrite) -> search -> select -> (read) -> judge -> (mark) -> generate -> ground -> (translate)

The evidence is yielded before the model reads any of it.
"""

from __future__ import annotations

from collections.abc import Generator as Generator_
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from bunko.answering import prompts
from bunko.answering.across_languages import note_on_quote
from bunko.answering.answer_length import with_length, with_room
from bunko.answering.asked_cells import cell_span
from bunko.answering.breadth import (
    Breadth,
    breadth_of,
    evidence_for,
    named_documents,
    searches_for,
    with_kind,
)
from bunko.answering.draft import Draft, Resources
from bunko.answering.finding import find
from bunko.answering.model_opinion import likeness_by, notes_on, opinion_of
from bunko.answering.outcome import answer_of, retrieved
from bunko.answering.refusal import can_judge, support, support_by_model, support_in_files
from bunko.answering.rewriting import rewrite
from bunko.answering.scoped_refusal import refusal_of
from bunko.answering.spans import (
    choose_span,
    cite_span,
    is_read_for_words,
    read_quotes,
    stands_alone,
    with_span,
    with_span_first,
)
from bunko.answering.spoken_refusal import refuses
from bunko.answering.translation import translate
from bunko.answering.writing import (
    Written,
    builder,
    extract,
    notes_of,
    notes_on_instructions,
    or_best_quote,
    stop_texts,
    style_of,
    write,
)
from bunko.grounding.ground import ground
from bunko.models.abilities import is_on_model
from bunko.ports import Quotable, Timed
from bunko.question.question import Question, parse_question
from bunko.question.versions import wanted_version
from bunko.retrieval.duplicates import distinct, further, notes_on_versions, together, versions_among
from bunko.retrieval.evidence import notes_on_orders, trusted
from bunko.retrieval.named_documents import named_files
from bunko.retrieval.second_search import second_search
from bunko.settings import apply_overrides
from bunko.types import (
    Event,
    Evidence,
    Finished,
    Hit,
    Message,
    TextDelta,
    Usage,
    page_at,
)

_SPARE = 3
"""Times as many passages are searched for as are read."""
Stage: TypeAlias = "Generator_[Event, None, Draft]"


def answer_from_documents(
    question: Question, resources: Resources, *, history: Sequence[Message] = (), notes: tuple[str, ...] = ()
) -> Iterator[Event]:
    """Yield Retrieved, then deltas, then Finished.

    `history` holds the earlier turns, `notes` what the reader should know in advance. Closing the iterator stops the
    model. Raises QuestionError, EngineError, StoreError.
    """
    language = resources.settings.answer_language or question.language
    question = with_kind(question, resources.settings)
    draft = Draft(
        asked=question, question=question, language=language, breadth=_breadth(question, resources), notes=notes
    )
    draft = _rewrite(draft, resources, history)
    draft = _search(draft, resources)
    draft = _select(draft, resources)
    draft = _read(draft, resources)
    draft = _judge(draft, resources)
    draft = _mark(draft, resources)
    yield retrieved(draft, resources)
    draft = yield from _generate(draft, resources)
    draft = _ground(draft, resources)
    draft = _translate(draft, resources)
    yield Finished(answer=answer_of(draft, resources))


# --- the stages, in order -----------------------------------------------------------------------------------------


def _rewrite(draft: Draft, resources: Resources, history: Sequence[Message]) -> Draft:
    """Rewrite a follow-up to stand alone: by the model if it does so faithfully, else by rule."""
    if not history:
        return draft
    with resources.watch.stage("rewrite"):
        text, usage = rewrite(
            draft.asked.text,
            history,
            language=draft.asked.language,
            generator=resources.generator,
            settings=resources.settings,
        )
        standalone = with_kind(parse_question(text), resources.settings)
        if text.endswith(f" {draft.asked.text}"):  # the question before was put in front of it, and is not asked again
            standalone = replace(standalone, before=text.removesuffix(draft.asked.text))
    return replace(
        draft,
        question=standalone,
        breadth=_breadth(standalone, resources),
        usage=usage,
    )


def _search(draft: Draft, resources: Resources) -> Draft:
    question, passages, store = draft.question, draft.breadth.passages, resources.store
    # More than are needed, since copies of a document take the places of others.
    settings = apply_overrides(resources.settings, {"retrieval.top_k": _SPARE * passages})
    hits, vector = find(
        question,
        store,
        resources.embedder,
        settings=settings,
        watch=resources.watch,
        reranking=resources.reranking,
    )
    searches: list[Sequence[Hit]] = [hits]
    with resources.watch.stage("retrieve"):
        if draft.breadth.is_wide:
            searches = searches_for(question, hits, store, resources.embedder, settings=settings.retrieval)
        named = named_documents(question, hits[:passages], store)
        versions = versions_among(searches, store)
        # Documents of one form, such as minutes, look like versions: where several passages answer, only copies go.
        asked_for = "all" if draft.breadth.is_wide else wanted_version(draft.asked.text)
        found = [distinct(question, each, versions, wanted=asked_for, keep=named) for each in searches]
    searches = [each.hits[:passages] for each in found]
    hits = list(searches[0])
    if draft.breadth.searches_again and not named:
        with resources.watch.stage("search_again"):
            more = second_search(question, hits, store)
            versions = versions_among([hits, more], store)
            searches.append(further(question, hits, more, versions, wanted=asked_for))
    hits = hits[: resources.settings.retrieval.top_k]
    language = draft.language
    if draft.question.is_bare and hits and not resources.settings.answer_language:
        language = hits[0].chunk.language  # an id is in no language
    return replace(
        draft,
        searches=tuple(map(tuple, searches)),
        named=tuple(named),
        hits=tuple(hits),
        distinct=together(found),
        vector=vector,
        language=language,
    )


def _select(draft: Draft, resources: Resources) -> Draft:
    with resources.watch.stage("select"):
        chosen, quotes = evidence_for(
            draft.question,
            draft.searches,
            draft.named,
            resources.store,
            resources.embedder,
            vector=draft.vector,
            breadth=draft.breadth,
            settings=resources.settings.evidence,
        )
        evidence = tuple(_with_own_pages(chosen, resources.store))
    notes = (*draft.notes, *notes_on_versions(draft.distinct, evidence))
    return replace(draft, evidence=evidence, quotes=evidence[:quotes], sources=tuple(trusted(evidence)), notes=notes)


def _read(draft: Draft, resources: Resources) -> Draft:
    """Have the reader read the passages of the first quotes, where one passage answers."""
    if resources.reader is None or draft.breadth.is_wide or not draft.sources:
        return draft
    with resources.watch.stage("mark"):
        read = read_quotes(draft.question, draft.evidence, draft.hits, resources.reader)
    return replace(draft, read=tuple(read))


def _judge(draft: Draft, resources: Resources) -> Draft:
    """Estimate how well the passages support an answer; refuse where that is below the strictness."""
    found = support(
        draft.question,
        draft.hits,
        draft.quotes,
        spec=resources.embedder.spec,
        breadth="several passages" if draft.breadth.is_wide else "one answer",
        reader=resources.reader.spec.name if resources.reader and draft.read else "",
        relevance=max((one.reading.relevance for one in draft.read), default=0.0),
    )
    if named := named_files(draft.question, draft.named):
        found = support_in_files(draft.question, draft.evidence, named)
    draft = replace(draft, support=found)
    if found.strength < resources.settings.answers.strictness:
        draft = replace(draft, sources=(), notes=(*draft.notes, found.doubt))
    return replace(draft, notes=(*draft.notes, *notes_on_orders(draft.evidence)))


def _mark(draft: Draft, resources: Resources) -> Draft:
    """Mark the words that answer. Of a tiny model or none they are the answer, and their quote is the first."""
    if resources.reader is None or not draft.sources:
        return draft
    span = cell_span(draft.question, draft.evidence) or choose_span(draft.question, draft.read, resources.reader.spec)
    if span is None:
        return draft
    if not (resources.words_of == "document" or stands_alone(resources.generator.spec, resources.settings)):
        evidence = with_span(draft.evidence, span)
        return replace(draft, evidence=evidence, sources=tuple(trusted(evidence)), span=span)
    evidence, span = with_span_first(draft.evidence, span)
    return replace(draft, evidence=evidence, sources=evidence[:1], span=span, by_span=True)


def _generate(draft: Draft, resources: Resources) -> Stage:
    """Yield the answer's text: the model's, marked words, the best quote, or a refusal."""
    if draft.by_span and draft.span:
        draft = replace(draft, written=Written(text=draft.span.text, finish_reason="none"))
    elif draft.sources and draft.breadth.bullets:
        text = prompts.bullets(draft.sources, language=draft.language, names=draft.question.names)
        draft = replace(draft, written=Written(text=text, finish_reason="none"))
    elif draft.sources and _is_quoted(draft, resources):
        draft = replace(draft, sources=draft.sources[:1])
        draft = replace(draft, written=Written(text=draft.sources[0].quote, finish_reason="none"))
    elif draft.sources:
        draft = yield from _ask_model(draft, resources)
    if not draft.sources:
        said = draft.written.text
        own = draft.written.is_streamed and refuses(said) and not prompts.is_refusal(said)  # it was read, and says more
        draft = replace(
            draft, written=replace(draft.written, text=said if own else refusal_of(draft.language, resources.scope))
        )
    if not draft.written.is_streamed:
        yield TextDelta(text=draft.written.text)
    return draft


def _ask_model(draft: Draft, resources: Resources) -> Stage:
    """Have the model answer from the sources. What it says may lead to a refusal, too."""
    generator, watch = resources.generator, resources.watch
    with watch.stage("load"):  # the rest of the engine's start, which began before the search
        settings = with_length(resources.settings, generator.spec)
        settings, room = with_room(settings, context=generator.context_tokens())
    style = style_of(generator, draft.sources, language=draft.language, settings=settings)
    with watch.stage("prompt"):
        messages, shown = prompts.fit(
            draft.sources,
            build=builder(draft.question, style=style, generator=generator, settings=settings, language=draft.language),
            count_tokens=generator.count_tokens,
            room=room,
        )
    draft = replace(draft, evidence=_with_what_did_not_fit(draft, shown), sources=tuple(shown))
    if not shown:
        return draft
    extractive = style == "extractive"
    stop = stop_texts(generator, style=style, settings=settings, language=draft.language)
    writing = write(messages, generator, settings, watch, stop=stop, tell_probability=extractive)
    writing = extract(writing, shown, question=draft.question) if extractive else or_best_quote(writing, shown)
    written = yield from writing
    judged = extractive and can_judge(draft.question, generator)
    by_model = support_by_model(
        written.said or written.text, shown, judged=judged, log_probability=written.log_probability
    )
    if by_model.strength < settings.answers.strictness:
        draft = replace(draft, sources=())
        written = replace(written, notes=(by_model.doubt,))
    by_model = replace(by_model, probability=draft.support.probability)
    return replace(
        draft,
        written=written,
        support=min(draft.support, by_model, key=lambda item: item.strength),
        usage=draft.usage + written.usage,
        notes=(
            *draft.notes,
            *notes_on_instructions(messages, settings),
            *notes_of(written, settings),
            *generator.spec.notes,
        ),
    )


def _ground(draft: Draft, resources: Resources) -> Draft:
    if draft.by_span and draft.span:
        notes = (note for note in draft.notes if not is_on_model(note))  # no model was needed
        grounding = cite_span(draft.span, draft.sources[0])
        return replace(draft, grounding=grounding, notes=(*notes, *_note_on_quote(draft)))
    with resources.watch.stage("ground"):
        by_model = not _is_quoted(draft, resources)
        opinion = opinion_of(resources.generator, resources.settings) if by_model else None
        grounding = ground(
            draft.written.text.strip() if draft.sources else "",
            draft.sources,
            question=draft.question,
            likeness=likeness_by(resources.embedder),
            opinion=opinion,
            entailment=resources.entailment,
        )
    return replace(
        draft,
        grounding=grounding,
        usage=draft.usage + (opinion.usage if opinion else Usage()),
        notes=(
            *draft.notes,
            *(notes_on(resources.generator, resources.settings) if by_model else _note_on_quote(draft)),
        ),
    )


def _translate(draft: Draft, resources: Resources) -> Draft:
    if not (resources.settings.generation.translation and draft.grounding.text):
        return draft
    with resources.watch.stage("translate"):
        translation, usage = translate(
            draft.grounding.text,
            resources.generator,
            settings=resources.settings,
            citations=draft.grounding.citations,
        )
    return replace(draft, translation=translation, usage=draft.usage + usage)


# --- what the stages share ----------------------------------------------------------------------------------------


def _breadth(question: Question, resources: Resources) -> Breadth:
    generator = resources.generator
    speed = generator.tokens_per_s() if isinstance(generator, Timed) else 0.0
    return breadth_of(question, generator.spec, resources.settings, tokens_per_s=speed)


def _note_on_quote(draft: Draft) -> tuple[str, ...]:
    """Return a note where the answer, the words of a document, is in another language than it was asked for in."""
    if not draft.sources or draft.question.is_bare:
        return ()
    return note_on_quote(draft.language, _language_of_first_source(draft))


def _language_of_first_source(draft: Draft) -> str:
    source = draft.sources[0]
    passages = [hit.chunk for hit in draft.hits if hit.chunk.path == source.path]
    return next((it.language for it in passages if it.start <= source.start < it.end), draft.language)


def _is_quoted(draft: Draft, resources: Resources) -> bool:
    """Return whether the best quote is the answer.

    It is where a reader is not sure of the words that answer: a tiny model is right less often than the quote
    (docs/decisions/024-reader.md). Of a bare identifier or number, a model would invent something, and of a source in
    a script that it was not made for it writes signs without sense.
    """
    if resources.words_of == "document" or draft.question.is_bare or draft.breadth.best_quote:
        return True
    if draft.sources and _language_of_first_source(draft) in resources.unread_by_model:
        return True
    return is_read_for_words(draft.question, draft.read) and stands_alone(resources.generator.spec, resources.settings)


def _with_what_did_not_fit(draft: Draft, shown: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return the evidence, those sources marked that the prompt has no room for."""
    left_out = [item for item in draft.sources if item not in shown]
    return tuple(replace(item, did_not_fit=True) if item in left_out else item for item in draft.evidence)


def _with_own_pages(evidence: Sequence[Evidence], store: Quotable) -> list[Evidence]:
    """Return the quotes with the page on which each starts; its passage may start on an earlier one."""
    pages = {item.path: store.pages(item.path) for item in evidence if item.page is not None}
    return [
        item if item.page is None else replace(item, page=page_at(pages[item.path], item.start)) for item in evidence
    ]
