"""Answer a request about the last answer: shorter, as bullets, in Japanese. In: the request, the answer. Out: events.

    sources (of that answer, else found with its question) -> rework -> ground -> translate

The request's own words are not searched for. A capable model rewrites the answer from its sources; of smaller ones,
whole sentences are kept. A translation keeps each sentence beside it, with its sources.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from bunko.answering import prompts
from bunko.answering.answer_length import with_length, with_room
from bunko.answering.breadth import with_kind
from bunko.answering.draft import Resources
from bunko.answering.kept_sentences import in_sentences, reworked
from bunko.answering.model_opinion import likeness_by
from bunko.answering.pipeline import answer_from_documents
from bunko.answering.prompt_files import template_for
from bunko.answering.spoken_refusal import refuses
from bunko.answering.translated_answer import in_language
from bunko.answering.writing import Written, finished, notes_of, write
from bunko.grounding.ground import Grounding, ground
from bunko.language.detection import detect_language
from bunko.models.abilities import speaks
from bunko.models.ability import ability_of
from bunko.ports import Quotable
from bunko.question.about_last_answer import Form, LastAnswer
from bunko.question.question import Question, parse_question
from bunko.retrieval.evidence import trusted
from bunko.settings import apply_overrides
from bunko.types import Answer, Event, Evidence, Finished, Retrieved, TextDelta, page_at

_SHORT = frozenset(("shorter", "summary", "one_sentence"))
_KEPT = "{model} is too small to rewrite an answer: whole sentences of it were kept."
_ONE = "The answer is a single sentence already, and {model} is too small to rewrite it."
_NO_TABLE = "{model} is too small to make a table: the answer is a list."
_AGAIN = "The sources of the answer before were not sent: they were found again, with its question."


def revise(last: LastAnswer, request: str, resources: Resources, *, notes: tuple[str, ...] = ()) -> Iterator[Event]:
    """Yield Retrieved, the text, Finished. `request` is the user's own words.

    An answer that is to be longer, or that was a refusal, is made anew. Raises EngineError, StoreError.
    """
    forms = last.revision.forms
    subject = with_kind(parse_question(last.question), resources.settings)
    evidence = present(last.evidence, resources.store)
    if "longer" in forms or refuses(last.answer):
        yield from _anew(last, request, resources, notes)
        return
    if not evidence:
        events = answer_from_documents(subject, resources, history=last.earlier)
        found = next(event for event in events if isinstance(event, Retrieved))
        events.close()  # type: ignore[attr-defined] # a generator: the model is not asked
        subject = with_kind(parse_question(found.question), resources.settings)
        evidence, notes = found.evidence, (*notes, _AGAIN)
    yield Retrieved(question=subject.text, evidence=evidence, hits=())
    sources = trusted(evidence)
    written, more = _reworked(last.answer, forms, subject, sources, resources)
    grounding = _grounded(written.text, sources, subject, resources)
    answer = Answer(
        question=request,
        standalone_question=subject.text,
        text=grounding.text or written.text,
        evidence=evidence,
        citations=grounding.citations,
        unsupported=grounding.unsupported,
        kind=subject.kind,
        documents_searched=resources.documents,
        documents_read=len({item.path for item in sources}),
        usage=written.usage,
        model=resources.generator.spec.name,
        embedder=resources.embedder.spec.name,
        finish_reason=written.finish_reason,
        notes=(*notes, *more),
    )
    answer = in_language(answer, last.revision.language, resources)
    yield TextDelta(text=answer.text)
    yield _finished(answer, last, resources)


def present(evidence: Sequence[Evidence], store: Quotable) -> tuple[Evidence, ...]:
    """Return the quotes that their documents still have at these places, with their pages."""
    kept = []
    for item in evidence:
        document = store.document(item.path)
        if document is not None and document.text[item.start : item.end] == item.quote:
            pages = store.pages(item.path)
            kept.append(replace(item, page=page_at(pages, item.start) if pages else None))
    return tuple(kept)


def _anew(last: LastAnswer, request: str, resources: Resources, notes: tuple[str, ...]) -> Iterator[Event]:
    """Answer the last question again: in full, if the answer is to be longer."""
    if "longer" in last.revision.forms:
        wished = {"answers.length": "long"}
        if ability_of(resources.generator.spec, resources.settings.generation) != "capable":
            wished["answers.kind"] = "open"  # the best quotes of several documents
        resources = replace(resources, settings=apply_overrides(resources.settings, wished))
    subject = parse_question(last.question)
    for event in answer_from_documents(subject, resources, history=last.earlier, notes=notes):
        if not isinstance(event, Finished):
            yield event
            continue
        answer = replace(event.answer, question=request)
        answer = answer if answer.refused else in_language(answer, last.revision.language, resources)
        yield _finished(answer, last, resources)


def _finished(answer: Answer, last: LastAnswer, resources: Resources) -> Finished:
    return Finished(answer=replace(answer, revision=last.revision.words, timings=resources.watch.timings()))


def _reworked(
    text: str, forms: Sequence[Form], subject: Question, sources: Sequence[Evidence], resources: Resources
) -> tuple[Written, tuple[str, ...]]:
    """Return the answer in the form that was asked for, and notes: by a capable model, else by keeping sentences."""
    wanted = [form for form in forms if form != "language"]
    unchanged = Written(text=text, finish_reason="none")
    if not wanted:
        return unchanged, ()
    spec, language = resources.generator.spec, detect_language(text)
    if sources and ability_of(spec, resources.settings.generation) == "capable" and speaks(spec.name, language):
        written = _by_model(text, wanted, subject, sources, resources, language=language)
        if written.text.strip() and not refuses(written.text):
            return written, notes_of(written, resources.settings)

    @lru_cache(maxsize=256)
    def sources_of(sentence: str) -> tuple[int, ...]:
        found = ground(sentence, sources, question=subject)
        return tuple(citation.n for citation in found.citations if citation.verified)

    model = spec.name
    notes = []
    is_one = len(in_sentences(text).items) <= 1
    if is_one and not set(wanted) - _SHORT:
        return unchanged, (_ONE.format(model=model),)
    if set(wanted) & _SHORT and not is_one:
        notes.append(_KEPT.format(model=model))
    if "table" in wanted:
        notes.append(_NO_TABLE.format(model=model))
    return replace(unchanged, text=reworked(text, wanted, sources_of=sources_of)), tuple(notes)


def _by_model(
    text: str,
    forms: Sequence[Form],
    subject: Question,
    sources: Sequence[Evidence],
    resources: Resources,
    *,
    language: str,
) -> Written:
    generator, watch = resources.generator, resources.watch
    with watch.stage("load"):
        settings = with_length(resources.settings, generator.spec)
        settings, room = with_room(settings, context=generator.context_tokens())
    with watch.stage("prompt"):
        build = partial(
            prompts.revision_messages,
            subject,
            answer=text,
            forms=forms,
            language=language,
            instructions=settings.answers.instructions,
            template=template_for("revise", language, settings),
        )
        messages, _ = prompts.fit(sources, build=build, count_tokens=generator.count_tokens, room=room)
    return finished(write(messages, generator, settings, watch))


def _grounded(text: str, sources: Sequence[Evidence], subject: Question, resources: Resources) -> Grounding:
    with resources.watch.stage("ground"):
        return ground(
            text,
            sources,
            question=subject,
            likeness=likeness_by(resources.embedder),
            entailment=resources.entailment,
        )
