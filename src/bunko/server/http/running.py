"""Run the application. In: a host, and the settings of the server. Out: an exit code, once a signal has come.

Writes the file by which other processes on this machine find the server, and takes it away at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

import uvicorn

import bunko
from bunko.child_process import leave
from bunko.errors import SettingsError
from bunko.server.hosting.host import Host
from bunko.server.hosting.libraries import HostedLibrary
from bunko.server.http.access import Access, access_for
from bunko.server.http.app import build_app
from bunko.server.http.logs import set_up
from bunko.settings import ServerSettings

SERVING_FILE = "serving.json"
# Answers are broken off when the signal comes; this is for sending what is written.
_LAST_WORDS_S = 1
_THREADS_END_S = 0.5


def serve(host: Host, *, tell: Callable[[str, Access], None], quiet: bool = False) -> int:
    """Serve until a signal comes. `tell` is called with the address when it can be reached. Raises SettingsError."""
    server = host.settings.server
    set_up(server.log, quiet=quiet)
    _check_certificate(server)
    own = {name: secrets.token_urlsafe(24) for name in host.libraries}
    access = access_for(server, tuple(host.libraries), own=own)
    listening = listen(server)
    port = listening.getsockname()[1]
    url = url_of(server, port)
    config = uvicorn.Config(
        build_app(host, access),
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=_LAST_WORDS_S,
        ssl_certfile=server.tls_cert or None,
        ssl_keyfile=server.tls_key or None,
    )
    with contextlib.ExitStack() as at_end:
        for library in host.libraries.values():
            at_end.enter_context(_announced(library, url=url, token=own[library.name]))
        running = _Server(config, host, told=lambda: tell(url, access))
        asyncio.run(running.serve(sockets=[listening]))
    host.close()
    _leave_if_busy()
    return 0


def _leave_if_busy() -> None:
    """End the process at once where a thread is still at work: a sync, for one, which the next one takes up again."""
    until = time.monotonic() + _THREADS_END_S
    while time.monotonic() < until:
        if not any(thread.name.startswith(("bunko-", "follow-", "load-")) for thread in threading.enumerate()):
            return
        time.sleep(0.02)
    sys.stdout.flush()
    leave(0)


class _Server(uvicorn.Server):
    """Breaks off what is under way when a signal comes, and does not die of the signal afterwards."""

    def __init__(self, config: uvicorn.Config, host: Host, *, told: Callable[[], None]) -> None:
        super().__init__(config)
        self._host = host
        self._told = told

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._told()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        del sig, frame
        self.force_exit = self.should_exit  # a second one
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
    """Return a socket that listens where the settings say. Raises SettingsError where that can't be."""
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name != "nt":  # there it would let two servers have one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((server.host, server.port))
        listening.listen(256)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(
            f"Can't listen at {server.host}:{server.port}: {reason}.",
            "Another server may run there: name another port, or let one be found: --port 0",
        ) from error
    return listening


def url_of(server: ServerSettings, port: int) -> str:
    """Return the address at which a server can be called from this machine."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(server.host, server.host)
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return f"{'https' if server.tls_cert else 'http'}://{name}:{port}"


# --- the file by which others find the server --------------------------------------------------------------------


def serving_file(library: HostedLibrary) -> Path | None:
    """Return where the file is: beside the index; None where that is on an object store."""
    location = library.location
    return None if "://" in location else Path(location).parent / SERVING_FILE


@contextlib.contextmanager
def _announced(library: HostedLibrary, *, url: str, token: str):  # type: ignore[no-untyped-def]
    path = serving_file(library)
    told = {
        "pid": os.getpid(),
        "url": url,
        "library": library.name,
        "root": str(library.root.resolve()),
        "token": token,
        "started": time.time(),
        "version": bunko.__version__,
    }
    written = path is not None and _write(path, told)
    try:
        yield
    finally:
        if written and path is not None:
            _remove(path, token)


def _write(path: Path, told: Mapping[str, object]) -> bool:
    """Write the file for this user alone; where the folder can't be written to, do without."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(told, file)
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        return False
    return True


def _remove(path: Path, token: str) -> None:
    """Take the file away, unless another server has put its own in its place."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if json.loads(path.read_text(encoding="utf-8")).get("token") == token:
            path.unlink()
