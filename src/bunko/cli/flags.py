"""The flags that several commands have, in groups. In: a command's parser. Out: the same, with the flags."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable

from bunko.askable import ASKABLE, Askable
from bunko.cli.command_parser import CommandParser

_MOST_CHARACTERS = 100_000  # of a file of instructions; no context window holds more


def add_command(
    commands: argparse._SubParsersAction[CommandParser], name: str, summary: str, run: str
) -> argparse.ArgumentParser:
    """Add a command and return its parser. `run` names its module and, after a colon, its function."""
    command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    command.set_defaults(run=f"bunko.cli.{run}")
    return command


def folder_argument(command: argparse.ArgumentParser) -> None:
    """Add the folder that is asked."""
    command.add_argument("folder", metavar="FOLDER", help="a folder of documents, or a single document")


def common_flags(command: argparse.ArgumentParser) -> None:
    """Add the flags that every command has."""
    command.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    volume = command.add_mutually_exclusive_group()
    volume.add_argument("-q", "--quiet", action="store_true", help="print results and errors only")
    volume.add_argument("-v", "--verbose", action="store_true", help="also print scores and the time of each stage")
    command.add_argument("--offline", action="store_true", default=None, help="never use the network")
    command.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="any setting: --set generation.threads=4"
    )


def sync_flags(command: argparse.ArgumentParser) -> None:
    """Add the flags of commands that open an index."""
    command.add_argument("--no-sync", action="store_true", help="use the index as it is")
    command.add_argument("--store", metavar="PATH", help="where the index is; default: FOLDER/.bunko")


def reading_flags(command: argparse.ArgumentParser) -> None:
    """Add the flags of commands that read files."""
    command.add_argument("--password-file", metavar="PATH", help="passwords for encrypted files, one per line")
    command.add_argument("--archives", action="store_true", default=None, help="also read the files in archives")
    command.add_argument("--no-ocr", dest="ocr", action="store_const", const="off", help="do not read images of text")


def retrieval_flags(command: argparse.ArgumentParser) -> None:
    """Add the flags of a search."""
    command.add_argument("--embedder", metavar="NAME", help="the embedding model")
    setting_flags(command, [each for each in ASKABLE if each.section == "retrieval"])


def scope_flags(command: argparse.ArgumentParser) -> None:
    """Add the flags that choose documents."""
    setting_flags(command, [each for each in ASKABLE if each.section == "scope"])


def model_flags(command: argparse.ArgumentParser) -> None:
    """Add the flags that choose a language model."""
    command.add_argument(
        "-m", "--model", metavar="NAME", help="a name, a GGUF file, a server's URL: see docs/models.md"
    )
    engine_flags(command)


def engine_flags(command: argparse.ArgumentParser) -> None:
    """Add the flags of the engine that runs a model."""
    command.add_argument(
        "--adapter", action="append", metavar="PATH[:SCALE]", help="a LoRA adapter for the model; may be repeated"
    )
    command.add_argument("--gpu-layers", metavar="N", help="layers on the GPU; 0: none; -1 (default): as many as fit")


def generation_flags(command: argparse.ArgumentParser) -> None:
    """Add the flags of an answer."""
    command.add_argument("--prompt", metavar="FILE", help="a prompt of your own: see `bunko prompts`")
    setting_flags(command, [each for each in ASKABLE if each.section not in ("retrieval", "scope")])


def text_or_file(given: str) -> str:
    """Return a flag's text, or that of the file which it names. Raises ArgumentTypeError for one that can't be read."""
    try:
        if os.path.isfile(given):  # noqa: PTH113 (Path.is_file raises for a long text on some systems)
            with open(given, encoding="utf-8-sig") as file:  # noqa: PTH123
                return file.read(_MOST_CHARACTERS).strip()
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a null character in a path
        raise argparse.ArgumentTypeError(f"{given!r} can't be read: {error}") from error
    if given.endswith((".txt", ".md")) and not any(sign.isspace() for sign in given):
        raise argparse.ArgumentTypeError(f"there is no file {given!r}")
    return given


def setting_flags(command: argparse.ArgumentParser, settings: Iterable[Askable]) -> None:
    """Add a flag for each of these settings."""
    for each in settings:
        help_text = each.flag_doc or each.doc
        if each.value:
            command.add_argument(each.flag, dest=each.field, action="store_const", const=each.value, help=help_text)
        elif each.is_list:
            command.add_argument(each.flag, dest=each.field, action="append", metavar=each.metavar, help=help_text)
        else:
            read = text_or_file if each.source == "text or file" else str
            command.add_argument(each.flag, dest=each.field, metavar=each.metavar, type=read, help=help_text)
