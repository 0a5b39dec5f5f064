"""The application. In: a host and the rules of access. Out: a FastAPI application, with one form for all errors.

A middleware lets in and keeps out, and counts; the routes are in modules of their own. Knows nothing of sockets.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import bunko
from bunko.contract.serialise import error_json
from bunko.errors import BunkoError, InvalidRequest, ServingError, TokenMissing, UploadTooLarge
from bunko.server.hosting.host import Host
from bunko.server.http import access as doors
from bunko.server.http.access import Access, Principal
from bunko.server.http.events import JsonResponse
from bunko.server.native import pages
from bunko.server.native import routes as native
from bunko.server.openai import routes as openai

log = logging.getLogger("bunko.server")

BODY_BYTES = 1_000_000
# Asked every few seconds by what watches over a server.
_POLLED = frozenset({"/health", "/ready", "/metrics"})
# Errors under these paths have a form of their own: (error, status) -> JSON. The OpenAI API puts its own here.
ErrorForm = Callable[[BunkoError, int], object]


def build_app(host: Host, access: Access) -> FastAPI:
    """Return the application. It starts the host when it starts, and closes it at its end."""

    @contextlib.asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        host.start()
        yield
        host.close()

    app = FastAPI(
        title="Bunko",
        version=bunko.__version__,
        description="Answers from folders of documents, with citations. The form of all errors: "
        '`{"error": {"type", "message", "hint"}}`.',
        lifespan=life,
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
    )
    app.state.host = host
    app.state.access = access
    app.state.error_forms = {}
    app.include_router(native.router(host))
    # Further doors are opened here: each gives its router for the host.
    app.include_router(openai.router(host))
    app.state.error_forms[openai.PREFIX] = openai.error_form
    app.include_router(pages.router(host))
    _add_error_handlers(app)
    app.add_middleware(Gate, app_=app, host=host, access=access)
    return app


class Gate:
    """Checks every request before it goes further, puts its Principal into the scope, and adds the headers of all."""

    def __init__(self, app: ASGIApp, *, app_: FastAPI, host: Host, access: Access) -> None:
        self._app = app
        self._routes = app_
        self._host = host
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer with what keeps it out."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # there are no web sockets here
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
            scope.setdefault("state", {})["principal"] = principal
            limit = None if path.startswith("/api/") and path.endswith("/files") else BODY_BYTES
            if limit is not None:
                _check_length(headers.get("content-length", ""), limit)
                receive = _limited(receive, limit)
            await self._app(scope, receive, send_on)
        except BunkoError as error:
            await error_response(self._routes, path, error)(scope, receive, send_on)
        finally:
            self._count(scope, status, time.perf_counter() - begin)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(self._routes, scope)
        self._host.metrics.requested(scope["method"], route, status, seconds)
        told = {"method": scope["method"], "route": route, "status": status, "ms": round(seconds * 1000, 1)}
        level = logging.DEBUG if route in _POLLED else logging.INFO
        log.log(level, "request", extra={**told, "client": (scope.get("client") or ("unknown",))[0]})

    def _let_in(self, scope: Scope, headers: dict[str, str], path: str) -> Principal:
        named = headers.get("host", "")
        self._access.check_host(named)
        self._access.check_origin(
            headers.get("origin", ""), host=named, site=headers.get("sec-fetch-site", ""), path=path
        )
        address = (scope.get("client") or ("unknown",))[0]
        if scope["method"] == "OPTIONS":
            return Principal(client=address, library="")  # a browser asks before it sends a token
        return self._access.admit(headers.get("authorization", ""), address=address, path=path)


# --- errors ------------------------------------------------------------------------------------------------------


def error_response(app: FastAPI, path: str, error: BunkoError, *, status: int = 0) -> Response:
    """Return an error in the form that its path wants, with what helps clients to behave."""
    status = status or error.http_status
    form: ErrorForm = next(
        (form for prefix, form in app.state.error_forms.items() if path.startswith(prefix)),
        lambda error, status: error_json(error),
    )
    headers = {}
    if isinstance(error, ServingError) and error.retry_after_s:
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, TokenMissing):
        headers["WWW-Authenticate"] = "Bearer"
    return JsonResponse(form(error, status), status=status, headers=headers)


def _add_error_handlers(app: FastAPI) -> None:
    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, BunkoError)
        return error_response(app, request.url.path, error)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return error_response(app, request.url.path, _invalid(error))

    async def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        response = error_response(app, request.url.path, _of_http(error), status=error.status_code)
        response.headers.update(error.headers or {})
        return response

    async def unexpected(request: Request, error: Exception) -> Response:
        log.error("fault", exc_info=error, extra={"method": request.method})
        return error_response(app, request.url.path, BunkoError("Something went wrong in the server.", "See its log."))

    app.add_exception_handler(BunkoError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(Exception, unexpected)


def _invalid(error: RequestValidationError) -> InvalidRequest:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    if first["type"] == "extra_forbidden":
        return InvalidRequest(f"There is no field {place[:100]!r} here.", "/openapi.json tells which there are.")
    if first["type"] == "json_invalid":
        return InvalidRequest("The body is not JSON.", "Send an object as /openapi.json has it.")
    what = f"The field {place[:100]!r}" if place else "The body"
    return InvalidRequest(f"{what} can't be that: {first['msg']}.", "/openapi.json tells what is expected.")


_HTTP = {
    404: ("There is nothing at this address.", "/openapi.json lists what there is."),
    405: ("This address does not know that method.", "/openapi.json lists what there is."),
    413: ("The body is too large.", "Send less."),
}


def _of_http(error: HTTPException) -> ServingError:
    message, hint = _HTTP.get(error.status_code, (str(error.detail), ""))
    told = type("HttpError", (ServingError,), {"__doc__": "An error of HTTP itself.", "http_status": error.status_code})
    failure: ServingError = told(message, hint)
    return failure


# --- requests and answers as they pass -----------------------------------------------------------------------------


def _check_length(length: str, limit: int) -> None:
    if length.isascii() and length.isdecimal() and int(length) > limit:
        raise UploadTooLarge(f"The body has {int(length):,} bytes; {limit:,} is the most.", "Send less.")


def _limited(receive: Receive, limit: int) -> Receive:
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413)
        return message

    return counted


def _with_ours(headers: list[tuple[bytes, bytes]], access: Access, origin: str) -> list[tuple[bytes, bytes]]:
    there = {name.lower() for name, _ in headers}
    ours = {name.lower().encode(): value.encode() for name, value in doors.HEADERS.items()}
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


def route_of(app: FastAPI, scope: Scope) -> str:
    """Return a route as it is written (/api/libraries/{library}/ask), or "other": there are only so many."""
    if route := scope.get("route"):
        return str(getattr(route, "path", "other"))
    for each in app.router.routes:
        if each.matches(scope)[0] is not Match.NONE:
            return str(getattr(each, "path", "other"))
    return "other"
