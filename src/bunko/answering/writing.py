"""Have the model write the answer. In: messages, a generator. Out: events as it writes, then all that it wrote.

Two styles: "free" is what the model writes; "extractive" is a phrase that the model names and the program copies from
a source, so that no word of it is invented. Knows nothing of searching.
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
from bunko.grounding.verbatim import locate, only_repeats
from bunko.language.detection import detect_language
from bunko.ports import Engine, GenerationOptions, Generator
from bunko.settings import Settings
from bunko.stopwatch import Stopwatch
from bunko.types import Event, Evidence, Message, ReasoningDelta, TextDelta, Usage

Style: TypeAlias = Literal["extractive", "free"]
Writing: TypeAlias = "Generator_[Event, None, Written]"

# The same words three times over are no answer: small models fall into such loops and don't come out.
_LOOP = re.compile(r"(.{12,200}?)\1\1$", re.DOTALL)
_LOOP_WINDOW = 600
_LOOP_EVERY = 8  # pieces: the search takes longer than a small model takes for a token
# Models of up to half a billion parameters were right more often, and shorter, with a phrase from the sources than in
# their own words, and one of 135 million follows examples in plain text only (benchmarks/LOG.md). Where between half
# a billion and three the first ends, and between .14 and .5 the second, is not measured.
_PHRASE_TOKENS = 48  # a phrase of the sources is shorter
_THOUGHT_CUT = "The model had to answer before it had thought to the end; generation.think_tokens allows it more."
_SMALL = 1_000_000_000
_TINY = 300_000_000


def style_of(generator: Generator, evidence: Sequence[Evidence], *, language: str, settings: Settings) -> Style:
    """Tell how an answer is to be written: as set, or as suits the model, the best source and the language."""
    if settings.generation.style != "auto":
        return settings.generation.style
    small = 0 < generator.spec.parameters <= _SMALL
    return "extractive" if small and all(detect_language(item.quote) == language for item in evidence[:1]) else "free"


@dataclass(slots=True)
class Written:
    """What the model wrote, as it grows."""

    text: str = ""
    reasoning: str = ""
    usage: Usage = field(default_factory=Usage)
    finish_reason: Literal["stop", "length", "loop", "none"] = "stop"
    is_out: bool = False
    """Whether the text has been yielded."""
    thought_cut: bool = False
    """Whether the model had to answer before it had thought to the end."""
    said: str = ""
    """The phrase that the model named, in its words, where it was to name one."""
    log_probability: float | None = None
    """Of the text, to the model; None if it was not asked for, is not told, or is that of a thought too."""
    notes: tuple[str, ...] = ()


def write(
    messages: Sequence[Message],
    generator: Generator,
    settings: Settings,
    watch: Stopwatch,
    *,
    stop: tuple[str, ...] = (),
    tell_probability: bool = False,
) -> Writing:
    """Yield deltas, return all of it. Reading the prompt and writing the answer are timed apart."""
    raw = messages[0].role == "raw"
    options = GenerationOptions(
        max_tokens=min(settings.generation.max_tokens, _PHRASE_TOKENS) if raw else settings.generation.max_tokens,
        temperature=settings.generation.temperature,
        seed=settings.generation.seed,
        stop=(*stop, "\n") if raw else stop,  # a text would go on with another question
        think=settings.generation.think,
        think_tokens=settings.generation.think_tokens,
        logprobs=tell_probability,
    )
    written = Written(is_out=True)
    stage, pieces = "read", 0
    with contextlib.closing(generator.stream(messages, options=options)) as stream:
        while True:
            with watch.stage(stage):
                piece = next(stream, None)
            if piece is None:
                return written
            reasoning = piece.reasoning
            if piece.was_thought:  # a closing tag tells that what was taken for the answer was none
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
                written.text = _said_once(written.text, len(loop.group(1)))
                written.finish_reason = "loop"
                return written
            written.finish_reason = piece.finish_reason or written.finish_reason
            written.thought_cut = piece.thought_cut
            written.usage = piece.usage or written.usage
            written.log_probability = None if written.reasoning else piece.log_probability


def builder(
    question: str, style: str, generator: Generator, settings: Settings, *, language: str, asked_in: str
) -> Callable[[Sequence[Evidence]], list[Message]]:
    """Return what makes the messages that put a question with some evidence."""
    if style == "free":
        return partial(prompts.answer_messages, question, language=language, asked_in=asked_in)
    plain = _is_plain(generator, settings)
    return partial(prompts.extractive_messages, question, language=language, plain=plain)


def prime(generator: Generator, question: str, *, settings: Settings) -> None:
    """Have the model read what the prompt for a question will begin with, while the question is searched for."""
    if not isinstance(generator, Engine):
        return
    language = settings.answer_language or detect_language(question)
    if style_of(generator, (), language=language, settings=settings) == "extractive":
        generator.prime(prompts.beginning(language=language, plain=_is_plain(generator, settings)))


def _is_plain(generator: Generator, settings: Settings) -> bool:
    if settings.generation.prompt != "auto":
        return settings.generation.prompt == "plain"
    return 0 < generator.spec.parameters <= _TINY


def extract(writing: Writing, shown: Sequence[Evidence], *, question: str) -> Writing:
    """Let the model name a phrase, and return it as it stands in a source: no word of the answer is the model's own.

    A phrase that stands in no source, or says only what the question says, gives way to the best quote. What the
    model reasons is yielded as it comes; the answer is short, and waited for.
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
    if place and not only_repeats(said, question):
        n, start, stop_at = place
        written.text = shown[n].quote[start:stop_at]
    else:
        written.text = shown[0].quote
        told = f"The model said {said!r}" if said else "The model said nothing"
        written.notes = (f"{told}, which no source says: the answer is the best quote, word for word.",)
    written.is_out = False
    return written


def _said_once(text: str, period: int) -> str:
    """Return a text that ends in a loop up to where it begins to say the same again."""
    start = len(text) - period
    while start > 0 and text[start - 1] == text[start - 1 + period]:
        start -= 1
    return text[: start + period]


def notes_of(written: Written, settings: Settings) -> tuple[str, ...]:
    """Return what the reader should know of how the answer came about."""
    thought = (_THOUGHT_CUT,) if written.thought_cut else ()
    if written.notes:
        return written.notes + thought
    if written.reasoning.strip() and not written.text.strip():
        return ("The model thought, but did not answer; --think off has it answer at once.",)
    return _ending(written, settings) + thought


def _ending(written: Written, settings: Settings) -> tuple[str, ...]:
    if written.finish_reason == "length":
        return (f"The answer was cut off at {settings.generation.max_tokens} tokens; --max-tokens allows more.",)
    if written.finish_reason == "loop":
        return ("The model began to repeat itself, and was stopped.",)
    return ()
