"""The JSON Schema of a record, for OpenAPI and MCP. In: the class of a record. Out: a schema, as plain dicts.

Knows nothing of pydantic, OpenAPI or MCP.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

from bunko.contract.fields import Field, Surface, descriptions, fields_of, summary_of

Schema: TypeAlias = dict[str, Any]

_SCALARS: Mapping[Any, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}


def json_schema(record: type, *, surface: Surface) -> Schema:
    """Return the schema of a record's JSON on a surface. Fields may be added in later versions: others are allowed."""
    return {"type": "object", "description": summary_of(record), **_object(fields_of(record), record, surface)}


def _object(fields: tuple[Field, ...], record: type, surface: Surface) -> Schema:
    properties: Schema = {}
    required: list[str] = []
    for field in fields:
        if not field.is_on(surface):
            continue
        tree: Schema = {"properties": properties, "required": required}
        for name in field.path[:-1]:
            if name not in properties:
                properties[name] = {"type": "object", "properties": {}, "required": []}
                required.append(name)
            tree = properties[name]
        tree["properties"][field.path[-1]] = _described(field, record, surface)
        if field.rule.when == "always":
            tree["required"].append(field.path[-1])
    return {"properties": properties, "required": required}


def _described(field: Field, record: type, surface: Surface) -> Schema:
    schema = _of_type(field.type, surface)
    if field.rule.nullable or (field.optional and field.rule.when == "always"):
        schema["type"] = [schema["type"], "null"]
    text = description_of(field, record)
    return schema | {"description": text} if text else schema


def _of_type(kind: Any, surface: Surface) -> Schema:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return json_schema(kind, surface=surface)  # type: ignore[arg-type] # a class, not an instance
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _of_type(arguments[0], surface)}
    if origin is not None and issubclass(origin, Mapping):
        inner = _of_type(arguments[1], surface)
        return {"type": "object", "additionalProperties": inner} if inner else {"type": "object"}
    return {"type": _SCALARS[kind]} if kind in _SCALARS else {}


def description_of(field: Field, record: type) -> str:
    """Return the docstring below a field of a record."""
    owner = typing.get_type_hints(record)[field.holder] if field.holder else record
    return descriptions(owner).get(field.attribute, "")


def rows(record: type, *, surface: Surface, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name and the description of each field and inner field: the rows of a table in the documentation.

    A list's fields are named after it, as `hits[].path`. An inner record has a row of its own if it has a description.
    """
    for field in fields_of(record):
        if not field.is_on(surface):
            continue
        name = prefix + ".".join(field.path)
        text = description_of(field, record)
        inner, mark = field.type, "."
        if typing.get_origin(inner) is tuple:
            inner, mark = typing.get_args(inner)[0], "[]."
        is_record = dataclasses.is_dataclass(inner)
        if text or not is_record:
            yield name, text
        if is_record:
            yield from rows(inner, surface=surface, prefix=name + mark)
