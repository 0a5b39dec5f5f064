"""Read files in a child process, so that a parser that crashes or hangs costs one file and not the program.

In (stdin): JSON lines: first {"settings", "folder", "temporary"}, then {"path", "relative"} for each file. Out
(stdout): for each file any number of frames {"document"}, {"failed"} or {"page"} (a long document makes progress); then
{"end"} or {"error"}. A frame is its length in four bytes, then JSON.

`reader.py` starts it, and enforces the limits.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from bunko.child_process import claim_stdout, exit_when_orphaned, leave
from bunko.errors import BunkoError
from bunko.facts import facts_of
from bunko.reading.containers.members import PageRead
from bunko.reading.sandbox import enter
from bunko.settings import ReadingSettings
from bunko.types import Document, FailedFile, Span

Frame = dict[str, Any]


def main() -> NoReturn:
    """Read files until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    reply = claim_stdout()
    settings = _enter_sandbox(json.loads(sys.stdin.readline()))
    exit_when_orphaned()  # after it: a thread that is there before keeps its rights
    for line in sys.stdin:
        request = json.loads(line)
        for frame in read_to_frames(_received(request["path"]), request["relative"], settings):
            send(reply, frame)
    leave(0)


def read_to_frames(path: Path, relative: str, settings: ReadingSettings) -> Iterator[Frame]:
    """Yield the documents of a file as frames; an error is a frame as well."""
    from bunko.reading.read import read_documents

    try:
        for item in read_documents(path, relative, settings=settings):
            yield to_frame(item)
    except BunkoError as error:
        yield {"error": error.message, "hint": error.hint}
    except MemoryError:
        yield {"error": "The file needs more memory than there is.", "hint": "Split it, or leave it out."}
    except Exception as error:  # noqa: BLE001 - any error of a parser is reported for its file
        detail = f"{type(error).__name__}: {error}"[:200]
        yield {"error": f"The file can't be read: {detail}.", "hint": "Open and save it again in its program."}
    else:
        yield {"end": True}


def request_line(path: Path, relative: str) -> bytes:
    """Return the request to read a file. The path is sent as bytes, since not every name is Unicode."""
    return json.dumps({"path": _sent(path), "relative": relative}).encode() + b"\n"


def settings_line(settings: ReadingSettings, *, folder: Path, temporary: Path) -> bytes:
    """Return the first line on stdin: the settings, the folder of the files, and the one for temporary files."""
    places = {"folder": _sent(folder), "temporary": _sent(temporary)}
    return json.dumps({"settings": dataclasses.asdict(settings), **places}).encode() + b"\n"


def _enter_sandbox(first: dict[str, Any]) -> ReadingSettings:
    settings = _settings(first["settings"])
    enter([_received(first["folder"])], temporary=_received(first["temporary"]), settings=settings)
    return settings


def _sent(path: Path) -> str:
    return os.fsencode(path).hex()


def _received(path: str) -> Path:
    return Path(os.fsdecode(bytes.fromhex(path)))


def _settings(values: dict[str, Any]) -> ReadingSettings:
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return ReadingSettings(**(values | lists))


def to_frame(item: Document | FailedFile | PageRead) -> Frame:
    """Return a document, a failure or a sign of life as plain values."""
    if isinstance(item, PageRead):
        return {"page": True}
    kind = "document" if isinstance(item, Document) else "failed"
    return {kind: dataclasses.asdict(item)}


def from_frame(frame: Frame) -> Document | FailedFile:
    """Return the document or failure that `to_frame` was given."""
    if "failed" in frame:
        return FailedFile(**frame["failed"])
    values = dict(frame["document"])
    values["left_out"] = tuple(values.get("left_out", ()))
    values["facts"] = facts_of(values.get("facts", {}))
    for name in ("pages", "headings", "tables"):
        values[name] = tuple(Span(**span) for span in values[name])
    return Document(**values)


def send(descriptor: int, frame: Frame) -> None:
    """Write a frame; a pipe may take it in pieces."""
    try:
        data = json.dumps(frame, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair, in the message of an error: it survives as an escape
        data = json.dumps(frame).encode("ascii")
    data = len(data).to_bytes(4, "big") + data
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
