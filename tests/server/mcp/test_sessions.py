"""However many sessions are opened, the next client gets one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from bunko.server.http.access import Access
from bunko.server.mcp import http as over_http
from bunko.server.mcp.progress import Downloads
from bunko.server.mcp.protocol import build_server
from tests.server.support import BASE, make_host
from tests.support import CATS, write_files

_HELLO = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}  # fmt: skip
_HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


def test_the_session_used_longest_ago_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(over_http, "_SESSIONS", 3)
    host = make_host([write_files(tmp_path / "docs", {"cats.txt": CATS})])

    async def work() -> None:
        app: Any = over_http.gated(build_server(host, downloads=Downloads()), host, Access())
        inner = app._app._app  # the gate, the room, the application
        async with inner.router.lifespan_context(inner):
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=_HEADERS) as client:
                ids = []
                for n in range(12):
                    hello = await client.post("/mcp", json=_HELLO)
                    assert hello.status_code == 200, (n, hello.text)
                    ids.append(hello.headers["mcp-session-id"])
                    if n > 0:  # the first stays in use
                        assert await ping(client, ids[0]) == 200
                assert [await ping(client, each) for each in ids[-2:]] == [200, 200]
                assert await ping(client, ids[3]) == 404

    asyncio.run(work())


async def ping(client: httpx.AsyncClient, session: str) -> int:
    body = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    return (await client.post("/mcp", json=body, headers={"mcp-session-id": session})).status_code
