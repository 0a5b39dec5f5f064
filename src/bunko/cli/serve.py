"""`bunko serve`: a page, an API and tools for agents, until Ctrl-C."""

from __future__ import annotations

import argparse
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bunko.cli.common import download_progress_from, note, print_json, settings_from
from bunko.errors import UsageError
from bunko.library import Library
from bunko.settings import apply_overrides

if TYPE_CHECKING:
    from bunko.server.hosting.host import Host
    from bunko.server.http.access import Access
    from bunko.settings import Settings

# flag -> setting
_FLAGS = ("host", "port", "token", "queue", "upload", "log", "log_contents", "tls_cert", "tls_key", "history")
_LISTS = {"library_token": "library_tokens", "allow_host": "allow_hosts", "allow_origin": "allow_origins"}


def run(arguments: argparse.Namespace) -> int:
    """Serve the folders until a signal comes."""
    from bunko.hardware.freed_memory import return_memory_when_freed

    return_memory_when_freed()  # before what is imported next starts threads
    from bunko.engines import Engines
    from bunko.server.hosting.host import Host
    from bunko.server.hosting.made_libraries import MadeLibraries, data_folder
    from bunko.server.http.running import serve

    settings = _with_flags(settings_from(arguments), arguments)
    if arguments.read_only:
        return _serve_replica(arguments, settings)
    if arguments.cache:
        raise UsageError("--cache is the folder of a copy of an index.", "Give it with --read-only --store URL.")
    made = MadeLibraries(home=data_folder())
    folders = arguments.folders or made.folders()
    if not arguments.folders and not settings.server.token:
        # Only then can a folder be chosen on the page: another user of this machine must not choose one.
        settings = replace(settings, server=replace(settings.server, token="auto"))
    if settings.store and len(folders) != 1:
        raise UsageError("Several libraries can't share the index that --store names.", "Serve one, or omit --store.")
    for folder in folders:
        Library(folder, settings=settings)  # a wrong path is an error now, not later
    engines = Engines(settings, progress=download_progress_from(arguments))
    host = Host(
        folders,
        settings=settings,
        engines=engines,
        library_settings=lambda root: _with_flags(settings_from(arguments, root), arguments),
        made=made,
    )

    return serve(host, on_ready=_announcer(arguments, host), quiet=arguments.quiet)


def _serve_replica(arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve the index at a URL, without its folder, until a signal comes."""
    from bunko.engines import Engines
    from bunko.server.hosting.host import Host
    from bunko.server.hosting.replicas import replica_of
    from bunko.server.http.running import serve

    if "://" not in settings.store or arguments.folders:
        raise UsageError(
            "--read-only serves an index on an object store, and needs no folder.",
            "For example: bunko serve --read-only --store s3://bucket/library",
        )
    settings = replace(settings, server=replace(settings.server, upload=False))
    engines = Engines(settings, progress=download_progress_from(arguments))
    library = replica_of(settings.store, settings=settings, engines=engines, cache=arguments.cache or "")
    host = Host(settings=settings, engines=engines, replicas=[library])
    return serve(host, on_ready=_announcer(arguments, host), quiet=arguments.quiet)


def _announcer(arguments: argparse.Namespace, host: Host) -> Callable[[str, Access], None]:
    """Return what prints the address once it is open."""

    def on_ready(url: str, access: Access) -> None:
        """Print the address, and open it if that is wanted."""
        address = f"{url}/#token={access.token}" if access.token else url
        if arguments.open:
            open_in_browser(address)
        if arguments.json:
            print_json({"url": url, "token": access.token, "libraries": list(host.libraries), "models": host.models})
            return
        print(address, flush=True)
        names = ", ".join(host.libraries) or "no library"
        note(arguments, f"Serving {names} with {', '.join(host.models)}. Ctrl-C stops it.")

    return on_ready


def open_in_browser(address: str) -> None:
    """Open a page. In a thread of its own: some browsers only return when they are closed."""
    threading.Thread(target=lambda: webbrowser.open(address), name="open-browser", daemon=True).start()


def _with_flags(settings: Settings, arguments: argparse.Namespace) -> Settings:
    values = {f"server.{name}": getattr(arguments, name, None) for name in _FLAGS}
    values |= {f"server.{name}": getattr(arguments, flag) or None for flag, name in _LISTS.items()}
    models = [str(Path(name).expanduser()) if name.startswith("~") else name for name in arguments.models]
    if models:
        values |= {"server.models": models, "model": models[0]}
    return apply_overrides(settings, {name: value for name, value in values.items() if value is not None})
