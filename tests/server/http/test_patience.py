"""A client that sends slowly, or stops sending, is let go; others are served, and long answers are not cut."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from bunko.server.http import patience, running
from bunko.server.http.access import Access
from bunko.server.http.app import build_app
from tests import served
from tests.server.support import SteppedGenerator, make_host
from tests.support import CATS, write_files

_HEAD = "POST /api/libraries/docs/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(patience, "HEAD_S", 0.5)
    monkeypatch.setattr(patience, "BODY_S", 1.0)
    root = write_files(tmp_path / "docs", {"cats.txt": CATS})
    host = make_host([root], generator=lambda: SteppedGenerator(read_s=2.5))
    config = running.config_for(build_app(host, Access()), host.settings.server)
    with served.serving(host, config=config) as url:
        yield url


def opened(address: str, *, sent: str) -> socket.socket:
    parts = urlsplit(address)
    connection = socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=10)
    connection.sendall(sent.encode())
    return connection


@pytest.mark.parametrize("call", ["ask", "search"])
@pytest.mark.parametrize("length", ["Content-Length: 100\r\n\r\n", 'Transfer-Encoding: chunked\r\n\r\n5\r\n{"que'])
def test_a_body_that_stops_is_refused(address: str, call: str, length: str) -> None:
    with opened(address, sent=_HEAD.format(call) + length) as slow:
        assert httpx.get(f"{address}/health", trust_env=False).status_code == 200
        assert b" 408 " in slow.recv(200)


def test_a_head_that_does_not_end_is_dropped(address: str) -> None:
    slow = [opened(address, sent="GET /health HTTP/1.1\r\nX: ") for _ in range(20)]
    begin = time.monotonic()
    for connection in slow:
        while time.monotonic() - begin < 8:
            try:
                connection.sendall(b"a")
                connection.settimeout(0.05)
                if connection.recv(100) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        else:
            pytest.fail("the connection is still open")
        connection.close()


def test_an_answer_may_take_longer_than_its_question(address: str) -> None:
    body = {"question": "Where does the cat sleep?", "style": "free"}
    sent = httpx.post(f"{address}/api/libraries/docs/ask", json=body, timeout=30, trust_env=False)
    assert sent.status_code in (200, 422)
