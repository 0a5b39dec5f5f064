"""Parse and check LoRA adapters to load with a model. In: PATH or PATH:SCALE. Out: Adapters that fit the model.

An adapter is a GGUF file with two narrow matrices for each tensor that it changes. The engine's errors about adapters
of other models are vague, so they are checked here first. Loads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bunko.errors import AdapterMismatch, ModelNotFound, UsageError, WrongModelKind
from bunko.models.gguf.header import GgufLayout, TensorPlace, read_gguf, read_layout

_SCALE = re.compile(r"(?P<path>.+):(?P<scale>[+-]?(?:\d+\.?\d*|\.\d+))")
_HALVES = (".lora_a", ".lora_b")
_EMBEDDING = "token_embd.weight"
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """An adapter's file, and how strongly it is applied."""

    path: Path
    scale: float = 1.0

    @property
    def name(self) -> str:
        """Return its short name, with the scale unless that is 1.

        >>> Adapter(path=Path("mine.gguf"), scale=0.5).name
        'mine:0.5'
        """
        stem = self.path.name.removesuffix(".gguf")
        return stem if self.scale == 1 else f"{stem}:{self.scale:g}"


def parse_adapter(text: str) -> Adapter:
    """Parse PATH or PATH:SCALE. Raises UsageError for an empty path.

    >>> parse_adapter("mine.gguf:0.5").scale, parse_adapter("C:/mine.gguf").path.name
    (0.5, 'mine.gguf')
    """
    found = None if Path(text).exists() else _SCALE.fullmatch(text.strip())
    path, scale = (found["path"], float(found["scale"])) if found else (text.strip(), 1.0)
    if not path:
        raise UsageError("The path of an adapter is empty.", "Write --adapter PATH, or --adapter PATH:SCALE.")
    return Adapter(path=Path(path).expanduser(), scale=scale)


def parse_adapters(texts: Sequence[str]) -> tuple[Adapter, ...]:
    """Parse several adapters. Raises UsageError."""
    return tuple(parse_adapter(text) for text in texts)


def name_with_adapters(model: str, texts: Sequence[str]) -> str:
    """Return the name of a model with these adapters, as answers show it.

    >>> name_with_adapters("smollm2-135m", ["mine.gguf", "terse.gguf:0.5"])
    'smollm2-135m+mine+terse:0.5'
    """
    return "+".join([model, *(adapter.name for adapter in parse_adapters(texts))])


def adapters_for(texts: Sequence[str], model: Path) -> tuple[Adapter, ...]:
    """Parse adapters, and check that each fits the model.

    Raises UsageError, ModelNotFound, ModelBroken, WrongModelKind, AdapterMismatch.
    """
    adapters = parse_adapters(texts)
    if adapters:
        base = read_layout(model)
        for adapter in adapters:
            _check(adapter.path, base, model_name=model.name)
    return adapters


def adapter_states(texts: Sequence[str]) -> list[str]:
    """Return path, size and timestamp of each adapter's file. Raises UsageError, OSError."""
    paths = [adapter.path.resolve() for adapter in parse_adapters(texts)]
    return [f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in paths]


def _check(path: Path, base: GgufLayout, *, model_name: str) -> None:
    if path.is_dir():
        raise ModelNotFound(
            f"{path} is a folder, and an adapter is a GGUF file.", "Convert it with `bunko models import`."
        )
    if not read_gguf(path).is_adapter:
        raise WrongModelKind(f"{path} is a model, not an adapter.", "Give it as --model.")
    adapter = read_layout(path)
    kind = adapter.values.get("adapter.type")
    if kind != "lora":
        raise WrongModelKind(f"{path} is an adapter of the kind {kind!r}.", "Only LoRA adapters can be applied.")
    made_for, found = (layout.values.get("general.architecture") for layout in (adapter, base))
    hint = "Apply it to the model that it was trained on: `bunko models check` shows what a file is."
    if made_for != found:
        raise AdapterMismatch(f"{path} was made for the architecture {made_for}, and {model_name} is {found}.", hint)
    wrong = list(_mismatches(adapter, base))
    if wrong:
        more = f" (and {len(wrong) - _SHOWN} more)" if len(wrong) > _SHOWN else ""
        raise AdapterMismatch(f"{path} does not fit {model_name}: {'; '.join(wrong[:_SHOWN])}{more}.", hint)


def _mismatches(adapter: GgufLayout, base: GgufLayout) -> Iterator[str]:
    """Yield what does not fit, by the engine's own rules (llama.cpp, llama-adapter.cpp)."""
    places = {tensor.name: tensor for tensor in base.tensors}
    halves = {tensor.name: tensor for tensor in adapter.tensors}
    names = dict.fromkeys(name[: -len(_HALVES[0])] for name in halves if name.endswith(_HALVES))
    if not names:
        yield "it changes no tensor"
    for name in names:
        a, b = (halves.get(name + half) for half in _HALVES)
        if a is None or b is None:
            yield f"{name} has only one of its two matrices"
        elif name not in places:
            yield f"the model has no tensor {name}"
        elif not _fits(name, places[name], a, b):
            shapes = " and ".join(_shape(half) for half in (a, b))
            yield f"{name} is {_shape(places[name])} in the model, and {shapes} can't change that"


def _fits(name: str, place: TensorPlace, a: TensorPlace, b: TensorPlace) -> bool:
    if min(len(place.dimensions), len(a.dimensions), len(b.dimensions)) < 2:
        return False
    wide, high = place.dimensions[:2]
    if name == _EMBEDDING:  # looked up, not multiplied: its matrices are transposed
        return (wide, high) == (b.dimensions[1], a.dimensions[1]) and a.dimensions[0] == b.dimensions[0]
    return (wide, high) == (a.dimensions[0], b.dimensions[1]) and a.dimensions[1] == b.dimensions[0]


def _shape(tensor: TensorPlace) -> str:
    return "×".join(map(str, tensor.dimensions))
