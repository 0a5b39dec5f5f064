"""Choose a library's embedder where the settings leave it open. In: where its index is. Out: a name of the catalogue.

Opens neither the index nor a model: the name of a table of vectors tells which embedder made them. An index on an
object store is not looked at.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from bunko.embedding.recipes import recipe_of_entry
from bunko.models.cache import model_directory
from bunko.models.catalogue.entries import ENTRIES
from bunko.models.catalogue.lookup import find_entry
from bunko.models.records import CatalogueEntry
from bunko.models.resolve import is_installed
from bunko.ports import vectors_table
from bunko.settings import AUTO_EMBEDDER, Settings

_BEFORE = "minilm"
"""The default until 0.1."""


def with_embedder(settings: Settings, location: str = "") -> Settings:
    """Return settings that name an embedder: for `auto`, the one that the index at `location` was made with.

    A library without vectors gets the default; offline, where the default is not on this machine, the former one if
    that is.
    """
    if settings.embedder != AUTO_EMBEDDER:
        return settings
    made_with = _made_with(location) if location and "://" not in location else ""
    return replace(settings, embedder=made_with or _for_new(settings))


def embedder_of(identities: Collection[str]) -> str:
    """Return the catalogue's name of an embedder whose vectors an index has; empty if it has none that is known."""
    entries = [entry for entry in ENTRIES if entry.kind == "embedding"]
    default = find_entry(AUTO_EMBEDDER)
    ordered = sorted(entries, key=lambda entry: entry != default)
    return next((entry.name for entry in ordered if entry_identity(entry) in identities), "")


def entry_identity(entry: CatalogueEntry) -> str:
    """Return the name of the vectors of a catalogue entry, as its embedder reports it; "" if it depends on files."""
    if entry.package:
        try:
            return f"{entry.package}=={importlib.metadata.version(entry.package)}"
        except importlib.metadata.PackageNotFoundError:
            return ""
    if not entry.verified:
        return ""
    recipe = recipe_of_entry(entry)
    return f"{entry.name}@{entry.files[0].sha256[:12]}" + (f"+{recipe}" if recipe else "")


def _made_with(location: str) -> str:
    default = find_entry(AUTO_EMBEDDER)
    entries = [entry for entry in ENTRIES if entry.kind == "embedding"]
    for entry in sorted(entries, key=lambda entry: entry != default):
        name = entry_identity(entry)
        dimension = entry.embedder.dimension if entry.embedder else 0
        if name and (Path(location) / f"{vectors_table(name, dimension)}.lance").is_dir():
            return entry.name
    return ""


def _for_new(settings: Settings) -> str:
    default, former = find_entry(AUTO_EMBEDDER), find_entry(_BEFORE)
    assert default is not None
    assert former is not None
    if settings.offline and not _is_here(default, settings) and _is_here(former, settings):
        return former.name
    return default.name


def _is_here(entry: CatalogueEntry, settings: Settings) -> bool:
    directory = model_directory(settings, entry.name)
    return all((directory / file.name).is_file() or is_installed(file) for file in entry.files)
