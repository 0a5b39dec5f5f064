"""Have the model write the answer. In: messages, a generator. Out: events as it writes, then the whole text.

Two styles: "free" is the model's own text; "extractive" is a phrase that the model chooses and the program copies from
a source, so that no word is invented. Knows nothing of retrieval.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from collections.abc import Generator as Generator_
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypeAlias

from bunko.answering import prompts
from bunko.answering.answer_length import most_tokens
from bunko.answering.prompt_files import template_for, template_of_run
from bunko.answering.prompts import PromptForm
from bunko.grounding.verbatim import locate, only_repeats
from bunko.language.detection import detect_language
from bunko.models.ability import EXTRACTIVE_UP_TO, ability_of
from bunko.ports import Engine, GenerationOptions, Generator
from bunko.question.question import Question
from bunko.settings import Settings
from bunko.stopwatch import Stopwatch
from bunko.types import Event, Evidence, Message, ReasoningDelta, TextDelta, Usage

Style: TypeAlias = Literal["extractive", "free"]
Writing: TypeAlias = "Generator_[Event, None, Written]"

# Small models may repeat the same words without end.
_LOOP = re.compile(r"(.{12,200}?)\1\1$", re.DOTALL)
_LOOP_WINDOW = 600
_LOOP_EVERY = 8  # pieces; the search takes longer than a small model takes for a token
# Parameters. Models up to half a billion were right more often, and briefer, with a phrase from the sources than in
# their own words; one of 135 million follows examples in plain text only (benchmarks/LOG.md). Where exactly between
# 0.5 and 3 billion the first limit lies, and between 0.14 and 0.5 the second, is not measured.
_PHRASE_TOKENS = 48  # phrases from the sources are shorter
_THOUGHT_CUT = "The model's reasoning was cut off at its limit; generation.think_tokens raises it."
_REASONED = "The model reasoned but gave no answer; --think off turns reasoning off."
_LONGEST_QUOTE = 200  # characters in a note
_UNHEARD = "Your instructions did not reach the model: its prompt has no place for them."
_TINY = 300_000_000


def style_of(generator: Generator, evidence: Sequence[Evidence], *, language: str, settings: Settings) -> Style:
    """Return the style of the answer: as set, or by the size of the model and the language of the best source.

    A prompt of the user's own asks for a text of the model's own.
    """
    if settings.answers.prompt_file:
        return "free"
    if settings.generation.style != "auto":
        return settings.generation.style
    small = 0 < generator.spec.parameters <= EXTRACTIVE_UP_TO
    return "extractive" if small and all(detect_language(item.quote) == language for item in evidence[:1]) else "free"


@dataclass(slots=True)
class Written:
    """What the model wrote, updated while it writes."""

    text: str = ""
    reasoning: str = ""
    usage: Usage = field(default_factory=Usage)
    finish_reason: Literal["stop", "length", "content_filter", "loop", "none"] = "stop"
    is_streamed: bool = False
    """Whether the text has been yielded as deltas."""
    thought_cut: bool = False
    """Whether the reasoning was cut off at its limit."""
    said: str = ""
    """In extractive style, the phrase in the model's words."""
    log_probability: float | None = None
    """Natural logarithm, of the whole text; None if not requested, not reported, or if it includes reasoning."""
    closest_quote: bool = False
    """Whether the text is the closest quote, for want of an answer that is in the documents."""
    notes: tuple[str, ...] = ()
    notes_of_server: tuple[str, ...] = ()
    """What the generator says of how the answer came about or ended."""


