"""The settings that matter to an answer, to save and to apply again. In: Settings. Out: values by dotted name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bunko.config import load_settings
from bunko.errors import BunkoError
from bunko.models.catalogue.lookup import CATALOGUE_ONLY, find_entry
from bunko.models.fetching.sources import PlainSource, parse_source
from bunko.models.gguf.adapters import parse_adapters
from bunko.settings import OWN_RERANKERS, Settings, apply_overrides, known_names

# Where files are kept, how long is waited, who may ask, and what is guessed ahead has no effect on an answer.
_WITHOUT_EFFECT = (
    "store",
    "cache_dir",
    "offline",
    "answers.keep",
    "generation.speculation",
    "generation.draft_model",
    "generation.start_timeout_s",
    "generation.first_token_timeout_s",
    "generation.token_timeout_s",
)
# Of these, a record of another installation may choose none: they protect the reader, or name his files.
_OWN = ("reading.", "generation.adapters")
_MODELS = ("model", "embedder")


class ModelRefused(Exception):
    """A record of another installation names a model by a path, an address or a download."""

    def __init__(self, setting: str) -> None:
        super().__init__(setting)
        self.setting = setting


def is_deciding(name: str) -> bool:
    """Return whether a setting matters to an answer."""
    return name not in _WITHOUT_EFFECT and not name.startswith("server.")


def deciding_settings(settings: Settings) -> dict[str, object]:
    """Return the settings that matter to an answer, by dotted name, with absolute paths."""
    found: dict[str, object] = {}
    for name in filter(is_deciding, known_names()):
        section, _, key = name.rpartition(".")
        value = getattr(getattr(settings, section) if section else settings, key)
        found[name] = list(value) if isinstance(value, tuple) else value
    found |= {name: _absolute_model(str(found[name])) for name in _MODELS}
    adapters = parse_adapters(settings.generation.adapters)
    found["generation.adapters"] = [f"{adapter.path.resolve()}:{adapter.scale:g}" for adapter in adapters]
    if settings.reading.password_file:
        found["reading.password_file"] = str(Path(settings.reading.password_file).expanduser().resolve())
    return found


def settings_again(saved: Mapping[str, object], *, overrides: Mapping[str, object], is_own: bool) -> Settings:
    """Return saved settings to answer with. The places of files and the limits of time are today's.

    `overrides` replace saved ones. Of a record that another installation made, models are taken only by plain names,
    and neither adapters nor limits of reading. Raises SettingsError; ModelRefused.
    """
    today = load_settings()
    base = apply_overrides(Settings(), {name: _value(today, name) for name in known_names() if not is_deciding(name)})
    known = {name: value for name, value in saved.items() if name in known_names() and is_deciding(name)}
    if not is_own:
        for name in _OWN:
            known = {each: value for each, value in known.items() if not each.startswith(name)}
            own = {each: _value(today, each) for each in known_names() if each.startswith(name)}
            base = apply_overrides(base, own)
        if known.get("retrieval.reranker", "none") not in OWN_RERANKERS and "retrieval.reranker" not in overrides:
            raise ModelRefused("retrieval.reranker")
        for name in _MODELS:
            if name not in overrides and not is_plain_name(str(known.get(name, ""))):
                raise ModelRefused(name)
    return apply_overrides(base, known | dict(overrides))


def is_plain_name(model: str) -> bool:
    """Return whether a model is named by a name of the catalogue: no path, address or download."""
    return find_entry(model.removeprefix(CATALOGUE_ONLY)) is not None


def _value(settings: Settings, name: str) -> object:
    section, _, key = name.rpartition(".")
    return getattr(getattr(settings, section) if section else settings, key)


def _absolute_model(name: str) -> str:
    """Return a model's name; the path of a file or folder is made absolute."""
    try:
        if find_entry(name) is None and isinstance(source := parse_source(name), PlainSource) and source.path.exists():
            return str(source.path.resolve())
    except (BunkoError, OSError, ValueError):  # the model is refused where it is opened
        return name
    return name
