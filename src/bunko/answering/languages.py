"""Decide in which language a question is answered, and by whom. In: its language, settings, models. Out: Languages.

Loads no model: what a model can do is in the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bunko.answering.translation import target_of
from bunko.language.detection import OTHER_SCRIPTS
from bunko.models.abilities import is_on_embedder, language_notes, speaks, translation_notes
from bunko.settings import Settings, apply_overrides


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """The languages of one answer."""

    answer: str
    """ISO 639-1 code of the language to answer in."""
    model_speaks: bool
    """Whether the model can answer in that language; otherwise the best quote is the answer."""
    settings: Settings
    """Those of the question, without a translation that the model can't make."""
    notes: tuple[str, ...]
    """What the reader should know about languages that a model does not know."""
    unread_by_model: frozenset[str] = frozenset()
    """Languages in other scripts than Latin that the model was not made for."""

    def notes_with(self, across: str) -> tuple[str, ...]:
        """Return the notes and one on documents in other languages, which says what one on the embedder says."""
        if not across:
            return self.notes
        return (*(note for note in self.notes if not is_on_embedder(note)), across)

    @property
    def words_of(self) -> Literal["model", "document"]:
        """Whose words the answer has: "document" is the best quote."""
        return "model" if self.model_speaks else "document"


def languages_for(asked_in: str, settings: Settings, *, model: str, embedder: str) -> Languages:
    """Return the languages of the answer to a question in the language `asked_in`.

    `model` and `embedder` are names as in the settings; an empty one stands for an engine that was passed in.

    >>> languages_for("ja", Settings(), model="smollm2-135m", embedder="minilm").model_speaks
    False
    """
    answer = settings.answer_language or asked_in
    notes = language_notes(model=model, embedder=embedder, asked_in=asked_in, answer_in=answer)
    if wanted := settings.generation.translation:
        lacking = translation_notes(model, answer, target_of(wanted, answer))
        settings = apply_overrides(settings, {"generation.translation": ""}) if lacking else settings
        notes += lacking
    return Languages(
        answer=answer,
        model_speaks=speaks(model, answer),
        settings=settings,
        notes=notes,
        unread_by_model=frozenset(code for code in OTHER_SCRIPTS if not speaks(model, code)),
    )
