"""Small HTTP servers that answer as a test says: honest, slow, broken or hostile."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request that a server got."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(kw_only=True)
class Loopback:
    """A running server, and what it was asked."""

    url: str
    requests: list[Request] = field(default_factory=list)
    leaving: threading.Event = field(default_factory=threading.Event)
    """Set when the test is over: an answer that stalls waits for it."""

    def asked(self, path: str) -> list[Request]:
        """The requests for a path."""
        return [request for request in self.requests if request.path == path]


class Handler(BaseHTTPRequestHandler):
    """What a script gets to answer with."""

    protocol_version = "HTTP/1.1"
    server_of_test: Loopback

    def reply(self, body: bytes | str | object, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Send a whole answer; what is neither bytes nor str goes out as JSON."""
        if isinstance(body, str):
            body = body.encode()
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def begin_events(self) -> None:
        """Begin an event stream."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        """Send a chunk of a stream; an empty one ends it."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def event(self, data: object) -> None:
        """Send one event."""
        self.chunk(b"data: " + (data.encode() if isinstance(data, str) else json.dumps(data).encode()) + b"\n\n")

    def stall(self) -> None:
        """Send nothing more until the test is over."""
        self.server_of_test.leaving.wait(30)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


Script: TypeAlias = Callable[[Handler, Request], None]


@contextmanager
def serve(script: Script) -> Iterator[Loopback]:
    """Run a server whose every answer is the script's."""
    loopback = Loopback(url="")

    class Scripted(Handler):
        server_of_test = loopback

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(
                method=self.command,
                path=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=json.loads(body) if body else None,
            )
            loopback.requests.append(request)
            script(self, request)

        def do_POST(self) -> None:
            self.do_GET()

        def do_CONNECT(self) -> None:
            self.do_GET()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that leaves is no error
    loopback.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield loopback
    finally:
        loopback.leaving.set()
        server.shutdown()
        server.server_close()
