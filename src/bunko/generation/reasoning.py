"""Ask a model that may reason first. In: messages and options. Out: pieces, reasoning kept apart and within its limit.

A model reasons if its template or name says so, or once it has done so; it then gets tokens for it. At the limit, the
reasoning is closed here and the model is asked to continue with the answer: servers can't do that for every template.
Knows nothing of HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal, Protocol

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

# For the sentence that ends reasoning at its limit: at worst one token for each character of `TIME_IS_UP`.
_MARGIN = 128
_LEAST_THOUGHT = 16  # with less room in the context window, the model does not reason


class Server(Protocol):
    """Requests to a server, as ChatGenerator sends them."""

    def facts(self) -> ServerFacts:
        """Return what the server supports."""
        ...

    def render(self, messages: Sequence[Message], *, arguments: Mapping[str, object] | None = None) -> str | None:
        """Return the prompt that the template makes of the messages; None if the server can't render it."""
        ...

    def count_tokens(self, messages: Sequence[Message], *, arguments: Mapping[str, object] | None = None) -> int:
        """Count the rendered prompt's tokens."""
        ...

    def ask(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,
        *,
        arguments: Mapping[str, object] | None = None,
        extra: Mapping[str, object] | None = None,
        prompt: Literal["new", "continued"] = "new",
    ) -> Pieces:
        """Yield the pieces of the answer to one request."""
        ...


class _ItThinks(Exception):
    """A model that was not known to reason has begun to; it must be asked again, with tokens for it."""


class Reasoner:
    """Handles the reasoning of one model, and learns from its answers whether and how it reasons."""

    def __init__(self, engine: Server, *, name: str) -> None:
        self._engine = engine
        self._thinks = seems_to_think(name)
        self._may_open = may_open(name)
        self._has_opened = False

    def stream(self, messages: Sequence[Message], options: GenerationOptions) -> Pieces:
        """Yield an answer, with the reasoning before it kept apart. Raises EngineError."""
        if not (self._thinks or self._engine.facts().tag):
            try:
                yield from self._unless_it_thinks(messages, options)
                return
            except _ItThinks:
                self._thinks = True
        yield from self._with_thought(messages, options)

    def _unless_it_thinks(self, messages: Sequence[Message], options: GenerationOptions) -> Pieces:
        """Yield an answer. Raises _ItThinks if it begins with reasoning, for which it had no tokens."""
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
        asked, given = messages, arguments
        opened: Opened = "no"
        if self._has_opened or (self._may_open and not facts.is_llama_server):
            opened = "perhaps"
        elif facts.tag and is_open(prompt := self._engine.render(messages, arguments=arguments) or "", facts.tag):
            opened = "surely"
            if not budget:
                opened, given = "no", {}
                asked = [Message(role="raw", content=close_thought(prompt, "", facts.tag))]
        # Stop texts are applied here: to the server, reasoning and answer are one text.
        roomy = replace(options, max_tokens=options.max_tokens + budget, stop=())
        pieces = self._engine.ask(asked, roomy, arguments=given, extra=_extra(think, facts))
        yield from within(
            self._learning(part(pieces, Splitter(opened=opened))),
            Bounds(think=budget, answer=options.max_tokens, stop=options.stop),
            go_on=lambda thought: self._go_on(messages, thought, replace(options, stop=()), arguments),
        )

    def _budget(self, messages: Sequence[Message], options: GenerationOptions, think: Think) -> int:
        """Return how many tokens reasoning may have: the wanted number, or what prompt and answer leave."""
        if think == "off":
            return 0
        wanted = options.think_tokens or THINK_TOKENS[think]
        prompt = self._engine.count_tokens(messages)
        room = self._engine.facts().context_tokens - prompt - options.max_tokens - _MARGIN
        return min(wanted, room) if room >= min(wanted, _LEAST_THOUGHT) else 0

    def _go_on(
        self, messages: Sequence[Message], thought: str, options: GenerationOptions, arguments: Mapping[str, object]
    ) -> Pieces:
        """Have the model answer after its reasoning. A server that renders prompts continues the same text."""
        facts = self._engine.facts()
        tag = facts.tag or TAGS[0]
        prompt = self._engine.render(messages, arguments=arguments)
        if prompt is not None:
            asked = [Message(role="raw", content=close_thought(prompt, thought, tag))]
            pieces = self._engine.ask(asked, options, extra=_extra("off", facts), prompt="continued")
        else:
            begun = Message(role="assistant", content=close_thought("", thought, tag))
            extra = {"add_generation_prompt": False, "continue_final_message": True} if facts.can_continue else {}
            pieces = self._engine.ask([*messages, begun], options, extra=extra)
        yield from part(pieces, Splitter())

    def _learning(self, pieces: Iterator[Piece]) -> Pieces:
        for piece in pieces:
            self._has_opened = self._has_opened or piece.was_thought
            self._thinks = self._thinks or piece.was_thought or bool(piece.reasoning.strip())
            yield piece


def _extra(think: Think, facts: ServerFacts) -> dict[str, object]:
    """Return further fields of a request. llama-server counts tokens and leaves the tags in the text, since it does not
    recognise them in every template; other servers know efforts at best.
    """
    if not facts.is_llama_server:
        return {} if think == "auto" else {"reasoning_effort": "none" if think == "off" else think}
    return {"timings_per_token": True, **({"reasoning_format": "none"} if facts.tag else {})}
