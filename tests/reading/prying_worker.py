"""The reading process after a file has taken it over: it does what the file says, and sends what came of it.

A file is JSON: a list of [action, argument]. The document's text is JSON, too: a list of "done" or an error's name.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bunko.reading.read
from bunko.reading import worker
from bunko.reading.containers.members import Items
from bunko.types import Document


def _connect(port: str) -> None:
    with socket.create_connection(("127.0.0.1", int(port)), timeout=5):
        pass


def _send(port: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"the text of a document", ("127.0.0.1", int(port)))


def _abstract(name: str) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"\0{name}")


def _signal(number: str) -> None:
    os.kill(int(number), 0)


def _temporary(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sub" / "a.txt"
        path.parent.mkdir()
        path.write_text(text)
        path.rename(path.with_name("b.txt"))


def _large(megabytes: str) -> None:
    with tempfile.TemporaryFile() as file:
        file.truncate(int(megabytes) * 1_000_000)


def _hoard(megabytes: str) -> None:
    bytearray(int(megabytes) * 1_000_000)


def _dump(_: str) -> None:
    if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0):
        raise AssertionError("a crash would leave the memory on disk")


ACTIONS: dict[str, Callable[[str], object]] = {
    "read": lambda path: Path(path).read_bytes(),
    "list": os.listdir,
    "write": lambda path: Path(path).write_text("taken over"),
    "cut": lambda path: os.truncate(path, 0),
    "remove": os.remove,
    "link": lambda path: Path(path).symlink_to("/etc/passwd"),
    "run": lambda program: subprocess.run([program, "--version"], stdin=subprocess.DEVNULL, check=False),
    "connect": _connect,
    "send": _send,
    "abstract": _abstract,
    "signal": _signal,
    "temporary": _temporary,
    "large": _large,
    "hoard": _hoard,
    "dump": _dump,
}


def _outcome(action: str, argument: str) -> str:
    try:
        ACTIONS[action](argument)
    except (OSError, MemoryError, AssertionError) as error:
        return type(error).__name__
    return "done"


def _read(path: Path, relative: str, **settings: Any) -> Items:
    outcomes = [_outcome(*one) for one in json.loads(path.read_text(encoding="utf-8"))]
    yield Document(path=relative, text=json.dumps(outcomes), format="text")


def main() -> None:
    """Serve as the real one does."""
    bunko.reading.read.read_documents = _read
    worker.main()