def write(
    messages: Sequence[Message],
    generator: Generator,
    settings: Settings,
    watch: Stopwatch,
    *,
    stop: tuple[str, ...] = (),
    tell_probability: bool = False,
) -> Writing:
    """Yield deltas and return the whole text. Prompt processing and generation are timed separately."""
    phrase = messages[0].role == "raw" and not settings.answers.prompt_file
    most = most_tokens(settings, generator.spec)
    options = GenerationOptions(
        max_tokens=min(most, _PHRASE_TOKENS) if phrase else most,
        temperature=settings.generation.temperature,
        seed=settings.generation.seed,
        stop=(*stop, "\n") if phrase else stop,  # a plain text would continue with another question
        think=settings.generation.think,
        think_tokens=settings.generation.think_tokens,
        logprobs=tell_probability,
    )
    written = Written(is_streamed=True)
    stage, pieces = "read", 0
    with contextlib.closing(generator.stream(messages, options=options)) as stream:
        while True:
            with watch.stage(stage):
                piece = next(stream, None)
            if piece is None:
                return written
            reasoning = piece.reasoning
            if piece.was_thought:  # a closing tag shows that the text so far was reasoning
                reasoning, written.text = written.text + reasoning, ""
            if reasoning:
                stage = "reason"
                written.reasoning += reasoning
                yield ReasoningDelta(text=reasoning)
            if piece.text:
                stage = "write"
                written.text += piece.text
                pieces += 1
                yield TextDelta(text=piece.text)
            if pieces % _LOOP_EVERY == 0 and (loop := _LOOP.search(written.text[-_LOOP_WINDOW:])):
                written.text = _without_repetition(written.text, len(loop.group(1)))
                written.finish_reason = "loop"
                return written
            written.finish_reason = piece.finish_reason or written.finish_reason
            written.thought_cut = piece.thought_cut
            written.usage = piece.usage or written.usage
            written.notes_of_server = piece.notes or written.notes_of_server
            written.log_probability = None if written.reasoning else piece.log_probability


def finished(writing: Writing) -> Written:
    """Return what the model writes, once it is whole: for a text that is checked before it is shown."""
    try:
        while True:
            next(writing)
    except StopIteration as end:
        written: Written = end.value
        return written


def builder(
    question: Question,
    *,
    style: Style,
    generator: Generator,
    settings: Settings,
    language: str,
) -> Callable[[Sequence[Evidence]], list[Message]]:
    """Return the function that builds the prompt for a question from evidence.

    Raises SettingsError for a template of the user's with a fault.
    """
    own = settings.answers.instructions
    if is_full(generator, style=style, settings=settings):
        return partial(
            prompts.full_messages,
            question,
            kind=question.kind,
            length=settings.answers.length,
            language=language,
            instructions=own,
            template=template_of_run(settings) or template_for("answer", language, settings),
        )
    if style == "free":
        template = template_for("short", language, settings)
        return partial(prompts.answer_messages, question, language=language, instructions=own, template=template)
    form = _form(generator, settings)
    template = template_for(prompts.EXTRACTIVE[form], language, settings)
    return partial(
        prompts.extractive_messages, question, language=language, form=form, instructions=own, template=template
    )


def is_full(generator: Generator, *, style: Style, settings: Settings) -> bool:
    """Return whether a full answer from numbered sources is asked for: of a capable model, or by the user's prompt."""
    return bool(settings.answers.prompt_file) or (
        style == "free" and ability_of(generator.spec, settings.generation) == "capable"
    )


def stop_texts(generator: Generator, *, style: Style, settings: Settings, language: str) -> tuple[str, ...]:
    """Return the texts at which generation stops: none for a full answer, which may have any words on its lines."""
    return () if is_full(generator, style=style, settings=settings) else prompts.stop_texts(language)


def notes_on_instructions(messages: Sequence[Message], settings: Settings) -> tuple[str, ...]:
    """Return a note if the user's instructions are not in the prompt, which has no place for them."""
    own = settings.answers.instructions
    if not own or any(own.strip() in message.content for message in messages):
        return ()
    if settings.answers.prompt_file:
        return (f"{_UNHEARD} {{instructions}} in {settings.answers.prompt_file} would be that place.",)
    return (f"{_UNHEARD} --set generation.prompt=chat gives it to them.",)


