"""Ask a model that may think first. In: messages and options. Out: pieces, thoughts parted from the answer and bounded.

Whether a model thinks is told by its template, its name, or its first thought; then it is asked with room for it. At
its limit a thought is ended here, and the model asked to go on with the thought closed: servers that can do that
themselves can't for every template. Knows nothing of HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from bunko.generation.bounding import Bounds, within
from bunko.generation.probing import ServerFacts
from bunko.generation.thinking import (
    TAGS,
    THINK_TOKENS,
    Opened,
    Splitter,
    close_thought,
    is_open,
    may_open,
    part,
    seems_to_think,
    template_arguments,
)
from bunko.ports import GenerationOptions, Piece, Pieces
from bunko.types import Message, Think

# For the words that end a thought at its limit: at worst a token for each character of `TIME_IS_UP`.
_MARGIN = 128
_LEAST_THOUGHT = 16  # in a context with less room the thought is left out


class Server(Protocol):
    """What can be asked of a server, by requests that are each one thing."""

    def facts(self) -> ServerFacts:
        """Return what the server is."""
        ...

    def render(self, messages: Sequence[Message], *, arguments: Mapping[str, object] | None = None) -> str | None:
        """Return the prompt that the template makes of the messages; None if the server can't tell."""
        ...

    def count_tokens(self, messages: Sequence[Message], *, arguments: Mapping[str, object] | None = None) -> int:
        """Count that prompt's tokens."""
        ...

    def ask(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,
        *,
        arguments: Mapping[str, object] | None = None,
        extra: Mapping[str, object] | None = None,
        goes_on: bool = False,
    ) -> Pieces:
        """Yield what the server answers to one request."""
        ...


class _ItThinks(Exception):
    """A model that was not known to reason has begun to, and has to be asked with room for it."""


class Reasoner:
    """Knows of one model whether and how it thinks, and learns it from its answers."""

    def __init__(self, engine: Server, *, name: str) -> None:
        self._engine = engine
        self._thinks = seems_to_think(name)
        self._may_open = may_open(name)
        self._has_opened = False

    def stream(self, messages: Sequence[Message], options: GenerationOptions) -> Pieces:
        """Yield an answer, what was thought before it apart. Raises EngineError."""
        if not (self._thinks or self._engine.facts().tag):
            try:
                yield from self._unless_it_thinks(messages, options)
                return
            except _ItThinks:
                self._thinks = True
        yield from self._with_thought(messages, options)

    def _unless_it_thinks(self, messages: Sequence[Message], options: GenerationOptions) -> Pieces:
        """Yield an answer, unless it begins with a thought: for that it was not given room."""
        pieces, splitter, said = self._engine.ask(messages, options), Splitter(), ""
        for piece in self._learning(part(pieces, splitter)):
            if not said.strip() and (piece.reasoning.strip() or (piece.finish_reason and splitter.is_thinking)):
                pieces.close()
                raise _ItThinks
            said += piece.text
            yield piece

    def _with_thought(self, messages: Sequence[Message], options: GenerationOptions) -> Pieces:
        facts = self._engine.facts()
        think = "off" if options.grammar else options.think
        budget = self._budget(messages, options, think)
        think = think if budget else "off"
        arguments = template_arguments(think) if facts.tag or not facts.is_llama_server else {}
        asked, told = messages, arguments
        opened: Opened = "no"
        if self._has_opened or (self._may_open and not facts.is_llama_server):
            opened = "perhaps"
        elif facts.tag and is_open(prompt := self._engine.render(messages, arguments=arguments) or "", facts.tag):
            opened = "surely"
            if not budget:
                opened, told = "no", {}
                asked = [Message(role="raw", content=close_thought(prompt, "", facts.tag))]
        # Whoever thinks is stopped here, and not by the server, to which thought and answer are one text.
        roomy = replace(options, max_tokens=options.max_tokens + budget, stop=())
        pieces = self._engine.ask(asked, roomy, arguments=told, extra=_extra(think, facts))
        yield from within(
            self._learning(part(pieces, Splitter(opened=opened))),
            Bounds(think=budget, answer=options.max_tokens, stop=options.stop),
            go_on=lambda thought: self._go_on(messages, thought, replace(options, stop=()), arguments),
        )

    def _budget(self, messages: Sequence[Message], options: GenerationOptions, think: Think) -> int:
        """Return how many tokens a thought may have: what is wanted, or what the prompt and the answer leave."""
        if think == "off":
            return 0
        wanted = options.think_tokens or THINK_TOKENS[think]
        prompt = self._engine.count_tokens(messages)
        room = self._engine.facts().context_tokens - prompt - options.max_tokens - _MARGIN
        return min(wanted, room) if room >= min(wanted, _LEAST_THOUGHT) else 0

    def _go_on(
        self, messages: Sequence[Message], thought: str, options: GenerationOptions, arguments: Mapping[str, object]
    ) -> Pieces:
        """Have the model answer after a thought. A server that renders prompts goes on from where it was."""
        facts = self._engine.facts()
        tag = facts.tag or TAGS[0]
        prompt = self._engine.render(messages, arguments=arguments)
        if prompt is not None:
            asked = [Message(role="raw", content=close_thought(prompt, thought, tag))]
            pieces = self._engine.ask(asked, options, extra=_extra("off", facts), goes_on=True)
        else:
            begun = Message(role="assistant", content=close_thought("", thought, tag))
            extra = {"add_generation_prompt": False, "continue_final_message": True} if facts.goes_on else {}
            pieces = self._engine.ask([*messages, begun], options, extra=extra)
        yield from part(pieces, Splitter())

    def _learning(self, pieces: Iterator[Piece]) -> Pieces:
        for piece in pieces:
            self._has_opened = self._has_opened or piece.was_thought
            self._thinks = self._thinks or piece.was_thought or bool(piece.reasoning.strip())
            yield piece


def _extra(think: Think, facts: ServerFacts) -> dict[str, object]:
    """Return what is asked of a server beside: llama-server counts tokens, and leaves the tags, which it does not
    see in every template; others know efforts at best.
    """
    if not facts.is_llama_server:
        return {} if think == "auto" else {"reasoning_effort": "none" if think == "off" else think}
    return {"timings_per_token": True, **({"reasoning_format": "none"} if facts.tag else {})}
