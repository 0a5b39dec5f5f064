"""The models that Bunko knows by name. In: a name. Out: CatalogueEntry. Reads no file and opens no connection."""

from __future__ import annotations

import difflib

from bunko.models.catalogue.entries import ENTRIES
from bunko.models.records import CatalogueEntry, Kind

CATALOGUE_ONLY = "catalogue:"
"""Prefix of a name that can only be a catalogue entry, never a file or a server."""


def find_entry(name: str) -> CatalogueEntry | None:
    """Return the entry of this name or alias, ignoring case and the prefix `catalogue:`.

    >>> find_entry("SmolLM2-135M").name
    'smollm2-135m'
    """
    wanted = name.casefold().removeprefix(CATALOGUE_ONLY)
    return next((entry for entry in ENTRIES if wanted in (entry.name, *entry.aliases)), None)


def multilingual_embedder() -> str:
    """Return the name of the embedder to recommend for other languages than English.

    >>> multilingual_embedder()
    'e5-small'
    """
    return next(entry.name for entry in ENTRIES if entry.kind == "embedding" and "*" in entry.languages)


def nearest_names(name: str, *, kind: Kind | None = None) -> list[str]:
    """Return up to three catalogue names that look like this one, nearest first.

    >>> nearest_names("smolm2")
    ['smollm2-135m']
    """
    spellings = {
        spelling: entry.name
        for entry in ENTRIES
        if kind in (None, entry.kind)
        for spelling in (entry.name, *entry.aliases)
    }
    near = difflib.get_close_matches(name.casefold(), spellings, n=6, cutoff=0.55)
    return list(dict.fromkeys(spellings[spelling] for spelling in near))[:3]
