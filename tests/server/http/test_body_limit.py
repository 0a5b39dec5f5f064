"""The limit of a body holds for every route but the upload, also where the body comes in chunks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from bunko.server.http.gate import BODY_BYTES
from tests.server.support import make_host, serving
from tests.support import CATS, write_files

LONG = b'{"title": "' + b"x" * BODY_BYTES + b'", "turns": []}'


async def in_chunks(body: bytes) -> AsyncIterator[bytes]:
    """Yield a body in pieces, so that no header states its length."""
    for n in range(0, len(body), 100_000):
        yield body[n : n + 100_000]


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Callable[[httpx.AsyncClient], Awaitable[None]]], None]:
    """Return what runs a test against a server with a small library."""

    def run_it(work: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
        async def all_of_it() -> None:
            root = write_files(tmp_path / "docs", {"cats.txt": CATS})
            async with serving(make_host([root])) as client:
                await work(client)

        asyncio.run(all_of_it())

    return run_it


Run = Callable[[Callable[[httpx.AsyncClient], Awaitable[None]]], None]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/libraries/docs/conversations/files"),  # it ends like the path of an upload
        ("POST", "/api/libraries/docs/ask"),
        ("POST", "/v1/chat/completions"),
    ],
)
@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_above_the_limit_is_refused(run: Run, method: str, path: str, chunked: bool) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        headers = {"content-type": "application/json"}
        content = in_chunks(LONG) if chunked else LONG
        response = await client.request(method, path, content=content, headers=headers)
        assert response.status_code == 413
        assert "1,000,000 bytes" in response.json()["error"]["message"]

    run(work)


def test_an_upload_may_be_larger(run: Run) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        path = "/api/libraries/docs/files"
        sent = await client.put(path, params={"path": "long.txt"}, content=in_chunks(LONG))
        assert (sent.status_code, sent.json()["bytes"]) == (201, len(LONG))

    run(work)


@pytest.mark.parametrize(("method", "path"), [("PUT", "/api/x/files"), ("POST", "/api/libraries/docs/files")])
def test_a_path_that_only_looks_like_an_upload_reads_no_body(run: Run, method: str, path: str) -> None:
    sent = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal sent
        async for chunk in in_chunks(LONG):
            sent += len(chunk)
            yield chunk

    async def work(client: httpx.AsyncClient) -> None:
        response = await client.request(method, path, content=counted())
        assert response.status_code in (404, 405)
        assert sent <= BODY_BYTES

    run(work)
