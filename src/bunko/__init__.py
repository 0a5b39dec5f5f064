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
    from bunko.evaluation.side_by_side import Compared as Compared
    from bunko.evaluation.side_by_side import compare_variants as compare
    from bunko.language_model import LanguageModel as LanguageModel
    from bunko.language_model import open_model as open_model
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
    "Compared": ("bunko.evaluation.side_by_side", "Compared"),
    "Conversation": ("bunko.conversation", "Conversation"),
    "Evidence": ("bunko.types", "Evidence"),
    "Hit": ("bunko.types", "Hit"),
    "LanguageModel": ("bunko.language_model", "LanguageModel"),
    "Library": ("bunko.library", "Library"),
    "Settings": ("bunko.settings", "Settings"),
    "SeveralLibraries": ("bunko.several", "SeveralLibraries"),
    "SyncReport": ("bunko.types", "SyncReport"),
    "compare": ("bunko.evaluation.side_by_side", "compare_variants"),
    "load_settings": ("bunko.config", "load_settings"),
    "open": ("bunko.client.opening", "open_any"),
    "open_model": ("bunko.language_model", "open_model"),
    "open_several": ("bunko.several", "open_several"),
}

__all__ = [
    "Answer",
    "AnyLibrary",
    "BunkoError",
    "Citation",
    "Compared",
    "Conversation",
    "Evidence",
    "Hit",
    "LanguageModel",
    "Library",
    "Settings",
    "SeveralLibraries",
    "SyncReport",
    "__version__",
    "compare",
    "load_settings",
    "open",
    "open_model",
    "open_several",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'bunko' has no attribute {name!r}")
    module, attribute = _PUBLIC[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
