"""`bunko ask` and `bunko search` where the library is being served: that process does the work, and nothing is loaded.

What the server can't do as the flags want it is done in this process, as if there were no server.
"""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bunko.askable import ASKABLE
from bunko.client.discovery import find_serving
from bunko.client.http import Caller, path_of
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
)

if TYPE_CHECKING:
    from bunko.client.remote_library import RemoteLibrary
    from bunko.types import Event

_ASKABLE = {each.field: each for each in ASKABLE}
# Flags that only this process can honour.
_OWN = ("no_rag", "no_server", "store", "password_file", "archives", "ocr", "offline", "set", "adapter", "gpu_layers")
# In the environment these say nothing of how an answer is made.
_HARMLESS = ("BUNKO_CONFIG", "BUNKO_DEBUG", "BUNKO_API_KEY", "BUNKO_CACHE_DIR", "BUNKO_SERVER_TOKEN")
# The index is brought in step before a question is asked; a sync that takes longer than this is not waited for.
_SYNC_S = 3.0
# With these the server says that it is not the one to ask.
_ELSEWHERE = (AccessRefused, NotReady, RemoteUnavailable, RemoteBadAnswer, TokenMissing, UnknownLibrary, UnknownModel)


class NotServed(Exception):
    """Why the server is not to be used."""


def run_ask(arguments: argparse.Namespace) -> int:
    """Answer one question, by the process that serves the library if there is one."""
    words = arguments.words
    if len(words) == 2 and words[1].strip() not in ("", "-"):
        try:
            return _ask(arguments, Path(words[0]).expanduser(), words[1].strip())
        except NotServed as reason:
            _tell(arguments, reason)
    from bunko.cli.ask import run_ask as run_here

    return run_here(arguments)


def run_search(arguments: argparse.Namespace) -> int:
    """Find passages, by the process that serves the library if there is one."""
    try:
        if arguments.query.strip():
            return _search(arguments, Path(arguments.folder).expanduser())
    except NotServed as reason:
        _tell(arguments, reason)
    from bunko.cli.ask import run_search as run_here

    return run_here(arguments)


def served_library(arguments: argparse.Namespace, root: Path) -> RemoteLibrary | None:
    """Return the library as the process that serves it has it, with the flags for its questions; None if none does."""
    from bunko.client.remote_library import RemoteLibrary

    try:
        caller, library, fields = _server(arguments, root)
        served = RemoteLibrary(replace(caller.place, library=library), asking=fields)
        _sync(arguments, caller, library, root)
        served.check_folder()
    except NotServed as reason:
        _tell(arguments, reason)
        return None
    except _ELSEWHERE as reason:
        _tell(arguments, NotServed(str(reason)))
        return None
    return served


def _ask(arguments: argparse.Namespace, root: Path, question: str) -> int:
    caller, library, fields = _server(arguments, root)
    _sync(arguments, caller, library, root)
    body = {"question": question, "stream": True, "answers": "new" if arguments.no_cache else "kept", **fields}
    events = _begun(caller.events(path_of("libraries", library, "ask"), body))
    if arguments.json:
        from bunko.contract.parse import from_json
        from bunko.contract.serialise import to_json
        from bunko.types import Answer

        tree = _finished(events)
        _print_json(to_json(from_json(Answer, tree)))
        for text in tree["notes"]:
            _note(arguments, text)
        return 0
    from bunko.cli.render import render_events

    render_events(_records(events), verbose=arguments.verbose, quiet=arguments.quiet)
    return 0


def _search(arguments: argparse.Namespace, root: Path) -> int:
    caller, library, fields = _server(arguments, root)
    if set(fields) - {each.field for each in ASKABLE if "search" in each.calls}:
        raise NotServed("a search there takes no such flags")
    _sync(arguments, caller, library, root)
    try:
        found = caller.post(path_of("libraries", library, "search"), {"query": arguments.query, **fields})
    except _ELSEWHERE as error:
        raise NotServed(str(error)) from error
    if arguments.json:
        _print_json(found)
        return 0
    from bunko.cli.render import render_hits
    from bunko.contract.parse import from_json
    from bunko.contract.records import SearchResult

    render_hits(from_json(SearchResult, found).hits, verbose=arguments.verbose)
    return 0


# --- whether the server will do ------------------------------------------------------------------------------------


