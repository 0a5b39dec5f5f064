"""Every door takes the filters: the commands, the APIs, MCP, and a library on a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bunko
from bunko.errors import ScopeError
from bunko.server.mcp.calls import call
from bunko.server.mcp.progress import Reporter
from bunko.server.mcp.tools import TOOLS
from tests.conftest import Cli
from tests.served import serving as serving_over_sockets
from tests.server.support import make_host, serving
from tests.support import write_files

_FILES = {
    "port.txt": "The port of Hest has 9,800 people. Its mayor is Jon Aker.",
    "town.txt": "The town of Varn has 4,210 people. Its mayor is Ilse Maar.",
    "old/mill.md": "---\nauthor: Ada Lind\ntags: [history]\ndate: 2001-05-04\n---\nThe mayor opened the mill.",
}
QUESTION = "Who is the mayor?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "docs", _FILES)


def test_the_commands(folder: Path, cli: Cli) -> None:
    asked = cli("ask", str(folder), QUESTION, "--only", "port*", "--json").json
    assert {item["path"] for item in asked["evidence"]} == {"port.txt"}
    assert asked["scope"] == {"filters": "file:port*", "documents": 1, "of": 3}
    shown = cli("ask", str(folder), f"{QUESTION} tag:history").out
    assert shown.startswith("Within tag:history: 1 of 3 documents\n")
    found = cli("search", str(folder), "mayor", "--not", "port*", "--type", "txt,docx", "--json").json
    assert [hit["path"] for hit in found["hits"]] == ["town.txt"]
    assert "Within" in cli("search", str(folder), "mayor until:2010").out
    cli("ask", str(folder), QUESTION, "--only", "prot.txt").assert_clear(2, "No document passes", "'port.txt'")


def test_questions_in_a_file(folder: Path, cli: Cli, tmp_path: Path) -> None:
    questions, out = tmp_path / "questions.txt", tmp_path / "out.jsonl"
    questions.write_text(f"{QUESTION}\n{QUESTION} file:town*\n", encoding="utf-8")
    assert cli("batch", str(folder), str(questions), "--out", str(out), "--author", "lind").code == 0
    first, second = (json.loads(line) for line in out.read_text(encoding="utf-8").splitlines())
    assert {item["path"] for item in first["evidence"]} == {"old/mill.md"}
    assert "No document passes all of" in json.dumps(second)


def test_the_native_api(folder: Path) -> None:
    async def work() -> None:
        async with serving(make_host([folder])) as client:
            path = "/api/libraries/docs"
            answer = (await client.post(f"{path}/ask", json={"question": QUESTION, "only": "port*"})).json()
            assert {item["path"] for item in answer["evidence"]} == {"port.txt"}
            assert answer["scope"]["documents"] == 1
            body = {"query": "mayor", "types": ["txt"], "exclude": ["port*"]}
            found = (await client.post(f"{path}/search", json=body)).json()
            assert [hit["path"] for hit in found["hits"]] == ["town.txt"]
            assert found["scope"]["filters"] == "-file:port* type:txt"
            wrong = await client.post(f"{path}/ask", json={"question": QUESTION, "tags": ["histroy"]})
            assert (wrong.status_code, wrong.json()["error"]["type"]) == (400, "ScopeError")
            assert "'history'" in wrong.json()["error"]["hint"]
            listed = (await client.get(f"{path}/documents")).json()["documents"]
            assert [row.get("facts") for row in listed if row["path"] == "old/mill.md"] == [
                {"authors": ["Ada Lind"], "created": "2001-05-04", "tags": ["history"]}
            ]

    asyncio.run(work())


def test_the_openai_compatible_api(folder: Path) -> None:
    async def work() -> None:
        async with serving(make_host([folder])) as client:
            body = {"model": "docs", "messages": [{"role": "user", "content": QUESTION}], "bunko": {"only": ["port*"]}}
            message = (await client.post("/v1/chat/completions", json=body)).json()["choices"][0]["message"]
            assert {item["path"] for item in message["bunko"]["evidence"]} == {"port.txt"}

    asyncio.run(work())


async def _silent(share: float, what: str) -> None:
    """Report nothing."""


def test_mcp(folder: Path) -> None:
    async def work() -> None:
        host = make_host([folder])
        async with serving(host):
            given: dict[str, Any] = {"only": ["port*"]}
            asked: Any = await call(
                host, "docs", TOOLS["ask"].check({"question": QUESTION, **given}), Reporter(_silent)
            )
            assert {item["path"] for item in asked["evidence"]} == {"port.txt"}
            found: Any = await call(host, "docs", TOOLS["search"].check({"query": "mayor", **given}), Reporter(_silent))
            assert [hit["path"] for hit in found["hits"]] == ["port.txt"]

    asyncio.run(work())


@pytest.fixture
def served(folder: Path) -> Iterator[str]:
    with serving_over_sockets(make_host([folder])) as url:
        yield url


def test_a_library_on_a_server(served: str) -> None:
    with bunko.open(f"{served}/docs") as library:
        answer = library.ask(QUESTION, only="port*")
        assert {item.path for item in answer.evidence} == {"port.txt"}
        assert answer.scope is not None and answer.scope.of == 3
        found = library.find("mayor", exclude="port*", types="txt")
        assert [hit.chunk.path for hit in found.hits] == ["town.txt"]
        assert found.scope is not None and found.scope.filters == "-file:port* type:txt"
        assert [hit.chunk.path for hit in library.search("mayor tag:history")] == ["old/mill.md"]
        with pytest.raises(ScopeError, match="port"):
            library.ask(QUESTION, only="prot.txt")
        assert "Ada Lind" in library.records()["old/mill.md"].facts
