"""Map a server's errors to ours. In: status, headers, body. Out: an EngineError to raise.

A body is untrusted: quotes from it are shortened and made printable. Knows nothing of sockets.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from bunko.engine.endpoint import Endpoint
from bunko.errors import EngineCrashed, EngineError, EngineTimeout, PromptTooLong, RemoteBadAnswer, RemoteUnavailable

_QUOTED = 300
_PASSING = (502, 503)  # a gateway has lost its server, or the server is busy
_PAGE = 4_000  # characters of a web page that are looked at
_PROXY_SENT = "The proxy may have sent this. If the server needs no proxy, put its host into NO_PROXY."
_MESSAGE_FIELDS = ("message", "detail", "msg", "error_description", "title")
_TOO_LONG_MARKS = ("exceed_context_size", "context_length_exceeded", "maximum context length", "context size")


def status_error(
    status: int, *, headers: Mapping[str, str], body: bytes, endpoint: Endpoint, path: str = "", proxy: str = ""
) -> EngineError:
    """Return the error for a failed request; status 0 means an error in the body of an answer with status 200.

    `proxy` is the one that the request went through, which may have sent the error itself.
    """
    error = _error_of(status, headers=headers, body=body, endpoint=endpoint, path=path, proxy=proxy)
    error.may_pass = status in _PASSING and not endpoint.is_local
    return error


def _error_of(
    status: int, *, headers: Mapping[str, str], body: bytes, endpoint: Endpoint, path: str, proxy: str
) -> EngineError:
    detail = error_detail(body)
    said = f": {detail['message']}" if detail["message"] else ""
    url = f"{endpoint.name} (through the proxy {proxy})" if proxy else endpoint.name
    if _is_too_long(detail):
        return _too_long(detail, endpoint)
    if endpoint.is_local:
        return EngineCrashed(
            f"The engine failed{said or f' with status {status}'}.", "Ask again; see the engine's log."
        )
    if status in (401, 403):
        return RemoteUnavailable(
            f"The server {url} refuses the API key, or requires one (status {status}){said}.",
            "Set BUNKO_API_KEY to a valid key." + (f" {_PROXY_SENT}" if proxy and status == 403 else ""),
        )
    if status == 404:
        return RemoteUnavailable(
            f"The server {url} has no {path or 'such page'}, or not this model (status 404){said}.",
            "The address usually ends in /v1; the server's own list of models is at /v1/models.",
        )
    if status in (408, 504):
        again = f"Ask again later. {_PROXY_SENT}" if proxy and status == 504 else "Ask again later."
        return EngineTimeout(f"The server {url} ran out of time (status {status}){said}.", again)
    if status == 407:
        return RemoteUnavailable(
            f"The proxy {proxy or 'on the way'} wants a login for {endpoint.name} (status 407){said}.",
            "Put user and password into HTTPS_PROXY or HTTP_PROXY, or set NO_PROXY for that server.",
        )
    if proxy and status in (502, 503):
        return RemoteUnavailable(
            f"The server {url} can't be reached (status {status}){said}.",
            _PROXY_SENT,
        )
    if status == 503 and "loading" in detail["message"].lower():
        return RemoteUnavailable(
            f"The server {url} is not ready (status 503){said}.",
            "Ask again in a minute, or raise generation.start_timeout_s: Bunko waits that long.",
        )
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
        status=status,
        said=detail["message"],
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
    >>> error_detail(b"<html><title>502 Bad Gateway</title><hr>nginx</html>")["message"]
    '502 Bad Gateway nginx'
    >>> error_detail(b'{"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}')["message"]
    'body.seed: Extra inputs are not permitted'
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = text_of_page(body)
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    if isinstance(error, str):
        error = {"message": error}
    if not isinstance(error, dict):
        error = {}
    message = next((value for name in _MESSAGE_FIELDS if (value := _sentence(error.get(name)))), "")
    return {**error, "message": printable(message).rstrip(".")}


def text_of_page(body: bytes) -> str:
    r"""Return the words of a body that is no JSON: of a web page, without its tags. Empty for what is no text.

    >>> text_of_page(b"<!doctype html><html><body>Sign in to the <b>network</b></body></html>")
    'Sign in to the network'
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return ""
    without = re.sub(r"<(script|style)\b[^>]{0,200}>[^<]*", " ", text[:_PAGE], flags=re.I)
    title, end, rest = without.partition("</title>")
    title, rest = _words(title), _words(rest)
    return rest if rest.startswith(title) and end else " ".join(filter(None, (title, rest)))


def _words(text: str) -> str:
    return printable(html.unescape(re.sub(r"<[^<>]*>", " ", text)))


def _sentence(value: object) -> str:
    """Return the text of a message, or of a list of FastAPI's complaints."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return _sentence(value.get("message") or value.get("msg"))
    parts = [item for item in value[:8] if isinstance(item, dict)] if isinstance(value, list) else []
    said = []
    for part in parts:
        place = ".".join(map(str, part["loc"])) if isinstance(part.get("loc"), list) else ""
        said.append(": ".join(filter(None, (place, _sentence(part)))))
    return "; ".join(filter(None, said))


def printable(text: str) -> str:
    """Return a text on one line, without control characters, shortened for messages."""
    line = " ".join(text.split())
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= _QUOTED else line[:_QUOTED] + "…"


def _is_too_long(detail: Mapping[str, Any]) -> bool:
    text = f"{detail.get('type')} {detail.get('code')} {detail['message']}".lower()
    return any(mark in text for mark in _TOO_LONG_MARKS)


def _too_long(detail: Mapping[str, Any], endpoint: Endpoint) -> PromptTooLong:
    tokens, context = detail.get("n_prompt_tokens"), detail.get("n_ctx")
    if isinstance(tokens, int) and isinstance(context, int):
        message = f"The prompt has {tokens:,} tokens, but the model's context holds {context:,}."
    else:
        message = f"The prompt is longer than the model's context ({detail['message']})."
    larger = "take a larger context: BUNKO_GENERATION__CONTEXT_TOKENS"
    if not endpoint.is_local:
        larger = "lower evidence.max_tokens and generation.max_tokens, or give the server's model a larger context"
    return PromptTooLong(message, f"Ask a shorter question, or {larger}.")
