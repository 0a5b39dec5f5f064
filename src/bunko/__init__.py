"""Bunko: answer questions from a folder of documents on your own machine. `bunko.open(folder)` returns a library."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from bunko.client.opening import AnyLibrary as AnyLibrary
    from bunko.client.opening import open_any as open
    from bunko.config import load_settings as load_settings
    from bunko.conversation import Conversation as Conversation
    from bunko.errors import BunkoError as BunkoError
    from bunko.library import Library as Library
    from bunko.settings import Settings as Settings
    from bunko.several import SeveralLibraries as SeveralLibraries
    from bunko.several import open_several as open_several
    from bunko.types import Answer as Answer
    from bunko.types import Citation as Citation
    from bunko.types import Evidence as Evidence
    from bunko.types import Hit as Hit
    from bunko.types import SyncReport as SyncReport

# name -> (module, name there); a module is imported when its name is first used.
_PUBLIC = {
    "Answer": ("bunko.types", "Answer"),
    "AnyLibrary": ("bunko.client.opening", "AnyLibrary"),
    "BunkoError": ("bunko.errors", "BunkoError"),
    "Citation": ("bunko.types", "Citation"),
    "Conversation": ("bunko.conversation", "Conversation"),
    "Evidence": ("bunko.types", "Evidence"),
    "Hit": ("bunko.types", "Hit"),
    "Library": ("bunko.library", "Library"),
    "Settings": ("bunko.settings", "Settings"),
    "SeveralLibraries": ("bunko.several", "SeveralLibraries"),
    "SyncReport": ("bunko.types", "SyncReport"),
    "load_settings": ("bunko.config", "load_settings"),
    "open": ("bunko.client.opening", "open_any"),
    "open_several": ("bunko.several", "open_several"),
}

__all__ = [
    "Answer",
    "AnyLibrary",
    "BunkoError",
    "Citation",
    "Conversation",
    "Evidence",
    "Hit",
    "Library",
    "Settings",
    "SeveralLibraries",
    "SyncReport",
    "__version__",
    "load_settings",
    "open",
    "open_several",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'bunko' has no attribute {name!r}")
    module, attribute = _PUBLIC[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
