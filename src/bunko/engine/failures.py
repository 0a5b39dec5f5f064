"""Map a server's errors to ours. In: status, headers, body. Out: an EngineError to raise.

A body is untrusted: quotes from it are shortened and made printable. Knows nothing of sockets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bunko.engine.endpoint import Endpoint
from bunko.errors import EngineCrashed, EngineError, EngineTimeout, PromptTooLong, RemoteBadAnswer, RemoteUnavailable

_QUOTED = 300
_TOO_LONG_MARKS = ("exceed_context_size", "context_length_exceeded", "maximum context length", "context size")


def status_error(
    status: int, *, headers: Mapping[str, str], body: bytes, endpoint: Endpoint, path: str = ""
) -> EngineError:
    """Return the error for a failed request; status 0 means an error inside an event stream."""
    detail = error_detail(body)
    said = f": {detail['message']}" if detail["message"] else ""
    url = endpoint.name
    if _is_too_long(detail):
        return _too_long(detail)
    if endpoint.is_local:
        return EngineCrashed(
            f"The engine failed{said or f' with status {status}'}.", "Ask again; see the engine's log."
        )
    if status in (401, 403):
        return RemoteUnavailable(
            f"The server {url} refuses the API key, or requires one (status {status}){said}.",
            "Set BUNKO_API_KEY to a valid key.",
        )
    if status == 404:
        return RemoteUnavailable(
            f"The server {url} has no {path or 'such page'}, or not this model (status 404){said}.",
            "The address usually ends in /v1; the server's own list of models is at /v1/models.",
        )
    if status in (408, 504):
        return EngineTimeout(f"The server {url} ran out of time (status {status}){said}.", "Ask again later.")
    if status in (429, 503):
        after = headers.get("Retry-After", "")
        when = f"in {after} seconds" if after.isascii() and after.isdigit() else "later"
        return RemoteUnavailable(f"The server {url} is too busy (status {status}){said}.", f"Ask again {when}.")
    if 300 <= status < 400:
        return RemoteUnavailable(
            f"The server {url} redirects to {printable(headers.get('Location', 'another place'))} (status {status}).",
            "If you trust that address, use it instead: the key is never sent to a redirect.",
        )
    return RemoteBadAnswer(
        f"The server {url} failed{f' with status {status}' if status else ''}{said}.",
        "Look into the server's own log." if status >= 500 or not status else "It may not support such requests.",
    )


def bad_answer(endpoint: Endpoint, what: str) -> EngineError:
    """Return the error for an answer that breaks the protocol."""
    if endpoint.is_local:
        return EngineCrashed(f"The engine answered {what}.", "Ask again; see the engine's log.")
    return RemoteBadAnswer(
        f"The server {endpoint.name} answered {what}, not what an OpenAI-compatible server answers.",
        "Check the address: it usually ends in /v1.",
    )


def error_detail(body: bytes) -> dict[str, Any]:
    """Return "message" (printable and short), "type", "code" and the other fields of an error body.

    >>> error_detail(b'{"error": {"message": "no such model", "type": "not_found"}}')["message"]
    'no such model'
    >>> error_detail(b"<html>502 Bad Gateway</html>")["message"]
    ''
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    if isinstance(error, str):
        error = {"message": error}
    if not isinstance(error, dict):
        error = {}
    message = error.get("message") or error.get("detail") or ""
    return {**error, "message": printable(message).rstrip(".") if isinstance(message, str) else ""}


def printable(text: str) -> str:
    """Return a text on one line, without control characters, shortened for messages."""
    line = " ".join(text.split())
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= _QUOTED else line[:_QUOTED] + "…"


def _is_too_long(detail: Mapping[str, Any]) -> bool:
    text = f"{detail.get('type')} {detail.get('code')} {detail['message']}".lower()
    return any(mark in text for mark in _TOO_LONG_MARKS)


def _too_long(detail: Mapping[str, Any]) -> PromptTooLong:
    tokens, context = detail.get("n_prompt_tokens"), detail.get("n_ctx")
    if isinstance(tokens, int) and isinstance(context, int):
        message = f"The prompt has {tokens:,} tokens, but the model's context holds {context:,}."
    else:
        message = f"The prompt is longer than the model's context ({detail['message']})."
    return PromptTooLong(message, "Ask a shorter question, or take a larger context: BUNKO_GENERATION__CONTEXT_TOKENS.")
