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
    _add_cluster(commands, common)
    completion = _add(commands, "completion", "print what makes a shell complete commands and flags", "completion:run")
    completion.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    completion.add_argument("--install", action="store_true", help="write it where the shell reads it")
    common(completion)


def _add_cluster(
    commands: argparse._SubParsersAction[CommandParser], common: Callable[[argparse.ArgumentParser], None]
) -> None:
    cluster = commands.add_parser("cluster", help="index documents with several machines, and see how far that is")
    show_help(cluster, about="cluster")
    actions = cluster.add_commands(metavar="ACTION")
    index = _add(
        actions, "index", "bring an index in step with a source, with the nodes of a Ray cluster", "cluster:run_index"
    )
    index.add_argument("source", metavar="SOURCE", help="a folder that all nodes see, or a prefix: s3://bucket/path")
    index.add_argument(
        "--store", metavar="URL", required=True, help="where the index is: s3://bucket/path, or a shared folder"
    )
    index.add_argument(
        "--ray", metavar="ADDRESS", default="", help="the cluster, HOST:PORT; default: RAY_ADDRESS, else this machine"
    )
    index.add_argument(
        "--allow-empty", action="store_true", help="also if all or nearly all indexed files are gone: remove them"
    )
    index.add_argument("--metrics", metavar="[HOST:]PORT", default="", help="serve the progress as Prometheus metrics")
    index.add_argument("--share-files", metavar="N", default="32", help="most files in one task; default: 32")
    index.add_argument("--commit-s", metavar="S", default="60", help="seconds between two commits; default: 60")
    index.add_argument("--embedder", metavar="NAME", help="the embedding model")
    index.add_argument(
        "--password-file", metavar="PATH", help="passwords for encrypted files, at the same path on all nodes"
    )
    index.add_argument("--archives", action="store_true", default=None, help="also read the files in archives")
    index.add_argument("--no-ocr", dest="ocr", action="store_const", const="off", help="do not read images of text")
    status = _add(
        actions,
        "status",
        "show what is published of an index, who writes to it, and how far a run is",
        "cluster:run_status",
    )
    status.add_argument("store", metavar="URL", help="where the index is: s3://bucket/path, or a shared folder")
    for command in (index, status):
        common(command)


def _add(commands: argparse._SubParsersAction[CommandParser], name: str, summary: str, run: str) -> CommandParser:
    command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    command.set_defaults(run=f"bunko.cli.{run}")
    return command
