"""`bunko mcp`: a folder as tools for agents. Nothing but the protocol goes to stdout."""

from __future__ import annotations

import argparse
import importlib.util
from dataclasses import replace
from pathlib import Path

from bunko.cli.common import note, settings_from
from bunko.errors import MissingExtra
from bunko.installation import this_installation
from bunko.settings import apply_overrides

# Next to the port of `bunko serve`.
_PORT = 8643


def run(arguments: argparse.Namespace) -> int:
    """Serve one folder until the agent disconnects, or Ctrl-C."""
    from bunko.hardware.freed_memory import return_memory_when_freed

    return_memory_when_freed()  # before what is imported next starts threads
    from bunko.engines import Engines
    from bunko.library import Library
    from bunko.server.hosting.host import Host
    from bunko.server.mcp.progress import Downloads

    if importlib.util.find_spec("mcp") is None:  # a slim installation: requirements/slim.txt
        cure = this_installation().install("mcp>=2.3,<3")
        raise MissingExtra("`bunko mcp` needs the package mcp, which is not installed.", f"Install it: `{cure}`")
    from bunko.server.mcp.protocol import build_server, run_stdio

    root = Path(arguments.folder).expanduser()
    settings = settings_from(arguments, root)
    settings = replace(settings, server=replace(settings.server, models=(), port=_PORT))
    chosen = {"server.port": arguments.port, "server.token": arguments.token}
    settings = apply_overrides(settings, {name: value for name, value in chosen.items() if value is not None})
    Library(root, settings=settings)  # a wrong path is an error now, not at the first call
    downloads = Downloads()
    host = Host(
        [root],
        settings=settings,
        engines=Engines(settings, progress=downloads),
        library_settings=lambda _: settings,
        updates="on_call",
    )
    server = build_server(host, downloads=downloads)
    if arguments.http:
        from bunko.server.mcp.http import run_http

        return run_http(server, host, on_ready=lambda url: note(arguments, f"Serving {root} to agents at {url}"))
    note(arguments, f"Serving {root} to an agent on stdin and stdout. Ctrl-C stops it.")
    run_stdio(server, host)
    return 0
