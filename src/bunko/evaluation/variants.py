"""Build the variants to compare. In: models, settings and texts of the command line. Out: list[Variant].

The variants are all combinations of models, adapters, values of settings, and with or without documents.
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
from bunko.evaluation.records import AnswerFrom
from bunko.settings import Settings, apply_overrides

_ASSIGNMENT = re.compile(r",\s*(?=[\w.]+\s*=)")
_ADAPTER, _ADAPTERS = "adapter", "generation.adapters"
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One configuration to measure."""

    name: str
    settings: Settings
    changed: dict[str, str] = field(default_factory=dict)
    """The settings that differ from the shared ones, by dotted name, as they were given."""
    answer_from: AnswerFrom = "documents"


def build_variants(
    settings: Settings,
    *,
    models: Sequence[str] = (),
    adapters: Sequence[str] = (),
    changes: Sequence[str] = (),
    written_out: Sequence[str] = (),
    answer_from: Sequence[AnswerFrom] = ("documents",),
) -> list[Variant]:
    """Return all combinations of models, adapters, changed settings and `answer_from`, after those written out.

    `changes` are texts such as NAME=V1,V2; all variants share `settings`. Settings of retrieval make no variants for
    answer_from="model". Raises UsageError and SettingsError for texts that can't be parsed, and UsageError for two
    variants of the same name.
    """
    variants = [_written_out(text, settings) for text in written_out]
    models = list(dict.fromkeys(models))
    if models or adapters or changes or "model" in answer_from or not variants:
        with_adapter = [(_ADAPTERS, adapter) for adapter in ("", *dict.fromkeys(adapters))]
        axes = [[("model", model) for model in models or ("",)], with_adapter, *map(_axis, changes)]
        for basis in answer_from:
            combined = [_combined(chosen, settings, basis, models) for chosen in itertools.product(*axes)]
            variants += [one for n, one in enumerate(combined) if one not in combined[:n]]
    for name, count in Counter(variant.name for variant in variants).items():
        if count > 1:
            raise UsageError(f"{count} variants have the name {name!r}.", 'Name them: --variant "NAME: model=…".')
    return variants


def short_name(model: str) -> str:
    """Return a model's name without folders and extension; a URL is returned unchanged.

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


def _combined(
    chosen: Sequence[tuple[str, str]], settings: Settings, answer_from: AnswerFrom, models: Sequence[str]
) -> Variant:
    changed = {name: value for name, value in chosen if value}
    if answer_from == "model":  # nothing is retrieved
        changed = {name: value for name, value in changed.items() if _concerns_model(name)}
    parts = [f"{_short(name)} {short_name(value)}" for name, value in changed.items() if name != "model"]
    if len(models) > 1 or not parts:
        parts.insert(0, short_name(changed.get("model", settings.model)))
    name = ", ".join([*parts, *(["without documents"] if answer_from == "model" else [])])
    return Variant(name=name, settings=apply_overrides(settings, changed), changed=changed, answer_from=answer_from)


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
            raise UsageError(f"--variant {text!r} can't be parsed.", 'Write "NAME: model=…, retrieval.mode=lexical".')
        name_of, given = key.strip(), value.strip()
        if name_of in (_ADAPTER, _ADAPTERS):  # may be repeated
            name_of, given = _ADAPTERS, ",".join(filter(None, (changed.get(_ADAPTERS, ""), given)))
        changed[name_of] = given
    rag = changed.pop("rag", "true").lower()
    if rag not in (*_TRUE, *_FALSE):
        raise UsageError(f"--variant {text!r} has rag={rag}.", "It takes true or false.")
    answer_from: AnswerFrom = "documents" if rag in _TRUE else "model"
    return Variant(
        name=name.strip(), settings=apply_overrides(settings, changed), changed=changed, answer_from=answer_from
    )
