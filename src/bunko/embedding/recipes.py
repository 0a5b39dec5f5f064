"""Choose which models are rebuilt before they run. In: a model. Out: the recipe's name. Does not rebuild."""

from __future__ import annotations

from typing import NamedTuple

from bunko.models import LocalModel
from bunko.models.records import CatalogueEntry

INTEGER_MINILM = "integer-1"
"""Part of the vectors' name. Raise it when a change of `integer_minilm.py` or `integer_encoder.py` changes vectors."""
INTEGER_E5 = "integer-1"
"""The same for `integer_e5.py`, `integer_encoder.py` and `unigram.py`."""


class MadeFile(NamedTuple):
    """A file that is made from a model's file, always with the same bytes."""

    name: str
    sha256: str


E5_ENCODER = MadeFile(f"encoder.{INTEGER_E5}.onnx", "42047db38e9cae6400d0bdd425c46d519797878fd2108eee97b5459b0bc63b5d")
E5_PIECES = MadeFile(f"pieces.{INTEGER_E5}.bin", "f457ca6b03121ca75ddfa8ba003412088fef17821946013558997d92aebcb363")


def recipe_of(model: LocalModel) -> str:
    """Return the recipe's name, or "" for a model that runs unchanged."""
    return recipe_of_entry(model.entry) if model.entry else ""


def recipe_of_entry(entry: CatalogueEntry) -> str:
    """Return the same for an entry of the catalogue."""
    recipes = {"minilm": INTEGER_MINILM, "e5-small": INTEGER_E5}
    return recipes.get(entry.name, "") if entry.verified else ""
