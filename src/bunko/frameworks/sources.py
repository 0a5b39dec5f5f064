"""What a framework gets of a source. In: a hit or a quote. Out: its metadata. Knows no framework.

Frameworks call from several threads, and a library can be used by one at a time: `lock_of` says whose turn it is.
"""

from __future__ import annotations

import importlib
import threading
import weakref
from typing import TYPE_CHECKING, Any

from bunko.errors import MissingExtra

if TYPE_CHECKING:
    from bunko.client.opening import AnyLibrary
    from bunko.types import Chunk, Evidence

_locks: weakref.WeakKeyDictionary[Any, threading.Lock] = weakref.WeakKeyDictionary()
_locks_lock = threading.Lock()


def lock_of(library: AnyLibrary) -> threading.Lock:
    """Return the lock of a library: the same for all that use it."""
    with _locks_lock:
        return _locks.setdefault(library, threading.Lock())


def metadata_of(item: Chunk | Evidence, *, score: float) -> dict[str, Any]:
    """Return where a source is: plain values, as vector stores and tracers take them."""
    known: dict[str, Any] = {
        "source": item.path,
        "page": item.page,
        "heading": item.heading,
        "library": item.library,
        "start": item.start,
        "end": item.end,
        "score": score,
    }
    return {name: value for name, value in known.items() if value not in (None, "")}


def id_of(item: Chunk | Evidence) -> str:
    """Return a name that is the same each time: the document and the place in it."""
    return f"{item.library}{'/' if item.library else ''}{item.path}#{item.start}-{item.end}"


def need(module: str, *, extra: str) -> None:
    """Raise MissingExtra unless a framework is installed."""
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(
            f"The package {module.partition('.')[0]} is not installed.", f'Install it: pip install "bunko[{extra}]"'
        ) from error
