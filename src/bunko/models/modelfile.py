"""Use the Modelfile of a model of Ollama's. In: its parts, the GGUF file's header. Out: what is loaded, and notes.

Parameters that Bunko has a setting for are defaults of that setting. LoRA adapters are applied. A template in Ollama's
form can't be rendered here: the GGUF file's own is used, which is mostly the same one. Whatever else changes the
answers is refused. Loads no model.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bunko.errors import BunkoError, ModelBroken, SettingsError
from bunko.models.fetching.ollama import OllamaModel, ollama_model
from bunko.models.fetching.sources import OllamaSource, parse_source
from bunko.models.gguf.header import GgufInfo, read_layout
from bunko.models.gguf.template_family import template_family
from bunko.settings import Settings, apply_overrides

_SETTINGS = {
    "temperature": "generation.temperature",
    "seed": "generation.seed",
    "num_ctx": "generation.context_tokens",
    "num_predict": "generation.max_tokens",
}
_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.S)
_BLOCK = re.compile(r"(if|range|with|block|define)\b")
# What a template says only to models that get tools, think, or fill gaps in code.
_APART = re.compile(r"Tool|\btool\b|Think|Suffix")
_MARK = re.compile(r"<[^<>\s]+>|\[/?[A-Z_]+\]")
_ROLES = frozenset("system user assistant model tool ipython".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Modelfile:
    """What is used of a Modelfile, beside the settings that `with_modelfile` gives."""

    adapters: tuple[Path, ...] = ()
    """LoRA adapters, as GGUF files."""
    stop: tuple[str, ...] = ()
    """Texts that end an answer."""
    notes: tuple[str, ...] = ()
    """What is used and what is not, for the reader of an answer."""


def read_modelfile(ollama: OllamaModel, info: GgufInfo, *, name: str) -> Modelfile:
    """Return what is used of a chat model's Modelfile. `name` is the model's, as the user gave it.

    Raises ModelBroken for a part that can't be loaded.
    """
    own = _flat(info.chat_template)
    if (system := _flat(ollama.text("system"))) and system not in own:
        raise _refused(ollama, "a system prompt")
    if ollama.text("messages") not in ("", "[]", "null"):
        raise _refused(ollama, "messages of its own")
    adapters = ollama.layers.get("adapter", ())
    if not all(map(_is_lora, adapters)):
        raise _refused(ollama, "an adapter that is not a LoRA adapter in a GGUF file")
    applied = (f"The adapter of {name}'s Modelfile is applied.",) if adapters else ()
    stop, notes = _parameter_notes(ollama, own, name=name)
    return Modelfile(adapters=adapters, stop=stop, notes=(*applied, *_template_notes(ollama, info, name=name), *notes))


def with_modelfile(settings: Settings) -> Settings:
    """Return the settings with the parameters of the model's Modelfile, where the user has set none.

    Settings of other models stay as they are, and so do those of one that can't be read: `resolve` says why.
    """
    if not settings.model.startswith("ollama:"):
        return settings
    try:
        source = parse_source(settings.model)
        usable = dict(_usable(_parameters(ollama_model(source)))) if isinstance(source, OllamaSource) else {}
    except BunkoError:
        return settings
    unset = {_SETTINGS[key]: value for key, value in usable.items() if _SETTINGS[key] not in settings.given}
    return replace(apply_overrides(settings, unset), given=settings.given)


def _parameters(ollama: OllamaModel) -> dict[str, Any]:
    try:
        found = json.loads(ollama.text("params") or "{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ModelBroken(
            f"The parameters of Ollama's {ollama.name} can't be read.", f"Try `ollama pull {ollama.name}`."
        )
    return found


def _usable(parameters: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the parameters that a setting can have; a `num_predict` of -1, for example, has no end."""
    for key, value in parameters.items():
        with contextlib.suppress(SettingsError):
            if key in _SETTINGS and value is not None:
                apply_overrides(Settings(), {_SETTINGS[key]: value})
                yield key, value


def _parameter_notes(ollama: OllamaModel, template: str, *, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the texts that end an answer, and notes on the parameters."""
    parameters = _parameters(ollama)
    given = parameters.pop("stop", ())
    stops = [given] if isinstance(given, str) else given if isinstance(given, list | tuple) else []
    stop = tuple(text for text in stops if isinstance(text, str) and text)
    usable = dict(_usable(parameters))
    used = [f"{key} {value}" for key, value in usable.items()]
    used += [f"stop {text!r}" for text in stop if _flat(text) not in template]
    others = [f"{key} {value}" for key, value in parameters.items() if key not in usable]
    notes = []
    if used:
        notes.append(f"The parameters of {name}'s Modelfile hold where you set none: {', '.join(used)}.")
    if others:
        notes.append(f"Bunko does not use these parameters of {name}'s Modelfile: {', '.join(others)}.")
    return stop, tuple(notes)


def _template_notes(ollama: OllamaModel, info: GgufInfo, *, name: str) -> tuple[str, ...]:
    template = ollama.text("template")
    lines = list(_own_lines(template))
    if not template or template == info.chat_template or not (lines or _MARK.search(template)):
        return ()
    if not info.chat_template:
        raise _refused(ollama, "a template in Ollama's own form, and its file has none")
    own = _flat(info.chat_template)
    if template_family(template) == template_family(info.chat_template) and all(line in own for line in lines):
        return ()
    return (f"The template of {name}'s Modelfile is not used, but the chat template in its GGUF file.",)


def _own_lines(template: str) -> Iterator[str]:
    """Yield what a template in Ollama's form says to every model, without marks and roles."""
    end, apart = 0, [False]
    for action in _ACTION.finditer(template):
        if not apart[-1]:
            yield from _lines(template[end : action.start()])
        end, said = action.end(), action[1]
        if _BLOCK.match(said):
            apart.append(apart[-1] or bool(_APART.search(said)))
        elif said.startswith("else") and len(apart) > 1:
            apart[-1] = apart[-2] or bool(_APART.search(said))
        elif said == "end" and len(apart) > 1:
            apart.pop()
    yield from _lines(template[end:])


def _lines(text: str) -> Iterator[str]:
    for line in _MARK.sub("\n", text).splitlines():
        if (flat := _flat(line)) not in _ROLES and re.search(r"\w", flat):
            yield flat


def _flat(text: str) -> str:
    r"""Return a text on one line, as a comparison of templates needs it: line breaks may be written as \n in them."""
    return " ".join(text.replace("\\n", " ").replace("\\", "").split())


def _is_lora(path: Path) -> bool:
    try:
        layout = read_layout(path)
    except BunkoError:
        return False
    return layout.values.get("general.type") == "adapter" and layout.values.get("adapter.type") == "lora"


def _refused(ollama: OllamaModel, part: str) -> ModelBroken:
    return ModelBroken(
        f"Ollama's {ollama.name} has {part}, which Bunko does not load from there.",
        f"Have Ollama run it, with all of its Modelfile: --model http://localhost:11434/v1#{ollama.name}",
    )
