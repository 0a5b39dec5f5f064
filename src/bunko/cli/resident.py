"""Use the process that serves a library. In: flags and a folder. Out: an answer, hits or a library, or None.

None means that the command must do the work itself: no process serves the library, or it can't do what the flags ask
for. Imports nothing heavy, so that a command is quick where a server answers.
"""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bunko.askable import ASKABLE
from bunko.cli.common import note, note_report
from bunko.client.discovery import find_serving
from bunko.client.http import names_server
from bunko.errors import (
    AccessRefused,
    BunkoError,
    EngineTimeout,
    NotReady,
    RemoteBadAnswer,
    RemoteUnavailable,
    TokenMissing,
    UnknownLibrary,
    UnknownModel,
    UsageError,
)
from bunko.stopwatch import Stopwatch
from bunko.types import Event

if TYPE_CHECKING:
    from bunko.client.remote_library import RemoteLibrary
    from bunko.contract.records import SearchResult

_ASKABLE = {each.field: each for each in ASKABLE}
_ASK_FIELDS = frozenset({"model", *_ASKABLE})
_SEARCH_FIELDS = frozenset(each.field for each in ASKABLE if "search" in each.calls)
# Flags that can't be sent to a server.
_OWN = ("store", "password_file", "archives", "ocr", "offline", "set", "adapter", "gpu_layers", "prompt")
# Environment variables that have no effect on an answer.
_HARMLESS = ("BUNKO_CONFIG", "BUNKO_DEBUG", "BUNKO_API_KEY", "BUNKO_CACHE_DIR", "BUNKO_SERVER_TOKEN")
# The question is asked of the index as it is if a sync takes longer.
_SYNC_S = 3.0
# Errors after which the command does the work itself.
_FALL_BACK = (AccessRefused, NotReady, RemoteUnavailable, RemoteBadAnswer, TokenMissing, UnknownLibrary, UnknownModel)


class NotServed(Exception):
    """Why the server can't be used; no text where that needs no explanation."""


def ask_server(arguments: argparse.Namespace, root: Path, question: str) -> Iterator[Event] | None:
    """Return the events of an answer. The first has arrived: until then the command can still do the work itself."""
    try:
        library = _connect(arguments, root, _ASK_FIELDS)
        _sync(arguments, library, root)
        events = library.stream(question, answers="new" if arguments.no_cache else "kept")
        return itertools.chain([next(events)], events)
    except (NotServed, *_FALL_BACK) as reason:
        _note_unused(arguments, reason)
        return None


def search_server(arguments: argparse.Namespace, root: Path, query: str, *, watch: Stopwatch) -> SearchResult | None:
    """Return what a search found."""
    try:
        library = _connect(arguments, root, _SEARCH_FIELDS)
        _sync(arguments, library, root)
        return library.find(query, watch=watch)
    except (NotServed, *_FALL_BACK) as reason:
        _note_unused(arguments, reason)
        return None


def served_library(arguments: argparse.Namespace, root: Path) -> RemoteLibrary | None:
    """Return the library on the server, which gets the flags with each question."""
    try:
        library = _connect(arguments, root, _ASK_FIELDS)
        _sync(arguments, library, root)
        library.check_folder()
    except (NotServed, *_FALL_BACK) as reason:
        _note_unused(arguments, reason)
        return None
    return library


def _connect(arguments: argparse.Namespace, root: Path, fields: AbstractSet[str]) -> RemoteLibrary:
    """Return the library on the server. Raises NotServed."""
    place = None if arguments.no_server else find_serving(root)
    if place is None:
        raise NotServed
    from bunko.client.remote_library import RemoteLibrary

    return RemoteLibrary(place, asking=_asking(arguments, RemoteLibrary(place), fields))


def library_at(arguments: argparse.Namespace, folder: str) -> RemoteLibrary | None:
    """Return the library at a server's address, which gets the flags with each question; None for a folder.

    Raises UsageError for a flag that can't be sent, and what opening an address raises.
    """
    if not names_server(folder):
        return None
    from bunko.client.opening import open_any
    from bunko.client.remote_library import RemoteLibrary

    library = open_any(folder)
    assert isinstance(library, RemoteLibrary)
    try:
        return library.asking(_asking(arguments, library, _ASK_FIELDS))
    except NotServed as reason:
        raise UsageError(
            f"{folder.partition('#')[0]} can't be asked like this: {reason}.",
            "Leave it out; set it where `bunko serve` runs.",
        ) from reason


def _asking(arguments: argparse.Namespace, library: RemoteLibrary, fields: AbstractSet[str]) -> dict[str, object]:
    """Return the flags as fields of a question. Raises NotServed for one that can't be sent."""
    for name in _OWN:
        if getattr(arguments, name, None):
            raise NotServed(f"--{name.replace('_', '-')} can't be sent to it")
    wanted = _environment() | {name: getattr(arguments, name, None) for name in ("model", "embedder", *_ASKABLE)}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    _check_models(library, wanted)
    if impossible := set(wanted) - {"embedder", *fields}:
        raise NotServed(f"its search has no {', '.join(sorted(impossible))}")
    try:
        return {name: _parsed(name, value) for name, value in wanted.items() if name in fields}
    except ValueError as error:
        raise NotServed("a flag has a wrong value") from error  # this process says which


def _parsed(field: str, value: str | list[str]) -> object:
    return _ASKABLE[field].parse(value) if field in _ASKABLE else value


def _environment() -> dict[str, Any]:
    """Return the settings of the environment as flags. Raises NotServed for one that can't be sent with a question."""
    found: dict[str, Any] = {}
    for variable, value in os.environ.items():
        if not variable.startswith("BUNKO_") or variable in _HARMLESS or variable.startswith("BUNKO_SERVER_"):
            continue
        name = variable.removeprefix("BUNKO_").lower().rpartition("__")[2]
        if name not in ("model", "embedder", *_ASKABLE):
            raise NotServed(f"{variable} is set for this process")
        found[name] = value
    return found


def _check_models(library: RemoteLibrary, wanted: Mapping[str, Any]) -> None:
    if not (wanted.get("model") or wanted.get("embedder")):
        return
    try:
        about = library.about()
    except BunkoError as error:
        raise NotServed(str(error)) from error
    if wanted.get("model") and wanted["model"] not in about.models:
        raise NotServed(f"it does not have the model {wanted['model']}")
    if wanted.get("embedder") and wanted["embedder"] != about.embedder:
        raise NotServed(f"{wanted['embedder']} is not its embedder")


def _sync(arguments: argparse.Namespace, library: RemoteLibrary, root: Path) -> None:
    """Bring the index in step, unless --no-sync is given; use it as it is if that takes long."""
    if arguments.no_sync:
        return
    try:
        report = library.sync(timeout_s=_SYNC_S)
    except EngineTimeout:
        note(arguments, "The index is still being updated. The answer is from what is indexed so far.")
    except BunkoError:
        return  # the question raises it again
    else:
        note_report(arguments, report, root)


def _note_unused(arguments: argparse.Namespace, reason: Exception) -> None:
    if arguments.verbose and str(reason):
        note(arguments, f"The process that serves this library is not used: {str(reason).rstrip('.')}.")
