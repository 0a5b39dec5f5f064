"""Choose which models are rebuilt before they run. In: a model. Out: the recipe's name. Does not rebuild."""

from __future__ import annotations

from bunko.models import LocalModel

INTEGER_MINILM = "integer-1"
"""Part of the vectors' name. Raise it when a change of `integer_minilm.py` changes vectors."""


def recipe_of(model: LocalModel) -> str:
    """Return the recipe's name, or "" for a model that runs unchanged."""
    entry = model.entry
    return INTEGER_MINILM if entry and entry.name == "minilm" and entry.verified else ""
