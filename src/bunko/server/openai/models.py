"""The names under which libraries and models are asked. In: names. Out: ids, and what each stands for.

docs                 the documents of "docs", answered by the library's own model
docs/smollm2-135m    the same by that model
smollm2-135m         that model alone, without documents
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bunko.errors import UnknownModel

_NAMED = 20  # ids that an error lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an id stands for."""

    library: str
    """Empty: the model alone."""
    model: str
    """Empty: the library's own."""


def targets(libraries: Iterable[str], models: Sequence[str]) -> dict[str, Target]:
    """Return every id with what it stands for, in the order in which they are listed.

    A library that has the name of a model hides it.

    >>> list(targets(["docs"], ["qwen3", "smollm2-135m"]))
    ['docs', 'docs/qwen3', 'docs/smollm2-135m', 'qwen3', 'smollm2-135m']
    """
    found: dict[str, Target] = {}
    for library in libraries:
        found[library] = Target(library=library, model="")
        for model in models:
            found[f"{library}/{model}"] = Target(library=library, model=model)
    for model in models:
        found.setdefault(model, Target(library="", model=model))
    return found


def target_of(name: str, known: Mapping[str, Target]) -> Target:
    """Return what an id stands for. Raises UnknownModel, which names those that there are."""
    if name in known:
        return known[name]
    ids = ", ".join(list(known)[:_NAMED]) + (", …" if len(known) > _NAMED else "")
    raise UnknownModel(f"There is no model {name[:200]!r} here.", f"There are: {ids}." if ids else "")
