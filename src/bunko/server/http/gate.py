"""The middleware in front of every HTTP interface. In: requests. Out: those that may pass, with their Principal.

It checks access, limits the body and its time, adds the headers of all responses, and counts and logs each request.
Knows nothing of routes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bunko.errors import BunkoError, ServingError, TokenMissing
from bunko.server.hosting.host import Host
from bunko.server.http.access import HEADERS, Access, Principal
from bunko.server.http.patience import in_time

log = logging.getLogger("bunko.server")

BODY_BYTES = 1_000_000
# Monitors request these every few seconds.
_POLLED = frozenset({"/health", "/ready", "/metrics"})


class Gate:
    """Lets a request in, or responds with the error that keeps it out."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: Host,
        access: Access,
        respond: Callable[[str, BunkoError], Response],
        route_of: Callable[[Scope], str],
        body_bytes: int | None = BODY_BYTES,
    ) -> None:
        """`respond` makes the response for an error at a path; `route_of` names a request's route for the metrics.

        `body_bytes` is the limit of all bodies, unless a route raises it; None for an application with its own limit.
        """
        self._app = app
        self._host = host
        self._access = access
        self._respond = respond
        self._route_of = route_of
        self._body_bytes = body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # web sockets are not served
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get("origin", "")
        begin, status = time.perf_counter(), 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*_with_ours(message["headers"], self._access, origin)]}
            await send(message)

        path = scope["path"]
        try:
            principal = self._let_in(scope, headers, path)
            if scope["method"] == "OPTIONS" and self._access.allows_origin(origin):
                await _preflight()(scope, receive, send_on)
                return
            state = scope.setdefault("state", {})
            state["principal"] = principal
            receive = in_time(receive)
            if self._body_bytes is not None:
                limit = state["body_limit"] = BodyLimit(self._body_bytes)
                receive = limit.applied_to(receive, declared=headers.get("content-length", ""))
            await self._app(scope, receive, send_on)
        except BunkoError as error:
            await self._respond(path, error)(scope, receive, send_on)
        finally:
            self._record(scope, status, time.perf_counter() - begin)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = self._route_of(scope)
        self._host.metrics.requested(scope["method"], route, status, seconds)
        fields = {"method": scope["method"], "route": route, "status": status, "ms": round(seconds * 1000, 1)}
        level = logging.DEBUG if route in _POLLED else logging.INFO
        log.log(level, "request", extra={**fields, "client": _address(scope)})

    def _let_in(self, scope: Scope, headers: dict[str, str], path: str) -> Principal:
        named = headers.get("host", "")
        self._access.check_host(named)
        self._access.check_origin(
            headers.get("origin", ""), host=named, site=headers.get("sec-fetch-site", ""), path=path
        )
        if scope["method"] == "OPTIONS":
            return Principal(client=_address(scope), library="")  # a preflight request has no token
        return self._access.admit(headers.get("authorization", ""), address=_address(scope), path=path)


class BodyLimit:
    """The largest body of one request. It holds when the body is read, so that a matched route can raise it first.

    FastAPI has limits of its own (`max_body_size`), but only in versions that need Python 3.11, and older versions
    ignore the argument.
    """

    def __init__(self, limit: int) -> None:
        self.bytes = limit

    def applied_to(self, receive: Receive, *, declared: str) -> Receive:
        """Return a `receive` that raises HTTPException for a body that is, or is declared, larger than the limit."""
        received = 0

        async def limited() -> Message:
            nonlocal received
            self._check(int(declared) if declared.isascii() and declared.isdecimal() else 0)
            message = await receive()
            received += len(message.get("body", b""))
            self._check(received)
            return message

        return limited

    def _check(self, size: int) -> None:
        if size > self.bytes:
            raise HTTPException(413, f"The body is larger than {self.bytes:,} bytes.")


def raise_body_limit(request: Request, limit: int) -> None:
    """Allow a larger body for a request, before any of it is read. For the route that it has matched."""
    body_limit: BodyLimit = request.scope["state"]["body_limit"]
    body_limit.bytes = limit


def error_headers(error: BunkoError) -> dict[str, str]:
    """Return the headers that go with an error."""
    headers = {}
    if isinstance(error, ServingError) and error.retry_after_s:
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, TokenMissing):
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("unknown",))[0])


def _with_ours(headers: list[tuple[bytes, bytes]], access: Access, origin: str) -> list[tuple[bytes, bytes]]:
    there = {name.lower() for name, _ in headers}
    ours = {name.lower().encode(): value.encode() for name, value in HEADERS.items()}
    if origin and access.allows_origin(origin):
        ours |= {b"access-control-allow-origin": origin.encode("latin-1"), b"vary": b"Origin"}
        ours[b"cross-origin-resource-policy"] = b"cross-origin"
    return [*headers, *((name, value) for name, value in ours.items() if name not in there)]


def _preflight() -> Response:
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
            "Access-Control-Max-Age": "600",
        },
    )
