"""The MCP server over streamable HTTP, on this machine. In: a server, rules of access. Out: an exit code at the end.

The walls are those of `bunko serve` (`access`): the name that it is called by, the site that calls, and the token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import uvicorn
from mcp.server.lowlevel.server import Server
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp, Receive, Scope, Send

from bunko.contract.serialise import error_json
from bunko.errors import BunkoError, TokenMissing
from bunko.server.http.access import HEADERS, Access, access_for
from bunko.server.http.events import JsonResponse
from bunko.server.http.running import listen, url_of
from bunko.server.mcp.desk import Desk
from bunko.settings import ServerSettings

if TYPE_CHECKING:
    import socket

PATH = "/mcp"
_BODY_BYTES = 1_000_000
_SESSIONS = 100
# Answers are broken off when the signal comes; this is for sending what is written.
_LAST_WORDS_S = 1


def run_http(server: Server[Desk], rules: ServerSettings, *, tell: Callable[[str], None]) -> int:
    """Serve until a signal comes. `tell` is called with the address when it can be reached. Raises SettingsError."""
    rules = replace(rules, host="127.0.0.1", library_tokens=(), tls_cert="", tls_key="")
    access = access_for(rules, ())
    listening = listen(rules)
    config = uvicorn.Config(
        guarded(server, access),
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=_LAST_WORDS_S,
    )
    token = f" with the token {access.token}" if rules.token == "auto" else ""
    _Server(config, told=lambda: tell(f"{url_of(rules, listening.getsockname()[1])}{PATH}{token}")).run([listening])
    return 0


class _Server(uvicorn.Server):
    """Says when it can be reached."""

    def __init__(self, config: uvicorn.Config, *, told: Callable[[], None]) -> None:
        super().__init__(config)
        self._told = told

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._told()


def guarded(server: Server[Desk], access: Access) -> ASGIApp:
    """Return the application, which lets in whom the rules let in."""
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        max_request_body_size=_BODY_BYTES,
        max_sessions=_SESSIONS,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),  # that is done here
    )

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            try:
                _let_in(headers, scope, access)
            except BunkoError as error:
                extra = {"WWW-Authenticate": "Bearer"} if isinstance(error, TokenMissing) else {}
                response = JsonResponse(error_json(error), status=error.http_status, headers={**HEADERS, **extra})
                await response(scope, receive, send)
                return
        await app(scope, receive, send)

    return gate


def _let_in(headers: dict[str, str], scope: Scope, access: Access) -> None:
    named = headers.get("host", "")
    access.check_host(named)
    access.check_origin(
        headers.get("origin", ""), host=named, site=headers.get("sec-fetch-site", ""), path=scope["path"]
    )
    address = (scope.get("client") or ("unknown",))[0]
    access.admit(headers.get("authorization", ""), address=address, path=scope["path"])
