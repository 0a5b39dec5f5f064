"""Say what is compared. In: models, settings and texts as the command line gives them. Out: list[Variant].

Each model is a variant, with each adapter another; without documents each is one more; each value of a setting makes
one of all of these.
A variant can also be written out: "NAME: model=…, adapter=…, rag=false". Knows nothing of answering.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from bunko.errors import UsageError
from bunko.settings import Settings, apply_overrides

_ASSIGNMENT = re.compile(r",\s*(?=[\w.]+\s*=)")
_ADAPTER, _ADAPTERS = "adapter", "generation.adapters"
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way of answering."""

    name: str
    settings: Settings
    changed: dict[str, str] = field(default_factory=dict)
    """What makes this variant, beside what all have: settings by dotted name, as they were given."""
    rag: bool = True


def build_variants(
    settings: Settings,
    *,
    models: Sequence[str] = (),
    adapters: Sequence[str] = (),
    changes: Sequence[str] = (),
    written_out: Sequence[str] = (),
    without_documents: bool = False,
) -> list[Variant]:
    """Return the variants: each model as it is, and with each adapter, with each change, and so on.

    `changes` are texts like NAME=V1,V2; `settings` are what all variants share.

    Without documents, what concerns retrieval makes no variant. Raises UsageError and SettingsError for what can't be
    understood, and where two are called alike.
    """
    variants = [_written_out(text, settings) for text in written_out]
    models = list(dict.fromkeys(models))
    if models or adapters or changes or without_documents or not variants:
        with_adapter = [(_ADAPTERS, adapter) for adapter in ("", *dict.fromkeys(adapters))]
        axes = [[("model", model) for model in models or ("",)], with_adapter, *map(_axis, changes)]
        for rag in (True, False) if without_documents else (True,):
            combined = [_combined(chosen, settings, rag=rag, models=models) for chosen in itertools.product(*axes)]
            variants += [one for n, one in enumerate(combined) if one not in combined[:n]]
    for name, count in Counter(variant.name for variant in variants).items():
        if count > 1:
            raise UsageError(f"{count} variants are called {name!r}.", 'Name them: --variant "NAME: model=…".')
    return variants


def short_name(model: str) -> str:
    """Return a model's name without folders and ending; an address stays as it is.

    >>> short_name("models/qwen.gguf"), short_name("hf:owner/repo/small-Q4_K_M.gguf"), short_name("smollm2-135m")
    ('qwen', 'small-Q4_K_M', 'smollm2-135m')
    """
    if model.startswith(("http://", "https://")) and not model.endswith(".gguf"):
        return model
    return PurePath(model.replace("\\", "/")).name.removesuffix(".gguf") or model


def _axis(text: str) -> list[tuple[str, str]]:
    name, equals, values = text.partition("=")
    given = [value.strip() for value in values.split(",") if value.strip()]
    if not equals or not name.strip() or not given:
        raise UsageError(
            f"--setting {text} names no values.", "Write --setting NAME=V1,V2, such as retrieval.mode=hybrid,lexical."
        )
    return [(name.strip(), value) for value in given]


def _combined(chosen: Sequence[tuple[str, str]], settings: Settings, *, rag: bool, models: Sequence[str]) -> Variant:
    changed = {name: value for name, value in chosen if value}
    if not rag:  # how passages are found makes no difference then
        changed = {name: value for name, value in changed.items() if _concerns_model(name)}
    parts = [f"{_short(name)} {short_name(value)}" for name, value in changed.items() if name != "model"]
    if len(models) > 1 or not parts:
        parts.insert(0, short_name(changed.get("model", settings.model)))
    name = ", ".join([*parts, *([] if rag else ["without documents"])])
    return Variant(name=name, settings=apply_overrides(settings, changed), changed=changed, rag=rag)


def _short(name: str) -> str:
    return _ADAPTER if name == _ADAPTERS else name.rpartition(".")[2]


def _concerns_model(name: str) -> bool:
    return name in ("model", "answer_language") or name.startswith("generation.")


def _written_out(text: str, settings: Settings) -> Variant:
    name, colon, body = text.partition(":")
    changed: dict[str, str] = {}
    for part in _ASSIGNMENT.split(body):
        key, equals, value = part.partition("=")
        if not colon or not equals:
            raise UsageError(
                f"--variant {text!r} can't be understood.", 'Write "NAME: model=…, retrieval.mode=lexical".'
            )
        name_of, given = key.strip(), value.strip()
        if name_of in (_ADAPTER, _ADAPTERS):  # it may be repeated
            name_of, given = _ADAPTERS, ",".join(filter(None, (changed.get(_ADAPTERS, ""), given)))
        changed[name_of] = given
    rag = changed.pop("rag", "true").lower()
    if rag not in (*_TRUE, *_FALSE):
        raise UsageError(f"--variant {text!r} has rag={rag}.", "It takes true or false.")
    return Variant(name=name.strip(), settings=apply_overrides(settings, changed), changed=changed, rag=rag in _TRUE)
