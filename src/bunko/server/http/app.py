"""The HTTP application. In: a host and the rules of access. Out: a FastAPI application, with one form for all errors.

The routes are in modules of their own, and the gate is in front of them. Knows nothing of sockets.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from functools import partial

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

import bunko
from bunko.contract.serialise import error_json
from bunko.errors import BunkoError, InvalidRequest, ServingError, UploadTooLarge
from bunko.server.hosting.host import Host
from bunko.server.http.access import Access
from bunko.server.http.events import JsonResponse
from bunko.server.http.gate import Gate, error_headers
from bunko.server.native import pages
from bunko.server.native import routes as native
from bunko.server.openai import routes as openai

log = logging.getLogger("bunko.server")

# Paths with a form of their own for errors: (error, status) -> JSON.
ErrorForm = Callable[[BunkoError, int], object]


def build_app(host: Host, access: Access) -> FastAPI:
    """Return the application. It starts the host at its start, and closes it at its end."""

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
        docs_url=None,  # its page would load scripts from another site
        redoc_url=None,
    )
    app.state.host = host
    app.state.access = access
    app.state.error_forms = {openai.PREFIX: openai.error_form}
    app.include_router(native.router(host))
    app.include_router(openai.router(host))
    app.include_router(pages.router(host))
    _add_error_handlers(app)
    app.add_middleware(
        Gate, host=host, access=access, respond=partial(error_response, app), route_of=partial(route_of, app)
    )
    return app


def route_of(app: FastAPI, scope: Scope) -> str:
    """Return a request's route pattern (/api/libraries/{library}/ask), or "other": a label of few values."""
    if route := scope.get("route"):
        return str(getattr(route, "path", "other"))
    for each in app.router.routes:
        if each.matches(scope)[0] is not Match.NONE:
            return str(getattr(each, "path", "other"))
    return "other"


# --- errors ------------------------------------------------------------------------------------------------------


def error_response(app: FastAPI, path: str, error: BunkoError, *, status: int = 0) -> Response:
    """Return an error in the form of its path, with the headers that tell clients what to do."""
    status = status or error.http_status
    form: ErrorForm = next(
        (form for prefix, form in app.state.error_forms.items() if path.startswith(prefix)),
        lambda error, status: error_json(error),
    )
    return JsonResponse(form(error, status), status=status, headers=error_headers(error))


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
        return error_response(
            app, request.url.path, BunkoError("An internal error occurred in the server.", "See its log.")
        )

    app.add_exception_handler(BunkoError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(Exception, unexpected)


def _invalid(error: RequestValidationError) -> InvalidRequest:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    if first["type"] == "extra_forbidden":
        return InvalidRequest(f"Unknown field {place[:100]!r}.", "/openapi.json lists the fields.")
    if first["type"] == "json_invalid":
        return InvalidRequest("The body is not JSON.", "Send an object as described in /openapi.json.")
    what = f"The field {place[:100]!r}" if place else "The body"
    return InvalidRequest(f"{what} is invalid: {first['msg']}.", "/openapi.json describes what is expected.")


_HTTP = {
    404: ("There is nothing at this address.", "/openapi.json lists the endpoints."),
    405: ("This address does not support that method.", "/openapi.json lists the endpoints."),
    408: ("The body did not arrive in time.", "Send it again, without pauses."),
}


def _of_http(error: HTTPException) -> ServingError:
    if error.status_code == 413:
        return UploadTooLarge(str(error.detail), "Send less.")
    message, hint = _HTTP.get(error.status_code, (str(error.detail), ""))
    kind = type("HttpError", (ServingError,), {"__doc__": "An error of HTTP itself.", "http_status": error.status_code})
    failure: ServingError = kind(message, hint)
    return failure
