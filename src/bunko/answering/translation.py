"""Translate an answer, sentence by sentence, with the same model. In: an answer's text. Out: pairs of sentences.

Each translation stays beside its sentence and that sentence's citations. Small models drop or change numbers: a
translation that lacks a number is marked as incomplete. Knows nothing of documents.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bunko.answering.prompt_files import template_for
from bunko.answering.prompts import translation_messages
from bunko.generation.thinking import text_of
from bunko.language.detection import detect_language
from bunko.language.sentences import sentences
from bunko.language.words import normalise
from bunko.ports import GenerationOptions, Generator
from bunko.settings import Settings
from bunko.types import Citation, Translation, Usage

_NUMBER = re.compile(r"\d+")
_LEAST_TOKENS = 48


def target_of(wanted: str, language: str) -> str:
    """Return the target language: "auto" is Japanese for English, and English for all others.

    >>> target_of("auto", "en"), target_of("auto", "ja"), target_of("fr", "en"), target_of("", "en")
    ('ja', 'en', 'fr', '')
    """
    if wanted != "auto":
        return wanted
    return "ja" if language == "en" else "en"


def translate(
    text: str, generator: Generator, *, settings: Settings, citations: Sequence[Citation] = ()
) -> tuple[tuple[Translation, ...], Usage]:
    """Return each sentence of a text with its translation and the numbers of its citations, and the usage.

    Raises EngineError.
    """
    target = target_of(settings.generation.translation, detect_language(text))
    template = template_for("translate", target, settings)
    found, usage = [], Usage()
    for start, end in sentences(text):
        sentence = text[start:end]
        messages = translation_messages(sentence, language=target, template=template)
        room = max(_LEAST_TOKENS, 2 * generator.count_tokens(messages))
        options = GenerationOptions(max_tokens=room, seed=settings.generation.seed, think="off")
        pieces = list(generator.stream(messages, options=options))
        usage += next((piece.usage for piece in reversed(pieces) if piece.usage), Usage())
        written = " ".join(text_of(pieces).split())
        found.append(
            Translation(
                sentence=sentence,
                text=written,
                language=target,
                complete=_has_numbers(sentence, written),
                citations=tuple(citation.n for citation in citations if citation.sentence == sentence),
            )
        )
    return tuple(found), usage


def _has_numbers(sentence: str, translation: str) -> bool:
    """Return whether a translation has any text, and every number of its sentence.

    >>> _has_numbers("It opened in 1868.", "１８６８年に開港した。"), _has_numbers("It opened in 1868.", "開港した。")
    (True, False)
    """
    numbers = set(_NUMBER.findall(normalise(translation)))
    return bool(translation) and set(_NUMBER.findall(normalise(sentence))) <= numbers
