"""A web server on this machine, with pages that a test chooses."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, kw_only=True)
class Page:
    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drip_s: float = 0.0
    """Seconds between its bytes."""


@dataclass
class Web:
    url: str
    pages: dict[str, Page]
    asked: list[tuple[str, str]]
    """Host and path of each request."""

    def put(self, path: str, body: str | bytes = b"", **more: object) -> str:
        data = body.encode() if isinstance(body, str) else body
        self.pages[path] = Page(body=data, **more)  # type: ignore[arg-type]
        return self.url + path


@contextlib.contextmanager
def serving_pages(host: str = "127.0.0.1") -> Iterator[Web]:
    pages: dict[str, Page] = {}
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.headers["Host"], self.path))
            page = pages.get(self.path, Page(status=404))
            self.send_response(page.status)
            self.send_header("Content-Type", page.kind)
            if not page.drip_s:
                self.send_header("Content-Length", str(len(page.body)))
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                for part in [page.body[n : n + 1] for n in range(len(page.body))] if page.drip_s else [page.body]:
                    self.wfile.write(part)
                    time.sleep(page.drip_s)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((host, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Web(url=f"http://{host}:{server.server_address[1]}", pages=pages, asked=asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
