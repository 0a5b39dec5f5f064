"""No text in a request ends in an internal error, half a surrogate pair in any field of any route among them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from tests.server.support import make_host, serving
from tests.support import CATS, write_files

HALF = "a cat \ud800 sleeps"
_MESSAGES = [{"role": "user", "content": HALF}]
CALLS: list[tuple[str, str, object]] = [
    ("POST", "/api/libraries/docs/ask", {"question": HALF}),
    ("POST", "/api/libraries/docs/ask", {"question": "Where?", "history": [{"question": HALF, "answer": HALF}]}),
    ("POST", "/api/libraries/docs/ask", {"question": "Where?", "model": HALF}),
    ("POST", "/api/libraries/docs/ask", {"question": "Where?", HALF: 1}),
    ("POST", "/api/libraries/docs/search", {"query": HALF}),
    ("POST", "/api/ask", {"question": HALF, "stream": True}),
    ("POST", "/api/compare", {"question": HALF, "variants": [{"library": "docs"}, {"library": HALF}]}),
    ("PUT", "/api/libraries/docs/conversations/aaaaaaaaaaaaaaaaaaaa", {"title": HALF, "turns": [{HALF: HALF}]}),
    ("GET", "/api/libraries/docs/conversations/aaaaaaaaaaaaaaaaaaaa", None),
    ("POST", "/v1/chat/completions", {"model": "docs", "messages": _MESSAGES}),
    ("POST", "/v1/chat/completions", {"model": HALF, "messages": _MESSAGES}),
    ("POST", "/v1/chat/completions", {"messages": [*_MESSAGES, {"role": "assistant", "content": HALF}, *_MESSAGES]}),
    ("POST", "/v1/chat/completions", {"messages": _MESSAGES, "stop": [HALF], "stream": True, "user": HALF}),
    ("POST", "/v1/embeddings", {"input": [HALF, "x"]}),
    ("POST", "/v1/embeddings", {"input": "x", "model": HALF}),
    ("GET", "/api/libraries/docs/text?path=%ED%A0%80", None),
    ("GET", "/api/libraries/docs/documents?query=%ED%A0%80%00", None),
    ("GET", "/api/libraries/%ED%A0%80/documents", None),
    ("PUT", "/api/libraries/docs/files?path=%ED%A0%80.txt", None),
    ("GET", "/v1/models/%ED%A0%80", None),
]  # fmt: skip


def test_every_route_takes_half_a_surrogate_pair(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = write_files(tmp_path / "docs", {"cats.txt": CATS, "x.json": '{"note":"a lone \\ud800 half"}'})

    async def work() -> None:
        async with serving(make_host([root], server__history="allowed")) as client:
            for method, path, body in CALLS:
                content = None if body is None else json.dumps(body)
                sent = await client.request(method, path, content=content, headers={"content-type": "application/json"})
                assert sent.status_code < 500, (method, path, body, sent.text)
                sent.content.decode("utf-8")
            rows: httpx.Response = await client.get("/api/libraries/docs/documents")
            assert rows.json()["total"] == 2
            assert (await client.get("/health")).status_code == 200

    asyncio.run(work())
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
