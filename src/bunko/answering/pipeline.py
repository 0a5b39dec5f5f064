"""Pipeline 2: answer a question. In: question, store, embedder, generator. Out: events, the answer last.

    (rewrite) -> embed -> retrieve -> select -> prompt -> generate -> ground

The evidence is out before the model has read a word of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from bunko.answering import prompts
from bunko.answering.model_opinion import likeness_by, notes_on, opinion_of
from bunko.answering.refusal import can_judge, support, support_by_model
from bunko.answering.translation import translate
from bunko.answering.writing import Written, builder, extract, notes_of, style_of, write
from bunko.errors import QuestionError
from bunko.generation.thinking import text_of
from bunko.grounding.ground import ground
from bunko.language.detection import detect_language
from bunko.ports import Embedder, GenerationOptions, Generator, Quotable, Searchable
from bunko.question.follow_up import accept_rewrite, join_with_history
from bunko.retrieval.evidence import notes_on_orders, select, trusted
from bunko.retrieval.search import retrieve
from bunko.settings import Settings, apply_overrides
from bunko.stopwatch import Stopwatch
from bunko.types import (
    Answer,
    Event,
    Evidence,
    Finished,
    Hit,
    Message,
    Retrieved,
    TextDelta,
    Translation,
    Usage,
    page_at,
)

if TYPE_CHECKING:
    from bunko.ports import Vectors

_REWRITE_TOKENS = 64
_REWRITE_TURNS = 4
# Clients ask for as many tokens of an answer as they may; what is to be read must have room beside it.
_LEAST_PROMPT = 1024


def answer_from_documents(
    question: str,
    store: Quotable,
    embedder: Embedder,
    generator: Generator,
    *,
    settings: Settings,
    history: Sequence[Message] = (),
    watch: Stopwatch,
    documents: int = 0,
    notes: tuple[str, ...] = (),
    words_of: Literal["model", "document"] = "model",
) -> Iterator[Event]:
    """Yield Retrieved, then deltas, then Finished.

    `documents` is how many the library holds, `notes` what the answer should tell of how it came about. With
    `words_of="document"` the best quote is the answer, word for word, and the model is not asked.
    """
    _check_question(question)
    asked_in = detect_language(question)
    language = settings.answer_language or asked_in
    usage = Usage()
    standalone = question
    if history:
        with watch.stage("rewrite"):
            standalone, usage = _rewrite(question, history, generator, settings)
    hits, vector = find(standalone, store, embedder, settings=settings, watch=watch)
    with watch.stage("select"):
        chosen = select(standalone, hits, embedder, vector=vector, settings=settings.evidence)
        evidence = _on_their_pages(chosen, store)
    yield Retrieved(question=standalone, evidence=tuple(evidence), hits=tuple(hits))
    shown, written = trusted(evidence), Written(text=prompts.refusal(language), finish_reason="none")
    supported = support(standalone, hits, evidence, spec=embedder.spec)
    if supported.strength < settings.answers.strictness:
        shown, notes = [], (*notes, supported.doubt)
    elif evidence and words_of == "document":
        shown, written.text = shown[:1], shown[0].quote
    elif evidence:
        with watch.stage("load"):  # what is left of the engine's start, which began before the search
            settings, room = _with_room(settings, context=generator.context_tokens())
        style = style_of(generator, shown, language=language, settings=settings)
        with watch.stage("prompt"):
            messages, shown = prompts.fit(
                shown,
                build=builder(standalone, style, generator, settings, language=language, asked_in=asked_in),
                count_tokens=generator.count_tokens,
                room=room,
            )
        if shown:
            stop = prompts.stop_texts(language)
            extractive = style == "extractive"
            judged = extractive and can_judge(standalone, generator)
            writing = write(messages, generator, settings, watch, stop=stop, tell_probability=extractive)
            if extractive:
                writing = extract(writing, shown, question=standalone)
            written = yield from writing
            by_model = support_by_model(
                written.said or written.text, shown, judged=judged, log_probability=written.log_probability
            )
            if by_model.strength < settings.answers.strictness:
                shown, written.text, written.notes = [], prompts.refusal(language), (by_model.doubt,)
            supported = min(supported, by_model, key=lambda item: item.strength)
    if not written.is_out:
        yield TextDelta(text=written.text)
    with watch.stage("ground"):
        opinion = opinion_of(generator, settings) if words_of == "model" else None
        grounding = ground(
            written.text.strip() if shown else "",
            shown,
            question=standalone,
            likeness=likeness_by(embedder),
            opinion=opinion,
        )
    translation: tuple[Translation, ...] = ()
    if settings.generation.translation and grounding.text:
        with watch.stage("translate"):
            translation, more = translate(grounding.text, generator, settings=settings, citations=grounding.citations)
        usage += more
    yield Finished(
        answer=Answer(
            question=question,
            standalone_question=standalone,
            text=grounding.text if shown else written.text.strip(),
            reasoning=written.reasoning.strip(),
            refused=not shown,
            support=supported.strength if evidence else 0.0,
            evidence=tuple(evidence),
            citations=grounding.citations,
            unsupported=grounding.unsupported,
            translation=translation,
            hits=tuple(hits),
            documents_searched=documents,
            documents_read=len({item.path for item in shown}),
            usage=usage + written.usage + (opinion.usage if opinion else Usage()),
            timings=watch.timings(),
            model=generator.name,
            embedder=embedder.spec.name,
            finish_reason=written.finish_reason,
            notes=(
                *notes,
                *notes_on_orders(evidence),
                *notes_of(written, settings),
                *(notes_on(generator, settings) if words_of == "model" else ()),
            ),
        )
    )


def answer_without_documents(
    question: str,
    generator: Generator,
    *,
    settings: Settings,
    history: Sequence[Message] = (),
    watch: Stopwatch,
) -> Iterator[Event]:
    """Yield the model's own answer: deltas, then Finished. Nothing is added to the question."""
    _check_question(question)
    with watch.stage("load"):
        settings, room = _with_room(settings, context=generator.context_tokens())
    with watch.stage("prompt"):
        turns = list(history)
        while True:
            messages = prompts.plain_messages(question, turns, language=settings.answer_language)
            tokens = generator.count_tokens(messages)
            if tokens <= room:
                break
            oldest = 1 if turns and turns[0].role == "system" else 0
            if len(turns) == oldest:
                raise _too_long(tokens, room)
            del turns[oldest : oldest + 2]
    written = yield from write(messages, generator, settings, watch)
    yield Finished(
        answer=Answer(
            question=question,
            standalone_question=question,
            text=written.text.strip(),
            reasoning=written.reasoning.strip(),
            usage=written.usage,
            timings=watch.timings(),
            model=generator.name,
            finish_reason=written.finish_reason,
            notes=notes_of(written, settings),
        )
    )


