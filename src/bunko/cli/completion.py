"""`bunko completion`: make a shell complete commands and flags. In: a shell's name. Out: its script.

The script asks `bunko` itself at each Tab, so that it never lags behind: docs/decisions/002-dependencies.md.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from bunko.cli.common import note, print_json
from bunko.errors import MissingExtra, UsageError
from bunko.installation import this_installation

_MODELS = ("model", "models", "name")
"""The arguments that name a model."""


def run(arguments: argparse.Namespace) -> int:
    """Print the script of a shell, or install it."""
    script = script_for(arguments.shell)
    places = install(arguments.shell, script) if arguments.install else []
    if arguments.json:
        print_json({"shell": arguments.shell, "script": script, "written": [str(place) for place in places]})
        return 0
    if not arguments.install:
        print(script, end="")
        return 0
    for place in places:
        print(place)
    note(arguments, "Open a new shell, and press Tab after `bunko `.")
    return 0


def script_for(shell: str) -> str:
    """Return the script for bash, zsh, fish or powershell. Raises MissingExtra."""
    try:
        from argcomplete.shell_integration import shellcode
    except ImportError as error:
        raise MissingExtra(
            "The package argcomplete is missing.", f"Install it: {this_installation().install('argcomplete')}"
        ) from error
    return str(shellcode(["bunko"], shell=shell)).rstrip("\n") + "\n"


def install(shell: str, script: str) -> list[Path]:
    """Write the script where the shell reads it; return the files that were written. Raises UsageError."""
    home = Path.home()
    if shell == "powershell":
        raise UsageError(
            "The profile of PowerShell is known to PowerShell only.",
            "Run there: bunko completion powershell >> $PROFILE",
        )
    try:
        if shell == "fish":
            return [_write(_place("XDG_CONFIG_HOME", home / ".config") / "fish/completions/bunko.fish", script)]
        file = _write(_place("XDG_DATA_HOME", home / ".local/share") / f"bunko/completion.{shell}", script)
        first = "autoload -Uz compinit && compinit\n" if shell == "zsh" else ""
        start = Path(os.environ.get("ZDOTDIR", home)) / ".zshrc" if shell == "zsh" else home / ".bashrc"
        return [file, *_append(start, f'{first}source "{file}"\n')]
    except OSError as error:
        raise UsageError(
            f"{error.filename} can't be written: {error.strerror}.", f"Print it instead: bunko completion {shell}"
        ) from error


def _place(variable: str, otherwise: Path) -> Path:
    return Path(os.environ.get(variable) or otherwise)


def _write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def _append(file: Path, lines: str) -> list[Path]:
    """Append lines to a file once; return the file if it was changed."""
    present = file.read_text(encoding="utf-8") if file.exists() else ""
    if lines in present:
        return []
    gap = "" if not present or present.endswith("\n") else "\n"
    with file.open("a", encoding="utf-8") as out:
        out.write(f"{gap}# completion of bunko\n{lines}")
    return [file]


def complete(parser: argparse.ArgumentParser) -> None:
    """Print what may follow on the command line, and exit: the shell's script has set _ARGCOMPLETE."""
    import argcomplete

    _name_models(parser)
    argcomplete.autocomplete(parser, always_complete_options="long")


def _name_models(parser: argparse.ArgumentParser) -> None:
    """Let each argument that names a model be completed with the names of the catalogue."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                _name_models(inner)
        elif action.dest in _MODELS and action.metavar in ("NAME", "MODEL"):
            action.completer = _models  # type: ignore[attr-defined] # argcomplete reads it


def _models(**_: object) -> list[str]:
    from bunko.models.catalogue.entries import ENTRIES

    return sorted(entry.name for entry in ENTRIES)
