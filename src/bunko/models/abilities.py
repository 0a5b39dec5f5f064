"""Check which languages a model supports. In: names of models and languages. Out: booleans, and notes for the user.

Only the catalogue knows languages. Any other model, such as a file or one on a server, is assumed to support all of
them; so is the empty name, which means an engine that the caller passed in. Opens no file and loads no model.
"""

from __future__ import annotations

from bunko.language.detection import LANGUAGE_NAMES
from bunko.models.catalogue.lookup import find_entry
from bunko.settings import NO_MODEL

_OTHER_MODELS = "`bunko models list` shows models for many languages."


def speaks(model: str, language: str) -> bool:
    """Return whether a chat model can answer in its own words, or an embedder embed texts, in a language.

    >>> speaks("smollm2-135m", "en"), speaks("smollm2-135m", "ja"), speaks("mine.gguf", "ja")
    (True, False, True)
    """
    if model == NO_MODEL:
        return False
    entry = find_entry(model)
    return entry is None or entry.knows(language)


def translates(model: str, source: str, target: str) -> bool:
    """Return whether a chat model can translate from one language into another.

    >>> translates("qwen3-4b", "en", "ja"), translates("smollm2-135m", "en", "ja")
    (True, False)
    """
    return speaks(model, source) and speaks(model, target)


def language_notes(*, model: str, embedder: str, asked_in: str, answer_in: str) -> tuple[str, ...]:
    """Return notes on models that do not support the question's or the answer's language.

    >>> language_notes(model="qwen3-4b", embedder="minilm", asked_in="ja", answer_in="ja")
    ('minilm does not know Japanese: passages were found by their words alone.',)
    """
    notes = []
    if model != NO_MODEL and not speaks(model, answer_in):
        notes.append(f"{model} was not made for {_name_of(answer_in)}: it was not asked. {_OTHER_MODELS}")
    entry = find_entry(embedder)
    if entry is not None and not entry.knows(asked_in):
        notes.append(f"{entry.name} does not know {_name_of(asked_in)}: passages were found by their words alone.")
    return tuple(notes)


def is_on_model(note: str) -> bool:
    """Return whether a note of `language_notes` is on the model.

    >>> is_on_model(language_notes(model="smollm2-135m", embedder="minilm", asked_in="ja", answer_in="ja")[0])
    True
    """
    return note.endswith(f": it was not asked. {_OTHER_MODELS}")


def is_on_embedder(note: str) -> bool:
    """Return whether a note of `language_notes` is on the embedder."""
    return note.endswith(": passages were found by their words alone.")


def translation_notes(model: str, source: str, target: str) -> tuple[str, ...]:
    """Return a note that there is no translation if the model can't make one."""
    if translates(model, source, target):
        return ()
    if model == NO_MODEL:
        return (f"There is no translation: it needs a language model. {_OTHER_MODELS}",)
    return (
        f"{model} was not made for {_name_of(source)} and {_name_of(target)}: there is no translation. {_OTHER_MODELS}",
    )


def _name_of(language: str) -> str:
    return LANGUAGE_NAMES.get(language, language)
