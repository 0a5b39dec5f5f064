"""JSON as records. In: the JSON of a command, an API or the cache of answers. Out: the records that it was made from.

A field that the JSON leaves out has its default. Knows nothing of single records: `fields.py` has their shapes.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from bunko import errors
from bunko.contract.fields import Field, fields_of, inline_records
from bunko.contract.serialise import EVENTS
from bunko.errors import BunkoError, RemoteBadAnswer, ServingError
from bunko.types import Event

Record = TypeVar("Record")


def from_json(record: type[Record], tree: Any) -> Record:
    """Return the record that JSON was made from; names that the record does not have are ignored.

    Raises KeyError where a field is missing that is always there, and TypeError or AttributeError for JSON of another
    form. Single texts and numbers are not checked.

    >>> from_json(EVENTS["text"], {"text": "Hello"})
    TextDelta(text='Hello')
    """
    kind: type = record
    values: dict[str, Any] = {name: from_json(inner, tree) for name, inner in inline_records(kind).items()}
    for field in fields_of(kind):
        if field.holder or field.computed:
            continue
        inner = tree
        for name in field.path[:-1]:
            inner = inner[name]
        if field.is_required or field.path[-1] in inner:
            values[field.attribute] = _value(inner[field.path[-1]], field)
    return record(**values)


def _value(value: Any, field: Field) -> Any:
    if value is None:
        return math.inf if field.rule.nullable else None
    return _read(value, field.type)


def _read(value: Any, kind: Any) -> Any:
    if dataclasses.is_dataclass(kind):
        return from_json(kind, value)  # type: ignore[arg-type] # a class, not an instance
    origin = typing.get_origin(kind)
    if origin is tuple:
        return tuple(_read(item, typing.get_args(kind)[0]) for item in value)
    return dict(value) if isinstance(origin, type) and issubclass(origin, Mapping) else value


def event_from(name: str, tree: Any) -> Event | None:
    """Return an event of an answer; None for an event that a library does not have, such as "queued".

    Raises the error that an "error" event holds.
    """
    if name == "error":
        raise error_from(tree)
    kind = EVENTS.get(name)
    return from_json(kind, tree) if kind else None


def error_from(tree: Any, *, retry_after_s: int = 0) -> BunkoError:
    """Return the error that JSON holds, of the class that it names if there is one.

    >>> error_from({"error": {"type": "StoreBusy", "message": "Another sync runs.", "hint": "Wait."}})
    StoreBusy('Another sync runs.')
    """
    detail = tree.get("error") if isinstance(tree, dict) else None
    if not isinstance(detail, dict) or not isinstance(detail.get("message"), str):
        return RemoteBadAnswer("The server refused, and its reason can't be read.", "Is it a `bunko serve`?")
    message, hint = detail["message"], str(detail.get("hint") or "")
    kind = getattr(errors, str(detail.get("type")), None)
    if not (isinstance(kind, type) and issubclass(kind, BunkoError)):
        return RemoteBadAnswer(message, hint)
    if issubclass(kind, ServingError):
        return kind(message, hint, retry_after_s=retry_after_s)
    return kind(message, hint)
