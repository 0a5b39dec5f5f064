"""The MCP server in a process of its own over HTTP, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import urllib3
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.server.mcp.test_mcp import call
from tests.started import Program
from tests.support import CATS, REPOSITORY, SHIPS, command, environment, write_files

TOKEN = "a-token-of-the-test"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_files(tmp_path_factory.mktemp("agents") / "library", {"cats.txt": CATS, "ships.md": SHIPS})


@contextlib.contextmanager
def running(folder: Path, *flags: str, fake: bool = True) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run `bunko mcp --http`, and give its address when it can be reached."""
    process = Program(
        command("mcp", folder, "--http", "--port", "0", *flags, fake=fake),
        cwd=REPOSITORY,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline().decode()
        assert " to agents at " in line, line + process.stderr.read().decode()
        yield line.partition(" to agents at ")[2].split()[0], process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[str]:
    with running(folder, "--token", TOKEN) as (url, _):
        yield url


def test_an_agent_calls_it_over_http(served: str) -> None:
    async def run() -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False) as http,
            Client(streamable_http_client(served, http_client=http)) as client,
        ):
            assert (await client.list_tools()).tools[0].name == "search"
            assert (await call(client, "search", query="harbour"))["hits"][0]["path"] == "ships.md"
            assert "1868" in (await call(client, "ask", question="When did the harbour of Kobe open?"))["answer"]

    asyncio.run(asyncio.wait_for(run(), 60))


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({}, 401, "TokenMissing"),
        ({"Authorization": "Bearer wrong-token"}, 401, "TokenMissing"),
        ({"Authorization": f"Bearer {TOKEN}", "Host": "documents.example"}, 403, "AccessRefused"),
        ({"Authorization": f"Bearer {TOKEN}", "Origin": "https://documents.example"}, 403, "AccessRefused"),
    ],
)
def test_others_are_kept_out(served: str, headers: dict[str, str], status: int, kind: str) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    sent = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **headers}
    response = urllib3.request("POST", served, body=json.dumps(body).encode(), headers=sent)
    assert response.status == status
    assert response.json()["error"]["type"] == kind
    assert TOKEN not in response.data.decode()


def test_a_body_that_is_far_too_long_is_refused(served: str) -> None:
    sent = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    sent["Authorization"] = f"Bearer {TOKEN}"
    response = urllib3.request("POST", served, body=b" " * 2_000_000, headers=sent, retries=False)
    assert response.status == 413


def test_without_a_token_this_machine_may_call_it(folder: Path) -> None:
    with running(folder) as (url, process):

        async def run() -> None:
            async with (
                httpx2.AsyncClient(trust_env=False, timeout=60) as http,
                Client(streamable_http_client(url, http_client=http)) as client,
            ):
                assert (await call(client, "list_documents"))["total"] == 2

        asyncio.run(asyncio.wait_for(run(), 60))
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 130
        assert b"Traceback" not in errors


def test_ctrl_c_ends_it_on_stdin_and_stdout_too(folder: Path) -> None:
    process = Program(
        command("mcp", folder),
        cwd=REPOSITORY,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }
    process.stdin.write(json.dumps(hello).encode() + b"\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["id"] == 1
    process.send_signal(signal.SIGINT)  # stdin stays open
    assert process.wait(20) == 130
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()
    process.communicate()


@pytest.mark.models
def test_the_real_models_answer_over_http(folder: Path) -> None:
    async def run(url: str) -> None:
        async with (
            httpx2.AsyncClient(timeout=120, trust_env=False) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            answer = await call(client, "ask", question="When did the harbour of Kobe open?")
            assert "1868" in answer["answer"]

    with running(folder, fake=False) as (url, _):
        asyncio.run(asyncio.wait_for(run(url), 120))