def _server(arguments: argparse.Namespace, root: Path) -> tuple[Caller, str, dict[str, Any]]:
    """Return the server, the library's name there, and the fields that the flags ask for. Raises NotServed."""
    for name in _OWN:
        if getattr(arguments, name, None):
            raise NotServed("" if name == "no_server" else f"--{name.replace('_', '-')} is for this process")
    place = find_serving(root)
    if place is None:
        raise NotServed
    wanted = _environment() | {name: getattr(arguments, name, None) for name in ("model", "embedder", *_ASKABLE)}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    caller = Caller(place)
    if "model" in wanted or "embedder" in wanted:
        _check_models(caller, wanted)
    try:
        fields = {name: _ASKABLE[name].parse(value) for name, value in wanted.items() if name in _ASKABLE}
    except ValueError as error:
        raise NotServed("a flag has a value that it can't have") from error  # this process says which
    return caller, place.library, ({"model": wanted["model"]} if "model" in wanted else {}) | fields


def _environment() -> dict[str, Any]:
    """Return what the environment sets, as flags. Raises NotServed for what no question can bring along."""
    found: dict[str, Any] = {}
    for variable, value in os.environ.items():
        if not variable.startswith("BUNKO_") or variable in _HARMLESS or variable.startswith("BUNKO_SERVER_"):
            continue
        name = variable.removeprefix("BUNKO_").lower().rpartition("__")[2]
        if name not in ("model", "embedder", *_ASKABLE):
            raise NotServed(f"{variable} is set for this process")
        found[name] = value
    return found


def _check_models(caller: Caller, wanted: dict[str, Any]) -> None:
    try:
        about = caller.get(path_of("about"))
    except BunkoError as error:
        raise NotServed(str(error)) from error
    if wanted.get("model") and wanted["model"] not in about["models"]:
        raise NotServed(f"{wanted['model']} is not served there")
    if wanted.get("embedder") and wanted["embedder"] != about["embedder"]:
        raise NotServed(f"{wanted['embedder']} is not the embedder there")


def _sync(arguments: argparse.Namespace, caller: Caller, library: str, root: Path) -> None:
    """Have the index brought in step, unless told not to; what is there already will do where that takes long."""
    if arguments.no_sync:
        return
    try:
        report = caller.post(path_of("libraries", library, "sync", retry_failed="false"), {}, timeout_s=_SYNC_S)
    except EngineTimeout:
        _note(arguments, "The index is still being brought in step. The answer is from what is there already.")
        return
    except BunkoError:
        return  # what is wrong is told by the answer
    changes = [f"{report[what]} {what}" for what in ("added", "updated", "removed") if report[what]]
    if changes:
        _note(arguments, f"{report['documents']} documents ({', '.join(changes)}) in {report['seconds']:.1f} s")
    if report["failed"]:
        _note(arguments, f"{len(report['failed'])} files could not be read; `bunko index {root}` tells which and why")


# --- events --------------------------------------------------------------------------------------------------------


def _begun(events: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Wait for the first event: until then the ordinary way is open. Raises NotServed."""
    try:
        first = next(events)
    except StopIteration as error:
        raise NotServed("it broke off") from error
    except _ELSEWHERE as error:
        raise NotServed(str(error)) from error
    return itertools.chain([first], events)


def _finished(events: Iterator[tuple[str, Any]]) -> Any:
    """Return the answer at the end. Raises the error that came instead."""
    from bunko.contract.parse import error_from

    for name, tree in events:
        if name == "finished":
            return tree
        if name == "error":
            raise error_from(tree)
    raise RemoteUnavailable("The server broke off its answer.", "Ask again, or with --no-server.")


def _records(events: Iterator[tuple[str, Any]]) -> Iterator[Event]:
    from bunko.contract.parse import event_from

    for name, tree in events:
        if event := event_from(name, tree):
            yield event
        if name == "finished":
            return
    raise RemoteUnavailable("The server broke off its answer.", "Ask again, or with --no-server.")


# --- what is said ----------------------------------------------------------------------------------------------------


def _print_json(value: object) -> None:
    import json

    print(json.dumps(value, ensure_ascii=False), flush=True)


def _note(arguments: argparse.Namespace, text: str) -> None:
    from bunko.cli.common import note

    note(arguments, text)


def _tell(arguments: argparse.Namespace, reason: NotServed) -> None:
    if arguments.verbose and str(reason):
        _note(arguments, f"The process that serves this library is not used: {reason}.")
