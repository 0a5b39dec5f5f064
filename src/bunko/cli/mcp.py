"""`bunko mcp`: the folder as tools for agents. Nothing but the protocol goes to stdout."""

from __future__ import annotations

import argparse
from pathlib import Path

from bunko.cli.common import note, settings_from
from bunko.indexing import Progress
from bunko.library import Library
from bunko.models import Progress as DownloadProgress


def run(arguments: argparse.Namespace) -> int:
    """Serve one folder until the agent goes away, or Ctrl-C."""
    root = Path(arguments.folder).expanduser()
    settings = settings_from(arguments, root)
    Library(root, settings=settings)  # a folder that is not there is told of at once

    def opens(*, progress: Progress, download_progress: DownloadProgress) -> Library:
        return Library(root, settings=settings, progress=progress, download_progress=download_progress)

    import anyio

    from bunko.server.desk import Desk
    from bunko.server.mcp import build_server, run_stdio

    server = build_server(lambda: Desk(opens), name=root.resolve().name)
    note(arguments, f"Serving {root} to an agent on stdin and stdout; Ctrl-C ends it.")
    anyio.run(run_stdio, server)
    return 0
