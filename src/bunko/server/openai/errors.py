"""Errors in OpenAI's form. In: any error that is raised on purpose. Out: status, body, headers.

    {"error": {"message": "…", "type": "invalid_request_error", "param": "max_tokens", "code": "invalid_value"}}

The official clients choose their exception class by the status; `type` follows it, as in OpenAI's API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bunko.errors import (
    BunkoError,
    InvalidRequest,
    ModelNotFound,
    PromptTooLong,
    ServingError,
    UnknownLibrary,
    UnknownModel,
    UsageError,
)

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
}
_JSON = "The body must be a JSON object, sent with the header Content-Type: application/json."
_CODES = {401: "invalid_api_key", 403: "forbidden", 404: "not_found", 413: "too_large", 429: "rate_limit_exceeded"}
_UNKNOWN = (UnknownModel, UnknownLibrary, ModelNotFound)
# OpenAI's servers send 400 for these; the native API sends other statuses.
_BAD_REQUESTS = (InvalidRequest, PromptTooLong)


class Refused(UsageError):
    """A valid request that Bunko can't fulfil because of one of its fields."""

    def __init__(self, message: str, hint: str = "", *, param: str = "", code: str = "unsupported_value") -> None:
        super().__init__(message, hint)
        self.param = param
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An error response."""

    status: int
    body: dict[str, object]
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def reply_to(error: BunkoError) -> Reply:
    """Return the response for an error: its message and its hint become one message."""
    status = 400 if isinstance(error, _BAD_REQUESTS) else error.http_status
    param, code = "", _CODES.get(status, type(error).__name__)
    if isinstance(error, PromptTooLong):
        code = "context_length_exceeded"
    elif isinstance(error, _UNKNOWN):
        param, code = "model", "model_not_found"
    elif isinstance(error, Refused):
        param, code = error.param, error.code
    wait = error.retry_after_s if isinstance(error, ServingError) else 0
    headers = {"Retry-After": str(wait)} if wait else {}
    body = body_of(status, str(error), param=param, code=code)
    return Reply(status=status, body=body, code=code, headers=headers)


def reply_to_invalid(errors: Sequence[Mapping[str, Any]]) -> Reply:
    """Return the response for a body that does not match the schema: its first error, with the field."""
    first = errors[0] if errors else {}
    place: Sequence[object] = first.get("loc", ())
    kind = str(first.get("type", ""))
    message = str(first.get("msg", "The body is not valid."))
    param = place_of(place)
    if kind == "json_invalid" or (not param and kind != "missing"):
        return Reply(status=400, body=body_of(400, _JSON, code="invalid_json"))
    if kind == "missing":
        return Reply(
            status=400,
            body=body_of(400, f"The field {param!r} is missing.", param=param, code="missing_required_parameter"),
        )
    if kind == "extra_forbidden":
        message = "There is no such field."
    return Reply(status=400, body=body_of(400, f"{param}: {message}", param=param, code="invalid_value"))


def body_of(status: int, message: str, *, param: str = "", code: str = "") -> dict[str, object]:
    """Return an error's body; the type follows the status."""
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {
        "error": {"message": message, "type": kind, "param": param or None, "code": code or _CODES.get(status) or None}
    }


def place_of(place: Sequence[object]) -> str:
    """Return the path of a field in the body, as OpenAI writes it.

    >>> place_of(["body", "messages", 0, "content", "list[ContentPart]", 1, "type"])
    'messages[0].content[1].type'
    """
    written = ""
    for part in place[1:] if place and place[0] in ("body", "query", "path", "header") else place:
        if isinstance(part, int):
            written += f"[{part}]"
        elif isinstance(part, str) and part.isidentifier() and part not in ("str", "int", "float", "constrained_str"):
            written += f".{part}" if written else part
    return written
