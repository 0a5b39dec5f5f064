"""The model ids of the API. In: names of libraries and models. Out: ids, and the library and model of each.

docs                 the documents of the library "docs", with the library's own model
docs/smollm2-135m    the same documents, with this model
smollm2-135m         this model alone, without documents
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bunko.errors import UnknownModel
from bunko.settings import NO_MODEL

_NAMED = 20  # most ids that an error lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The library and the model of an id."""

    library: str
    """Empty: the model alone."""
    model: str
    """Empty: the library's own."""


def targets(libraries: Iterable[str], models: Sequence[str]) -> dict[str, Target]:
    """Return every id with its target, in the order of the list.

    A library hides a model of the same name. "none" answers from documents only.

    >>> list(targets(["docs"], ["qwen3", "smollm2-135m"]))
    ['docs', 'docs/qwen3', 'docs/smollm2-135m', 'qwen3', 'smollm2-135m']
    """
    found: dict[str, Target] = {}
    for library in libraries:
        found[library] = Target(library=library, model="")
        for model in models:
            found[f"{library}/{model}"] = Target(library=library, model=model)
    for model in (name for name in models if name != NO_MODEL):
        found.setdefault(model, Target(library="", model=model))
    return found


def target_of(name: str, known: Mapping[str, Target]) -> Target:
    """Return the target of an id. Raises UnknownModel, which lists the ids."""
    if name in known:
        return known[name]
    ids = ", ".join(list(known)[:_NAMED]) + (", …" if len(known) > _NAMED else "")
    raise UnknownModel(f"There is no model {name[:200]!r} here.", f"There are: {ids}." if ids else "")
