"""An S3 server on loopback for tests: moto's. Out: a Bucket with its URL, and the environment that reaches it."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# moto looks whether an object exists, and writes it, in two steps. With one request at a time they are like one: else
# two writers can both win a conditional PUT, which no store that Bunko accepts allows.
_SERVER = """
import sys, threading
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.server import MotoRequestHandler
from werkzeug.serving import run_simple

behind, turn = DomainDispatcherApplication(create_backend_app), threading.Lock()

def serve(environ, start_response):
    with turn:
        return list(behind(environ, start_response))

run_simple("127.0.0.1", int(sys.argv[1]), serve, threaded=True, request_handler=MotoRequestHandler)
"""
_STARTED_S = 60.0


def environment_for(endpoint: str) -> dict[str, str]:
    """Return the environment variables by which a process reaches an S3 server."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def s3_server() -> Iterator[str]:
    """Run moto's server in a process of its own; yield its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    endpoint = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + _STARTED_S
        while True:
            try:
                urllib.request.urlopen(endpoint, timeout=5).close()
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, "moto's server has ended"
                assert time.monotonic() < deadline, "moto's server does not answer"
                time.sleep(0.1)
        yield endpoint
    finally:
        process.terminate()
        process.wait()


def make_bucket(endpoint: str, name: str) -> str:
    """Create a bucket; return its URL."""
    request = urllib.request.Request(f"{endpoint}/{name}", method="PUT", headers={"Authorization": "AWS test:test"})
    urllib.request.urlopen(request, timeout=30).close()
    return f"s3://{name}"


class _Passing(BaseHTTPRequestHandler):
    """Passes requests on to another server, and counts them."""

    protocol_version = "HTTP/1.1"
    server: PassingServer

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in self.server.left_out}
        self.server.count += 1
        connection = http.client.HTTPConnection(self.server.behind, timeout=60)
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


class PassingServer(ThreadingHTTPServer):
    """A server before another one. It may leave out headers, as a store does that knows no conditional writes."""

    daemon_threads = True

    def __init__(self, behind: str, *, left_out: Collection[str] = ()) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.behind = behind.removeprefix("http://")
        self.left_out = left_out
        self.count = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def passing(behind: str, *, left_out: Collection[str] = ()) -> Iterator[PassingServer]:
    """Run a server before another one."""
    with PassingServer(behind, left_out=left_out) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
