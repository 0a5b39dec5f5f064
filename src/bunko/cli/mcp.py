"""`bunko mcp`: the folder as tools for agents. Nothing but the protocol goes to stdout."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from bunko.cli.common import note, settings_from
from bunko.settings import apply_overrides

# Beside that of `bunko serve`.
_PORT = 8643


def run(arguments: argparse.Namespace) -> int:
    """Serve one folder until the agent goes away, or Ctrl-C."""
    from bunko.server.mcp.desk import Desk
    from bunko.server.mcp.protocol import build_server, run_stdio

    root = Path(arguments.folder).expanduser()
    settings = settings_from(arguments, root)
    desk = Desk(root, settings=settings)
    server = build_server(desk, name=root.resolve().name)
    if arguments.http:
        from bunko.server.mcp.http import run_http

        own = replace(settings.server, port=_PORT)
        chosen = {"server.port": arguments.port, "server.token": arguments.token}
        given = {name: value for name, value in chosen.items() if value is not None}
        rules = apply_overrides(replace(settings, server=own), given).server
        return run_http(server, rules, tell=lambda url: note(arguments, f"Serving {root} to agents at {url}"))
    note(arguments, f"Serving {root} to an agent on stdin and stdout; Ctrl-C ends it.")
    run_stdio(server, desk)
    return 0
