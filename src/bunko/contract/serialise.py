"""Records as JSON. In: a record. Out: plain dicts, in the order in which they are printed.

Knows nothing of single records: `fields.py` has their shapes.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from bunko.contract.fields import Field, Surface, fields_of
from bunko.contract.records import ErrorDetail, ErrorReply
from bunko.errors import BunkoError
from bunko.types import Event, Finished, ReasoningDelta, Retrieved, TextDelta

Json = dict[str, object]

EVENTS: Mapping[str, type] = {
    "retrieved": Retrieved,
    "reasoning": ReasoningDelta,
    "text": TextDelta,
    "finished": Finished,
}
"""The names of the events of an answer, and their records."""


def to_json(record: Any, *, surface: Surface = "command") -> Json:
    """Return a record's JSON as a surface has it; `record` is an instance of a dataclass.

    >>> to_json(TextDelta(text="Hello"))
    {'text': 'Hello'}
    """
    kind: type = type(record)
    tree: Json = {}
    for field in fields_of(kind):
        if not field.is_on(surface):
            continue
        value = getattr(getattr(record, field.holder) if field.holder else record, field.attribute)
        if field.rule.when == "always" or value:
            inner: Any = tree
            for name in field.path[:-1]:
                inner = inner.setdefault(name, {})
            inner[field.path[-1]] = _value(value, field, surface)
    return tree


def _value(value: Any, field: Field, surface: Surface) -> object:
    if field.rule.nullable and math.isinf(value):
        return None
    if field.rule.digits is not None and surface != "cache":
        return round(value, field.rule.digits)
    return _plain(value, surface)


def _plain(value: Any, surface: Surface) -> object:
    if dataclasses.is_dataclass(value):
        return to_json(value, surface=surface)
    if isinstance(value, Mapping):
        return dict(value)
    return [_plain(item, surface) for item in value] if isinstance(value, tuple | list) else value


def event_json(event: Event, *, surface: Surface = "api") -> tuple[str, Json]:
    """Return an event's name and its JSON."""
    name = next(name for name, kind in EVENTS.items() if isinstance(event, kind))
    return name, to_json(event, surface=surface)


def error_record(error: BunkoError) -> ErrorDetail:
    """Return an error as a record."""
    return ErrorDetail(type=type(error).__name__, message=error.message, hint=error.hint)


def error_json(error: BunkoError) -> Json:
    """Return what a command prints with --json, and a server sends, where it fails."""
    return to_json(ErrorReply(error=error_record(error)))
