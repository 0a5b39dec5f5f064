"""Ask the models whether a source supports a sentence. In: an embedder or a generator. Out: functions for `ground`.

The embedder measures similarity; the language model says yes or no, constrained by a grammar. Knows nothing of numbers
and names: neither model is reliable there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bunko.generation.thinking import text_of
from bunko.grounding.judge import Likeness
from bunko.injection.control_tokens import neutralise
from bunko.language.detection import detect_language
from bunko.ports import Embedder, GenerationOptions, Generator
from bunko.settings import Settings
from bunko.types import Message, Usage

_ENGLISH = (
    "Compare a statement with a text. Say yes if the text says what the statement says, in whatever words. Say no if "
    "the text says something else, or does not say it.",
    "Text: {text}\nStatement: {statement}\n\nDoes the text say what the statement says? yes or no:",
    'root ::= "yes" | "no"',
)
_JAPANESE = (
    "文と文章を比べてください。言い方が違っても、文章が文と同じことを言っていれば「はい」、違うことを言っているか、"
    "そのことを言っていなければ「いいえ」と答えてください。",
    "文章: {text}\n文: {statement}\n\n文章はこの文と同じことを言っていますか。「はい」か「いいえ」:",
    'root ::= "はい" | "いいえ"',
)
_VERDICT = re.compile(r"\b(yes|no)\b|(はい|いいえ)", re.IGNORECASE)
# Parameters. A model of 135 million says no to everything; one of half a billion can tell (benchmarks/LOG.md).
_TOO_SMALL = 300_000_000
_TOKENS = 8  # いいえ is up to six of them


def likeness_by(embedder: Embedder) -> Likeness:
    """Return a function for the cosine similarity of a sentence to texts; 0 in languages the embedder does not know."""

    def likeness(sentence: str, texts: Sequence[str]) -> list[float]:
        if not embedder.spec.knows(detect_language(sentence)):
            return [0.0] * len(texts)
        vectors = embedder.embed_passages([sentence, *texts])
        return [float(value) for value in vectors[1:] @ vectors[0]]

    return likeness


class ModelOpinion:
    """The language model's yes or no, and its usage."""

    def __init__(self, generator: Generator, *, seed: int = 0) -> None:
        self._generator = generator
        self._seed = seed
        self.usage = Usage()
        self.asked = 0

    def __call__(self, sentence: str, text: str) -> bool | None:
        """Return whether the model says that the text supports the sentence. Raises EngineError."""
        instructions, body, grammar = _JAPANESE if detect_language(sentence) == "ja" else _ENGLISH
        parts = {"{text}": neutralise(" ".join(text.split())), "{statement}": neutralise(" ".join(sentence.split()))}
        asked = re.sub(r"\{(?:text|statement)\}", lambda match: parts[match.group()], body)
        messages = [Message(role="system", content=instructions), Message(role="user", content=asked)]
        options = GenerationOptions(max_tokens=_TOKENS, seed=self._seed, grammar=grammar)
        pieces = list(self._generator.stream(messages, options=options))
        self.usage += next((piece.usage for piece in reversed(pieces) if piece.usage), Usage())
        self.asked += 1
        found = _VERDICT.search(text_of(pieces))
        return None if found is None else found.group().lower() in ("yes", "はい")


def opinion_of(generator: Generator, settings: Settings) -> ModelOpinion | None:
    """Return the function that asks the model, if the settings want it and the model is large enough."""
    if settings.answers.verify != "deep" or _is_too_small(generator):
        return None
    return ModelOpinion(generator, seed=settings.generation.seed)


def notes_on(generator: Generator, settings: Settings) -> tuple[str, ...]:
    """Return a note for the reader if the model should have been asked but is too small."""
    if settings.answers.verify != "deep" or not _is_too_small(generator):
        return ()
    return (f"{generator.spec.name} is too small to judge its answer: the answer was checked without the model.",)


def _is_too_small(generator: Generator) -> bool:
    return 0 < generator.spec.parameters <= _TOO_SMALL