def find(
    question: str, store: Searchable, embedder: Embedder, *, settings: Settings, watch: Stopwatch
) -> tuple[list[Hit], Vectors | None]:
    """Return the hits for a question, and its vector if it was made. Raises QuestionError for an empty one."""
    _check_question(question)
    vector: Vectors | None = None
    if settings.retrieval.mode != "lexical" and embedder.spec.knows(detect_language(question)):
        with watch.stage("embed"):
            vector = embedder.embed_query(question)
    with watch.stage("retrieve"):
        hits = retrieve(question, store, embedder, vector=vector, settings=settings.retrieval)
    return hits, vector


def _on_their_pages(evidence: Sequence[Evidence], store: Quotable) -> list[Evidence]:
    """Return the quotes with the pages on which they begin: a passage may begin on an earlier one."""
    pages = {item.path: store.pages(item.path) for item in evidence if item.page is not None}
    return [
        item if item.page is None else replace(item, page=page_at(pages[item.path], item.start)) for item in evidence
    ]


def _rewrite(question: str, history: Sequence[Message], generator: Generator, settings: Settings) -> tuple[str, Usage]:
    """Return the follow-up question in a form that can be searched for, by the model if it does so faithfully."""
    recent = history[-_REWRITE_TURNS:]
    messages = prompts.rewrite_messages(question, recent, language=detect_language(question))
    options = GenerationOptions(max_tokens=_REWRITE_TOKENS, seed=settings.generation.seed, think="off")
    pieces = list(generator.stream(messages, options=options))
    usage = next((piece.usage for piece in reversed(pieces) if piece.usage), Usage())
    rewritten = accept_rewrite(text_of(pieces), question, recent)
    return rewritten or join_with_history(question, recent), usage


def _check_question(question: str) -> None:
    if not question.strip():
        raise QuestionError("The question is empty.", 'Ask in words: bunko ask FOLDER "Who wrote this?"')
    try:
        question.encode()
    except UnicodeEncodeError as error:  # what Python makes of bytes on the command line that are no text
        raise QuestionError("The question is not in UTF-8.", "Write it in UTF-8.") from error


def _with_room(settings: Settings, *, context: int) -> tuple[Settings, int]:
    """Return the settings with no longer an answer than leaves room for a prompt, and that room, in tokens.

    >>> _with_room(apply_overrides(Settings(), {"generation.max_tokens": 4096}), context=4096)[1]
    1024
    """
    most = max(context - _LEAST_PROMPT, context // 2)
    if settings.generation.max_tokens > most:
        settings = apply_overrides(settings, {"generation.max_tokens": most})
    return settings, context - settings.generation.max_tokens


def _too_long(tokens: int, room: int) -> QuestionError:
    return QuestionError(
        f"The question is too long: it has {tokens} tokens, and the model has room for {room}.",
        "Shorten it, lower --max-tokens, or raise generation.context_tokens.",
    )
