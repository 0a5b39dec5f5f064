"""What the routes reply. In: records. Out: responses, and what the OpenAPI document says of them.

Knows nothing of single records: `bunko.contract` makes their JSON and their schemas.
"""

from __future__ import annotations

import functools
from typing import Any, ClassVar

from pydantic import BaseModel, GetJsonSchemaHandler, create_model
from pydantic_core import CoreSchema

from bunko.contract.records import ErrorReply
from bunko.contract.schema import json_schema
from bunko.contract.serialise import EVENTS, to_json
from bunko.server.http.events import JsonResponse

Responses = dict[int | str, dict[str, Any]]

_ERRORS = {
    400: "The question or a setting is wrong.",
    401: "The token is missing.",
    403: "The token does not open this, or it is switched off.",
    404: "There is no such library, model or document.",
    409: "It exists already, or the index can't be used with this embedder.",
    413: "The body is too large.",
    415: "Files of this kind can't be read.",
    422: "A field is missing, unknown or invalid; or the folder is empty or not indexed.",
    429: "Too many questions are waiting; Retry-After says when to try again.",
    500: "An error in the server or its index.",
    502: "The model failed.",
    503: "Not ready, or stopping; Retry-After says when to try again.",
    504: "The model took too long.",
    507: "The disk is full.",
}
# One server-sent event; its data is JSON, as docs/serving.md has it.
_EVENT = {
    "type": "object",
    "properties": {
        "event": {"enum": ["queued", *EVENTS, "progress", "error"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}


class _Described(BaseModel):
    """A model that has no fields of its own: its schema is that of a record."""

    record: ClassVar[type]

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"title": cls.record.__name__, **json_schema(cls.record, surface="api")}


@functools.cache
def model_of(record: type) -> type[BaseModel]:
    """Return a model for FastAPI, which lists its schema under the name of the record."""
    model = create_model(record.__name__, __base__=_Described, __module__=record.__module__)
    model.record = record
    return model


def reply(record: object, *, status: int = 200) -> JsonResponse:
    """Return a record as a response."""
    return JsonResponse(to_json(record, surface="api"), status=status)


def replies(record: type | None, *, status: int = 200, events: bool = False) -> Responses:
    """Return what a route replies: a record, a stream of events, or an error."""
    ok: dict[str, Any] = {"description": "Done."}
    if record is not None:
        ok["model"] = model_of(record)
    if events:
        ok["content"] = {"text/event-stream": {"schema": _EVENT}}
    error = model_of(ErrorReply)
    return {status: ok, **{code: {"model": error, "description": text} for code, text in _ERRORS.items()}}
