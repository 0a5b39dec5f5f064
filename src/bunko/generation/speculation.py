"""Decide with which measured parameters a model runs. In: parameters by default, settings. Out: a Tuning.

Measures nothing: `bunko bench --tune` does, and `engine.tuned` keeps it.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path

from bunko.engine.parameters import Machine, Parameters
from bunko.engine.tuned import Tuned, TunedModels, tuned_key, with_tuned
from bunko.errors import UsageError
from bunko.models.ability import EXTRACTIVE_UP_TO
from bunko.models.records import LocalModel
from bunko.models.resolve import resolve
from bunko.settings import Settings, cache_directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """The parameters to run a model with, and what there is to say of them."""

    parameters: Parameters
    tuned: Tuned | None = None
    """What was measured; None if nothing was."""
    notes: tuple[str, ...] = ()


def tuning_of(defaults: Parameters, settings: Settings, *, machine: Machine, size: int) -> Tuning:
    """Return what was measured for a model of `size` parameters. Raises what `resolve` does, for the draft model."""
    draft = draft_file(settings)
    tuned = None
    with contextlib.suppress(OSError):  # the model's file has gone: the engine says so
        tuned = TunedModels(cache_directory(settings)).of(tuned_key(defaults, machine, draft=draft))
    if tuned and tuned.speculation and tuned.speculation.draft:  # the file may have been moved since
        tuned = replace(tuned, speculation=replace(tuned.speculation, draft=draft))
    guesses = writes_freely(settings, size=size)
    used = with_tuned(defaults, tuned, settings.generation, guesses=guesses)
    return Tuning(parameters=used, tuned=tuned, notes=_notes(settings, tuned, guesses=guesses))


def draft_file(settings: Settings) -> Path | None:
    """Return the file of the draft model; None without one. Raises UsageError for a server, and what `resolve` does."""
    name = settings.generation.draft_model
    if not name:
        return None
    model = resolve(name, kind="chat", settings=settings)
    if not isinstance(model, LocalModel):
        raise UsageError(f"{name} is a server: it can't guess for another model.", "Name a model on this machine.")
    return model.files["model"]


def writes_freely(settings: Settings, *, size: int) -> bool:
    """Return whether a model's answers may be guessed ahead: not where the probability of a phrase decides.

    The engine has no probabilities of tokens that were guessed, and a phrase is too short to gain anything.
    """
    if settings.answers.prompt_file:
        return True
    style = settings.generation.style
    return style == "free" or (style == "auto" and not 0 < size <= EXTRACTIVE_UP_TO)


def _notes(settings: Settings, tuned: Tuned | None, *, guesses: bool) -> tuple[str, ...]:
    name = settings.generation.draft_model
    if not name or settings.generation.speculation == "off":
        return ()
    if not guesses:
        return (f"The draft model {name} is not used: this model gives phrases, not texts of its own.",)
    if tuned is None:
        return (f"The draft model {name} is not used yet: `bunko bench --tune` measures first what it gains.",)
    return ()
