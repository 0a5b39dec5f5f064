"""The names under which libraries and models are asked. In: names. Out: ids, and what each stands for.

    docs/smollm2-135m    the documents of "docs", answered by that model
    docs                 the same by the first model
    smollm2-135m         that model alone, without documents

A model that was given as a path or an address goes by its last part here: the list is no place for paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bunko.server.openai_errors import UnknownModelId

_NAMED = 20  # ids that an error lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an id stands for."""

    library: str
    """Empty: the model alone."""
    model: str
    """As it was given when the server was started."""


def targets(libraries: Iterable[str], models: Sequence[str]) -> dict[str, Target]:
    """Return every id with what it stands for, in the order in which they are listed.

    >>> list(targets(["docs"], ["/models/qwen.gguf", "smollm2-135m"]))
    ['docs', 'docs/qwen', 'docs/smollm2-135m', 'qwen', 'smollm2-135m']
    """
    named = short_names(models)
    found: dict[str, Target] = {}
    for library in libraries:
        found.setdefault(library, Target(library=library, model=models[0] if models else ""))
        for short, model in named.items():
            found.setdefault(f"{library}/{short}", Target(library=library, model=model))
    for short, model in named.items():
        found.setdefault(short, Target(library="", model=model))
    return found


def short_names(models: Sequence[str]) -> dict[str, str]:
    """Return each model by a name without its path; two of one name are numbered.

    >>> short_names(["a/x.gguf", "b/x.gguf", "http://10.0.0.2:8080/v1#qwen3"])
    {'x': 'a/x.gguf', 'x-2': 'b/x.gguf', 'qwen3': 'http://10.0.0.2:8080/v1#qwen3'}
    """
    found: dict[str, str] = {}
    for model in models:
        short = base = _short(model)
        n = 1
        while short in found:
            n += 1
            short = f"{base}-{n}"
        found[short] = model
    return found


def target_of(name: str, known: Mapping[str, Target]) -> Target:
    """Return what an id stands for. Raises UnknownModelId, which names those that there are."""
    if name in known:
        return known[name]
    ids = ", ".join(list(known)[:_NAMED]) + (", …" if len(known) > _NAMED else "")
    raise UnknownModelId(f"There is no model {name[:200]!r} here.", f"There are: {ids}." if ids else "")


def _short(model: str) -> str:
    if "://" in model and "#" in model:
        return model.rpartition("#")[2] or model
    last = model.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return last.removesuffix(".gguf") or model
