"""`bunko add`."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from bunko.cli.common import dim, print_json, safe, settings_from

_DONE = {"added": "Saved as", "updated": "Updated:", "unchanged": "Nothing has changed:"}


def run(arguments: argparse.Namespace) -> int:
    """Save a page into the folder. Loads no model and opens no index."""
    from bunko.pages.saved_pages import add_page

    root = Path(arguments.folder).expanduser()
    settings = settings_from(arguments, root)
    page = add_page(root, arguments.url, settings=settings, networks="all" if arguments.allow_private else "public")
    if arguments.json:
        print_json(dataclasses.asdict(page))
        return 0
    about = ", ".join(filter(None, (page.title, page.date, page.source)))
    print(f"{_DONE[page.change]} {safe(page.path)}  {dim(safe(about))}")
    if page.change != "unchanged":
        print("The next question or `bunko index` reads it.")
    return 0