def prime(generator: Generator, *, language: str, settings: Settings) -> None:
    """Have the model read the shared beginning of the prompt while the search runs."""
    if not isinstance(generator, Engine):
        return
    if style_of(generator, (), language=language, settings=settings) == "extractive":
        form = _form(generator, settings)
        template = template_for(prompts.EXTRACTIVE[form], language, settings)
        own = settings.answers.instructions
        generator.prime(prompts.beginning(language=language, form=form, instructions=own, template=template))


def _form(generator: Generator, settings: Settings) -> PromptForm:
    if settings.generation.prompt != "auto":
        return settings.generation.prompt
    return "plain" if 0 < generator.spec.parameters <= _TINY else "chat"


def extract(writing: Writing, shown: Sequence[Evidence], *, question: Question) -> Writing:
    """Replace the phrase that the model wrote by the same phrase in a source, so that no word is the model's own.

    A phrase that is in no source, or only repeats the question, is replaced by the best quote. Reasoning is streamed;
    the short answer is not.
    """
    while True:
        try:
            event = next(writing)
        except StopIteration as end:
            written: Written = end.value
            break
        if isinstance(event, ReasoningDelta):
            yield event
    said = next((line for line in written.text.splitlines() if line.strip()), "").strip()
    place = locate(said, shown)
    written.said = said
    repeats = bool(place) and only_repeats(said, question)
    if place and not repeats:
        n, start, stop_at = place
        written.text = shown[n].quote[start:stop_at]
    else:
        closest = _closest(shown[0])
        not_there = f"The model's answer ({said!r}) is not in the documents; closest quote: “{closest}”"
        no_answer = f"The model gave no answer; closest quote: “{closest}”"
        repeated = f"The model's answer ({said!r}) only repeats the question; closest quote: “{closest}”"
        written.notes = (repeated if repeats else not_there if said else no_answer,)
        written.text, written.closest_quote = shown[0].quote, True
    written.is_streamed = False
    return written


def _closest(item: Evidence) -> str:
    """Return a quote as a note has it: in one line, not too long."""
    quote = " ".join(item.quote.split())
    return quote if len(quote) <= _LONGEST_QUOTE else f"{quote[:_LONGEST_QUOTE].rstrip()}…"


def or_best_quote(writing: Writing, shown: Sequence[Evidence]) -> Writing:
    """Give the best quote where the model wrote nothing: it refused, called a tool, or did nothing at all."""
    written = yield from writing
    if not written.text.strip():
        closest = _closest(shown[0])
        only_reasoned = f"The model reasoned but gave no answer; closest quote: “{closest}”"
        silent = f"The model gave no answer; closest quote: “{closest}”"
        written.notes = (only_reasoned if written.reasoning.strip() else silent,)
        written.text, written.is_streamed, written.closest_quote = shown[0].quote, False, True
    return written


def _without_repetition(text: str, period: int) -> str:
    """Return a text that ends in a loop, cut where the repetition starts."""
    start = len(text) - period
    while start > 0 and text[start - 1] == text[start - 1 + period]:
        start -= 1
    return text[: start + period]


def notes_of(written: Written, settings: Settings) -> tuple[str, ...]:
    """Return notes for the reader on how the answer was generated."""
    thought = (*written.notes_of_server, *((_THOUGHT_CUT,) if written.thought_cut else ()))
    if written.notes:
        return written.notes + thought
    if written.reasoning.strip() and not written.text.strip():
        return (_REASONED, *written.notes_of_server)
    if not written.text.strip():
        return ("The model gave no answer.", *thought)
    return _ending(written, settings) + thought


def _ending(written: Written, settings: Settings) -> tuple[str, ...]:
    if written.finish_reason == "length":
        return (f"The answer was cut off at {settings.generation.max_tokens} tokens; --max-tokens raises the limit.",)
    if written.finish_reason == "loop":
        return ("The model repeated itself and was stopped.",)
    return ()
