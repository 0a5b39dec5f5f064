"""The MCP server over streamable HTTP, on this machine. In: a server, a host, rules of access. Out: an exit code.

Behind the same gate as `bunko serve`, which checks the name of the server, the site that calls and the token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mcp.server.lowlevel.server import Server
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import Response
from starlette.types import ASGIApp

from bunko.contract.serialise import error_json
from bunko.errors import BunkoError
from bunko.server.hosting.host import Host
from bunko.server.hosting.jobs import leave_if_busy
from bunko.server.http import running
from bunko.server.http.access import Access, access_for
from bunko.server.http.events import JsonResponse
from bunko.server.http.gate import BODY_BYTES, Gate, error_headers
from bunko.server.mcp.sessions import SessionRoom

PATH = "/mcp"
_SESSIONS = 100
# A session that is not used for this long is ended.
_SESSION_S = 600.0


def run_http(server: Server[Host], host: Host, *, on_ready: Callable[[str], None]) -> int:
    """Serve until a signal comes. `on_ready` is called with the address once it is open. Raises SettingsError."""
    rules = replace(host.settings.server, host="127.0.0.1", library_tokens=(), tls_cert="", tls_key="")
    access = access_for(rules, ())
    listening = running.listen(rules)
    url = running.url_of(rules, listening.getsockname()[1]) + PATH
    token = f" with the token {access.token}" if rules.token == "auto" else ""
    config = running.config_for(gated(server, host, access), rules)
    try:
        running.Server(config, on_ready=lambda: on_ready(url + token)).run([listening])
    except KeyboardInterrupt:  # uvicorn raises it after a clean end
        leave_if_busy(130)
        raise
    leave_if_busy()
    return 0


def gated(server: Server[Host], host: Host, access: Access) -> ASGIApp:
    """Return the application with the gate in front of it."""
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        max_request_body_size=BODY_BYTES,
        max_sessions=2 * _SESSIONS,  # SessionRoom keeps to the half; calls in between may overlap
        session_idle_timeout=_SESSION_S,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),  # the gate does this
    )
    room = SessionRoom(app, most=_SESSIONS)
    return Gate(room, host=host, access=access, respond=_error_response, route_of=lambda _: PATH, body_bytes=None)


def _error_response(path: str, error: BunkoError) -> Response:
    return JsonResponse(error_json(error), status=error.http_status, headers=error_headers(error))
