"""Rewrite a follow-up so that it can be searched for. In: question, history, a generator. Out: a question, the usage.

A model that does not know the language is not asked, nor is one whose rewriting is no better than the rule's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from bunko.answering import prompts
from bunko.answering.prompt_files import template_for
from bunko.generation.thinking import text_of
from bunko.models.abilities import speaks
from bunko.models.ability import ability_of
from bunko.ports import GenerationOptions, Generator, GeneratorSpec
from bunko.question.follow_up import join_with_history
from bunko.question.rewritten import question_in
from bunko.settings import Settings
from bunko.types import Message, Usage

# A reply has the question, and often an introduction and an explanation.
_TOKENS = 160
_CHARACTERS = 1000
"""Of a turn; an answer may list a hundred documents."""
TURNS = 4
"""Messages before the question that it may refer to."""


def who_rewrites(spec: GeneratorSpec, language: str, settings: Settings) -> Literal["model", "rule"]:
    """Return who makes a follow-up in a language stand alone.

    Models below 2 billion parameters were no better at it than the rule, and slow (benchmarks/LOG.md).

    >>> who_rewrites(GeneratorSpec(name="qwen3-4b", parameters=4_000_000_000), "ja", Settings())
    'model'
    """
    capable = ability_of(spec, settings.generation) == "capable"
    return "model" if capable and speaks(spec.name, language) else "rule"


def rewrite(
    question: str, history: Sequence[Message], *, language: str, generator: Generator, settings: Settings
) -> tuple[str, Usage]:
    """Return a follow-up that stands alone: by the model if it does so faithfully, else by rule. Raises EngineError."""
    recent = [replace(turn, content=turn.content[:_CHARACTERS]) for turn in history[-TURNS:]]
    if who_rewrites(generator.spec, language, settings) == "rule":
        return join_with_history(question, recent), Usage()
    template = template_for("rewrite", language, settings)
    messages = prompts.rewrite_messages(question, recent, language=language, template=template)
    options = GenerationOptions(max_tokens=_TOKENS, seed=settings.generation.seed, think="off")
    pieces = list(generator.stream(messages, options=options))
    usage = next((piece.usage for piece in reversed(pieces) if piece.usage), Usage())
    return question_in(text_of(pieces), question, recent) or join_with_history(question, recent), usage
