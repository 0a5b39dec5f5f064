"""Run the HTTP server. In: a host and its settings. Out: an exit code, once a signal has come.

While it runs, a file beside each index lets other processes on this machine find the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

import bunko
from bunko.errors import SettingsError
from bunko.paths import home_of
from bunko.private_files import read_plain, write_plain
from bunko.server.hosting.host import Host
from bunko.server.hosting.jobs import leave_if_busy
from bunko.server.hosting.libraries import HostedLibrary
from bunko.server.http.access import Access, access_for
from bunko.server.http.app import build_app
from bunko.server.http.logs import set_up
from bunko.server.http.patience import Protocol
from bunko.settings import ServerSettings

SERVING_FILE = "serving.json"
# Answers end at once when the signal comes; this is the time to send what is already written.
_FLUSH_S = 1


def serve(host: Host, *, on_ready: Callable[[str, Access], None], quiet: bool = False) -> int:
    """Serve until a signal comes. `on_ready` is called with the address once it is open. Raises SettingsError."""
    server = host.settings.server
    set_up(server.log, quiet=quiet)
    _check_certificate(server)
    own = {name: secrets.token_urlsafe(24) for name in host.libraries}
    access = access_for(server, tuple(host.libraries), own=own)
    listening = listen(server)
    url = url_of(server, listening.getsockname()[1])
    config = config_for(build_app(host, access), server)
    with contextlib.ExitStack() as at_end:
        for library in host.libraries.values():
            at_end.enter_context(_announced(library, url=url, token=own[library.name]))
        running = _HostServer(config, host, on_ready=lambda: on_ready(url, access))
        asyncio.run(running.serve(sockets=[listening]))
    host.close()
    leave_if_busy()
    return 0


def config_for(app: ASGIApp, server: ServerSettings) -> uvicorn.Config:
    """Return how uvicorn runs an application: no log of its own, no headers of its own, no web sockets."""
    return uvicorn.Config(
        app,
        http=Protocol,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=_FLUSH_S,
        ssl_certfile=server.tls_cert or None,
        ssl_keyfile=server.tls_key or None,
    )


class Server(uvicorn.Server):
    """Calls a function once it can be reached."""

    def __init__(self, config: uvicorn.Config, *, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the sockets."""
        await super().startup(sockets)
        self._on_ready()


class _HostServer(Server):
    """Ends all answers when a signal comes, and then returns instead of dying of the signal."""

    def __init__(self, config: uvicorn.Config, host: Host, *, on_ready: Callable[[], None]) -> None:
        super().__init__(config, on_ready=on_ready)
        self._host = host

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        del sig, frame
        self.force_exit = self.should_exit  # a second signal
        self.should_exit = True
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop().call_soon_threadsafe(self._host.stop)


def _check_certificate(server: ServerSettings) -> None:
    """Raise SettingsError for a certificate that can't be used."""
    if not (server.tls_cert or server.tls_key):
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(server.tls_cert, server.tls_key or None)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise SettingsError(
            f"The certificate {server.tls_cert!r} can't be used: {getattr(error, 'strerror', None) or error}.",
            "Give both as PEM files: --tls-cert FILE --tls-key FILE",
        ) from error


def listen(server: ServerSettings) -> socket.socket:
    """Return a socket that listens at the address of the settings. Raises SettingsError if that is not possible."""
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name != "nt":  # on Windows it would let two servers share one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((server.host, server.port))
        listening.listen(256)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(
            f"Can't listen at {server.host}:{server.port}: {reason}.",
            "Another server may be running there. Choose another port, or any free one: --port 0",
        ) from error
    return listening


def url_of(server: ServerSettings, port: int) -> str:
    """Return the address at which this machine can call a server."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(server.host, server.host)
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return f"{'https' if server.tls_cert else 'http'}://{name}:{port}"


# --- the file by which others find the server --------------------------------------------------------------------


def serving_file(library: HostedLibrary) -> Path | None:
    """Return the file's path: beside the index, or where it would be in the folder; None for a copy of an index.

    Whoever asks the folder finds the server there, also where the index is on an object store.
    """
    if library.is_replica:
        return None
    location = library.location
    return (home_of(library.root) if "://" in location else Path(location).parent) / SERVING_FILE


@contextlib.contextmanager
def _announced(library: HostedLibrary, *, url: str, token: str) -> Iterator[None]:
    path = serving_file(library)
    content = {
        "pid": os.getpid(),
        "url": url,
        "library": library.name,
        "root": str(library.root.resolve()),
        "token": token,
        "started": time.time(),
        "version": bunko.__version__,
    }
    written = path is not None and _write(path, content)
    try:
        yield
    finally:
        if written and path is not None:
            _remove(path, token)


def _write(path: Path, content: Mapping[str, object]) -> bool:
    """Write the file for this user alone. Returns False if the folder is not writable: the server runs without it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_plain(path, json.dumps(content).encode())
    except OSError:
        return False
    return True


def _remove(path: Path, token: str) -> None:
    """Remove the file, unless another server has replaced it with its own."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if json.loads(read_plain(path, most=2**16) or b"{}").get("token") == token:
            path.unlink()
