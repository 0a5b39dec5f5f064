"""How this program was installed, and the commands that add to it. In: this Python. Out: command lines.

A cure names a command that works here: with pip, uv or pipx, in this environment, and from where Bunko came: a clone, a
wheel or the index. Knows nothing of what is wrong.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

_NAME = "bunko"
_ROOT = Path(__file__).parent.parent.parent
_COMMANDS = (
    "ask|replay|search|chat|index|watch|documents|show|serve|batch|eval|compare|models|mcp|prompts|doctor|bench|add|"
    "status|completion|help"
)
# The name of the program before one of its commands; not the end of a path or of another word.
_COMMAND = re.compile(rf"(?<![\w./\\-]){_NAME}(?= (?:{_COMMANDS})\b)")

Manager: TypeAlias = Literal["pip", "uv", "pipx"]
Origin: TypeAlias = Literal["index", "clone", "editable clone", "wheel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """How the program was installed."""

    manager: Manager
    """What installs packages into its environment."""
    python: str
    """The environment's Python, as it can be typed."""
    origin: Origin
    place: str = ""
    """The folder of the clone, or the file of the wheel; empty for the index."""

    def install(self, requirement: str, *, how: Literal["add", "upgrade", "again"] = "add") -> str:
        """Return the command that installs a package, upgrades it, or installs it again.

        >>> Installation(manager="pipx", python="python", origin="index").install("duckdb")
        'pipx runpip bunko install duckdb'
        """
        flag = {"add": "", "upgrade": "--upgrade ", "again": "--force-reinstall "}[how]
        return f"{self.installer} {flag}{_quoted(requirement)}"

    @property
    def installer(self) -> str:
        """The beginning of a command that installs packages."""
        if self.manager == "pipx":
            return f"pipx runpip {_NAME} install"
        if self.manager == "uv":
            return f"uv pip install --python {_quoted(self.python)}"
        return f"{_quoted(self.python)} -m pip install"

    def extra(self, name: str) -> str:
        """Return the command that installs one of Bunko's extras.

        >>> here = Installation(manager="pip", python=".venv/bin/python", origin="editable clone", place="/a b")
        >>> here.extra("tables")
        '.venv/bin/python -m pip install -e "/a b[tables]"'
        """
        if self.origin == "index":
            return self.install(f"{_NAME}[{name}]")
        if self.origin == "wheel":
            return self.install(f"{_NAME}[{name}] @ {Path(self.place).as_uri()}")
        edit = "-e " if self.origin == "editable clone" else ""
        return f"{self.installer} {edit}{_quoted(f'{self.place}[{name}]')}"

    def update(self) -> str:
        """Return the command that installs a newer Bunko.

        >>> Installation(manager="uv", python="python", origin="clone", place="/b").update()
        'git -C /b pull && uv pip install --python python --upgrade /b'
        """
        if self.origin == "index":
            return self.install(_NAME, how="upgrade")
        if self.origin == "wheel":
            return f"{self.installer} --upgrade NEWER.whl"
        pull = f"git -C {_quoted(self.place)} pull"
        if self.origin == "editable clone":
            return f"{pull} && {self.installer} -e {_quoted(self.place)}"
        return f"{pull} && {self.install(self.place, how='upgrade')}"


@cache
def this_installation() -> Installation:
    """Return how this process's program was installed."""
    origin, place = _origin()
    return Installation(manager=_manager(Path(sys.prefix)), python=_python(), origin=origin, place=place)


def _manager(prefix: Path) -> Manager:
    if (prefix / "pipx_metadata.json").exists():
        return "pipx"
    if (prefix / "uv-receipt.toml").exists() or find_spec("pip") is None:
        return "uv"
    return "pip"


def _origin() -> tuple[Origin, str]:
    """Return from where it was installed, as PEP 610 records it; a copy that is not installed is a clone."""
    from importlib import metadata

    try:
        told = json.loads(metadata.distribution(_NAME).read_text("direct_url.json") or "{}")
        url = urlsplit(str(told.get("url", "")))
    except (metadata.PackageNotFoundError, ValueError, OSError):
        return ("clone", str(_ROOT)) if (_ROOT / "pyproject.toml").exists() else ("index", "")
    if url.scheme != "file":
        return "index", ""
    from urllib.request import url2pathname

    place = url2pathname(url.path)
    if "dir_info" not in told:
        return "wheel", place
    return ("editable clone" if told["dir_info"].get("editable") else "clone"), place


def _python() -> str:
    """Return this Python as it can be typed: `python` where that is this one, else its path, short where it is near."""
    found = shutil.which("python")
    if found and Path(found) == Path(sys.executable):
        return "python"
    try:
        near = Path(sys.executable).relative_to(Path.cwd())
    except (ValueError, OSError):
        return sys.executable
    return str(near)


def own_commands(text: str) -> str:
    """Return a text whose `bunko` commands begin with what starts this program here: `.venv/bin/bunko`, if that did."""
    program = this_program()
    if program == _NAME or f"{_NAME} " not in text:
        return text
    return _COMMAND.sub(lambda _: program, text)


@cache
def this_program() -> str:
    """Return how this program is started: `bunko` where the shell finds it, else the path that was typed."""
    typed = sys.argv[0] if sys.argv else ""
    if Path(typed).stem != _NAME:
        inside = Path(typed).name == "__main__.py" and Path(typed).parent == Path(__file__).parent
        return f"{_quoted(_python())} -m {_NAME}" if inside else _NAME
    found = shutil.which(_NAME)
    try:
        is_found = found is not None and Path(found).samefile(typed)
    except OSError:
        is_found = found is not None
    return _NAME if is_found else _quoted(typed)


def _quoted(text: str) -> str:
    """Return a word for a command line, in quotation marks that every shell knows, where it needs any."""
    return f'"{text}"' if any(sign in text for sign in " []()&'@<>|;") else text
