"""The flags of `bunko add`, `bunko status` and `bunko completion`. In: the parser's commands. Out: nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bunko.cli.command_parser import CommandParser

SHELLS = ("bash", "zsh", "fish", "powershell")


def show_help(parser: argparse.ArgumentParser, *, about: str) -> None:
    """Let a parser of commands print its help where no command is given."""
    parser.set_defaults(run="bunko.cli.help:run", help_about=about.split())


def add_more_commands(
    commands: argparse._SubParsersAction[CommandParser], *, common: Callable[[argparse.ArgumentParser], None]
) -> None:
    """Add the commands; `common` adds the flags that all have."""
    add = _add(commands, "add", "save a page of the web into the folder, by its address", "add:run")
    add.add_argument("folder", metavar="FOLDER", help="a folder of documents")
    add.add_argument("url", metavar="URL", help="the address of a web page, a PDF or a plain text")
    add.add_argument(
        "--allow-private", action="store_true", help="also from this machine and private networks, and redirects there"
    )
    common(add)
    status = _add(commands, "status", "show how far the index is, and what could not be read", "status:run")
    status.add_argument("folder", metavar="FOLDER", help="a folder of documents, or a single document")
    common(status)
    status.add_argument("--embedder", metavar="NAME", help="the embedding model")
    status.add_argument("--store", metavar="PATH", help="where the index is; default: FOLDER/.bunko")
    completion = _add(commands, "completion", "print what makes a shell complete commands and flags", "completion:run")
    completion.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    completion.add_argument("--install", action="store_true", help="write it where the shell reads it")
    common(completion)


def _add(commands: argparse._SubParsersAction[CommandParser], name: str, summary: str, run: str) -> CommandParser:
    command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    command.set_defaults(run=f"bunko.cli.{run}")
    return command
