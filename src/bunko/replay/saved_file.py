"""Write a saved answer into a file, and read it. In: a SavedAnswer, a path. Out: a private file; and back.

A file is signed by the installation that wrote it: one from elsewhere, or one that was edited, must not choose which
server gets the documents. Knows nothing of libraries and models.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunko.contract.parse import from_json
from bunko.contract.saved_answer import FORMAT, FORMAT_VERSION, SavedAnswer
from bunko.contract.schema import Schema, json_schema
from bunko.contract.serialise import to_json
from bunko.errors import SavedAnswerError
from bunko.installation import this_installation
from bunko.private_files import write_plain
from bunko.signing import is_signed, signature

_PURPOSE = "bunko saved answer 1"
_SIGNATURE = "signature"
_MOST_BYTES = 200_000_000
_LATEST = 1e11  # seconds since 1970: the year 5138
_MAKE = "Make one: bunko ask FOLDER QUESTION --save FILE.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A saved answer as it was read."""

    saved: SavedAnswer
    is_own: bool
    """Whether this installation wrote it, and nobody has changed it since."""


def check_place(path: str | Path, *, root: Path | None = None) -> Path:
    """Return the path of a file to save an answer in. `root` is the library's folder.

    Raises SavedAnswerError where no file can be made, in the library, and where another file is.
    """
    path = Path(path).expanduser()
    if path.is_dir() or not path.name:
        raise SavedAnswerError(f"{path} is a folder.", "Name a file: --save FILE.json")
    if not path.parent.is_dir():
        raise SavedAnswerError(f"There is no folder {path.parent}.", "Create it, or name another place.")
    if root is not None and root.is_dir() and path.resolve().is_relative_to(root.resolve()):
        raise SavedAnswerError(
            f"{path} is in the library's folder: the file would be one of its documents, and change the next answer.",
            "Name a place outside of it.",
        )
    if path.exists():
        try:
            read_saved(path)
        except SavedAnswerError as error:
            raise SavedAnswerError(
                f"{path} exists, and is not a saved answer.", "Name another file, or delete it."
            ) from error
    return path


def write_saved(saved: SavedAnswer, path: str | Path) -> None:
    """Write a saved answer, at once and for this user alone. An older one is replaced. Raises SavedAnswerError."""
    path = check_place(path)
    tree: dict[str, Any] = json.loads(json.dumps(to_json(saved, surface="cache"), default=float))  # numpy's numbers
    tree[_SIGNATURE] = signature(_PURPOSE, _canonical(tree))
    text = json.dumps(tree, ensure_ascii=False, indent=2) + "\n"
    try:
        write_plain(path, text.encode("utf-8", "surrogatepass"))
    except OSError as error:
        raise SavedAnswerError(
            f"The answer can't be saved as {path}: {error.strerror or error}.", "Name another place."
        ) from error


def read_saved(path: str | Path) -> Read:
    """Read a saved answer. Raises SavedAnswerError for a file that is missing, or that is something else."""
    path = Path(path).expanduser()
    tree = _tree(path)
    if not isinstance(tree, dict) or tree.get("format") != FORMAT:
        raise SavedAnswerError(f"{path} is not a saved answer.", _MAKE)
    version = tree.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise SavedAnswerError(
            f"{path} was made by a newer version of Bunko.", f"Update this one: {this_installation().update()}"
        )
    mark = tree.pop(_SIGNATURE, "")
    fault = _fault(tree, json_schema(SavedAnswer, surface="cache"), "the file")
    if not fault and not 0 <= tree["saved_at"] < _LATEST:
        fault = "'saved_at' is no time"
    if fault:
        raise SavedAnswerError(f"{path} is a damaged saved answer: {fault}.", _MAKE)
    try:
        saved = from_json(SavedAnswer, tree)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SavedAnswerError(f"{path} is a damaged saved answer: {error}.", _MAKE) from error
    return Read(saved=saved, is_own=is_signed(str(mark), _PURPOSE, _canonical(tree)))


def _tree(path: Path) -> Any:
    try:
        if not path.is_file():
            raise SavedAnswerError(f"There is no file {path}.", f"Check the path. {_MAKE}")
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise SavedAnswerError(f"{path} can't be read: {error}.", "Check the path.") from error
    if len(content) > _MOST_BYTES:
        raise SavedAnswerError(f"{path} is not a saved answer: it is too large.", _MAKE)
    try:
        return json.loads(content.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise SavedAnswerError(f"{path} is not a saved answer.", _MAKE) from error


def _canonical(tree: Any) -> bytes:
    """Return the bytes that are signed: however the file is indented."""
    return json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()


# --- the form of the JSON -------------------------------------------------------------------------------------------

_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


def _fault(tree: Any, schema: Schema, where: str) -> str:
    """Return what does not fit a schema that `json_schema` made; empty if all does."""
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    allowed = tuple(kind for name in kinds for kind in _KINDS[name])
    if allowed and (not isinstance(tree, allowed) or (isinstance(tree, bool) and "boolean" not in kinds)):
        return f"{where} is not of the type {' or '.join(kinds)}"
    if "enum" in schema and tree not in schema["enum"]:
        return f"{where} can't be {tree!r}"
    if isinstance(tree, list):
        faults = (_fault(item, schema.get("items", {}), f"an item of {where}") for item in tree)
        return next(filter(None, faults), "")
    return _fault_of_object(tree, schema, where) if isinstance(tree, dict) else ""


def _fault_of_object(tree: dict[str, Any], schema: Schema, where: str) -> str:
    properties, rest = schema.get("properties", {}), schema.get("additionalProperties", {})
    if missing := [name for name in schema.get("required", ()) if name not in tree]:
        return f"{where} has no {missing[0]!r}"
    faults = (_fault(value, properties.get(name, rest), repr(name)) for name, value in tree.items())
    return next(filter(None, faults), "")
