"""Keep what `bunko bench --tune` found for a model on this machine, and use it. In: parameters. Out: Parameters.

One small file in the user's cache holds the engine's parameters that were measured to be faster than the defaults. A
model file, an engine or a processor that has changed has no entry: it runs with the defaults. Measures nothing.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bunko.engine.parameters import Machine, Parameters, Values
from bunko.hardware.processor import this_processor
from bunko.private_files import make_private, read_plain, write_plain
from bunko.settings import GenerationSettings

FILE = "tuned.json"
FLASH: Mapping[str, object] = {"flash_attn_type": "LLAMA_FLASH_ATTN_TYPE_ENABLED"}
EIGHT_BITS: Mapping[str, object] = {**FLASH, "cache_type_k": "GGML_TYPE_Q8_0", "cache_type_v": "GGML_TYPE_Q8_0"}
"""Attention that computes a token alone as it computes one of several, on a processor. With a cache of 16 bits it does
so up to 512 tokens only: beyond, the work on a single token is split."""
_KEPT = 64
_MOST_BYTES = 256 << 10
_DIGEST_BYTES = 16
_MEASURED = 2
"""The way of measuring; what was found in another way counts no more. The first kept what made reuse inexact."""
_NGRAM, _DRAFT = "COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE", "COMMON_SPECULATIVE_TYPE_DRAFT_SIMPLE"
# The only parameters that an entry may change, and the range of each number.
_NUMBERS: Mapping[str, tuple[int, int]] = {
    "cpuparams.n_threads": (1, 1024),
    "cpuparams_batch.n_threads": (1, 1024),
    "n_batch": (16, 4096),
    "n_ubatch": (16, 4096),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Speculation:
    """How tokens are guessed before the model has computed them; each guess is checked by the model."""

    draft: Path | None = None
    """The file of the model that guesses; None: what followed the same tokens before, in the prompt or the answer."""
    match: int = 4
    """Tokens that must be the same before anything is guessed; without a draft model."""
    most: int = 8
    """Most tokens guessed at once; at least `match` without a draft model, since the engine guesses none otherwise."""

    def values(self) -> Values:
        """Return the engine's parameters."""
        if self.draft:
            return {
                "speculative.types": [_DRAFT],
                "speculative.draft.mparams.path": str(self.draft.resolve()),
                "speculative.draft.n_max": self.most,
            }
        return {
            "speculative.types": [_NGRAM],
            "speculative.ngram_simple.size_n": self.match,
            "speculative.ngram_simple.size_m": self.most,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What was found for one model on one machine."""

    values: Mapping[str, object] = field(default_factory=dict)
    """The engine's parameters that differ from the defaults."""
    speculation: Speculation | None = None
    attention: Mapping[str, object] = field(default_factory=dict)
    """The parameters with which guesses change nothing: used wherever words may be guessed, also if they are not."""
    gain: float = 1.0
    """Time of a usual question with the defaults, divided by that with these parameters."""
    quoting_gain: float = 1.0
    """The same for an answer that quotes its source; 1 without speculation."""


class TunedModels:
    """The entries of all models. A damaged file counts as an empty one."""

    def __init__(self, cache: Path) -> None:
        self._file = cache / FILE

    def of(self, key: str) -> Tuned | None:
        """Return the entry of a key."""
        found = self._all().get(key)
        return _read(found) if isinstance(found, dict) else None

    def keep(self, key: str, tuned: Tuned) -> None:
        """Keep an entry. Raises OSError."""
        entries = self._all()
        entries.pop(key, None)
        make_private(self._file.parent)
        kept = [*entries.items(), (key, _written(tuned))][-_KEPT:]
        write_plain(self._file, json.dumps(dict(kept), indent=1).encode())

    def _all(self) -> dict[str, Any]:
        try:
            found = json.loads(read_plain(self._file, most=_MOST_BYTES) or b"{}")
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def tuned_key(defaults: Parameters, machine: Machine, *, draft: Path | None = None) -> str:
    """Return a digest of model, engine, processor, parameters by default, and the draft model. Raises OSError."""
    files = [Path(str(defaults.values["model.path"])), *([draft] if draft else [])]
    spec = importlib.util.find_spec("xllamacpp")
    files += [Path(spec.origin)] if spec and spec.origin else []
    stamps = [(state.st_size, state.st_mtime_ns) for state in (file.stat() for file in files)]
    # The window follows the free memory, which is another one each time.
    values = {name: value for name, value in defaults.values.items() if name not in ("n_ctx", "slot_save_path")}
    known = [_MEASURED, values, stamps, this_processor().name, machine.cores]
    described = json.dumps(known, sort_keys=True, default=str)
    return hashlib.blake2b(described.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def with_tuned(
    parameters: Parameters, tuned: Tuned | None, settings: GenerationSettings, *, guesses: bool
) -> Parameters:
    """Return the parameters with what was found. `guesses`: whether the model's answers may be speculated.

    What the settings name is left as it is.
    """
    if tuned is None:
        return parameters
    values = dict(tuned.values)
    if tuned.speculation and guesses:
        values |= tuned.attention  # also with speculation off, so that the text is the same
    if settings.threads:
        values = {name: value for name, value in values.items() if not name.endswith("n_threads")}
    if settings.cache_type != "f16":
        values = {name: value for name, value in values.items() if not name.startswith("cache_type")}
    if tuned.speculation and guesses and settings.speculation == "auto":
        values |= tuned.speculation.values()
    return replace(parameters, values={**parameters.values, **values})


def speculates(parameters: Parameters) -> bool:
    """Return whether the engine guesses tokens with these parameters."""
    return "speculative.types" in parameters.values


def _written(tuned: Tuned) -> dict[str, object]:
    one = tuned.speculation
    guessed = {"draft": str(one.draft or ""), "match": one.match, "most": one.most} if one else None
    return {
        "values": dict(tuned.values),
        "speculation": guessed,
        "attention": dict(tuned.attention),
        "gain": round(tuned.gain, 3),
        "quoting_gain": round(tuned.quoting_gain, 3),
    }


def _read(entry: Mapping[str, Any]) -> Tuned | None:
    """Return an entry; None if it has anything that no measurement writes."""
    values, guessed, attention = entry.get("values"), entry.get("speculation"), entry.get("attention")
    for found in (values, attention):
        if not isinstance(found, dict) or not all(_is_allowed(name, value) for name, value in found.items()):
            return None
    assert isinstance(values, dict)
    assert isinstance(attention, dict)
    try:
        return Tuned(
            values=values,
            speculation=_read_speculation(guessed) if guessed else None,
            attention=attention,
            gain=float(entry.get("gain", 1.0)),
            quoting_gain=float(entry.get("quoting_gain", 1.0)),
        )
    except (TypeError, ValueError, KeyError):
        return None


def _is_allowed(name: str, value: object) -> bool:
    if name in _NUMBERS:
        least, most = _NUMBERS[name]
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    return (name == "no_extra_bufts" and isinstance(value, bool)) or {name: value}.items() <= EIGHT_BITS.items()


def _read_speculation(found: Mapping[str, Any]) -> Speculation:
    draft, match, most = str(found["draft"]), int(found["match"]), int(found["most"])
    if not (1 <= match <= 64 and 1 <= most <= 64):
        raise ValueError
    return Speculation(draft=Path(draft) if draft else None, match=match, most=most)
