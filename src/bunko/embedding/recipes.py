"""Which models are rebuilt before they run. In: a model. Out: the recipe's name. Knows nothing of the rebuilding."""

from __future__ import annotations

from bunko.models import LocalModel

INTEGER_MINILM = "integer-1"
"""Part of the vectors' name: to be raised with every change of `integer_minilm.py` that changes vectors."""


def recipe_of(model: LocalModel) -> str:
    """Return the recipe's name, or "" for a model that runs as its file has it."""
    entry = model.entry
    return INTEGER_MINILM if entry and entry.name == "minilm" and entry.verified else ""
