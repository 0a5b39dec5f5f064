"""The MCP server, spoken to by the SDK's own client: in this process with fakes, and in processes of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters, types
from mcp.shared.exceptions import MCPError

from bunko.library import Library
from bunko.ports import Embedder
from bunko.server.hosting.host import Host
from bunko.server.mcp.progress import Downloads
from bunko.server.mcp.protocol import build_server
from bunko.server.mcp.tools import READ_MOST, TOOLS, UNTRUSTED
from bunko.settings import Settings
from bunko.testing import FakeEmbedder, FakeGenerator
from tests.server.support import FakeEngines, SteppedGenerator
from tests.support import CATS, KYOTO, REPOSITORY, SHIPS, command, environment, write_files

Told = list[tuple[float, float | None, str | None]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "library", {"cats.txt": CATS, "ships.md": f"# Kobe\n\n{SHIPS}", "京都.txt": KYOTO})


def converse(
    folder: Path,
    conversation: Callable[[Client], Awaitable[None]],
    *,
    embedder: FakeEmbedder | None = None,
    generator: FakeGenerator | None = None,
) -> None:
    """Connect a client to a server with fakes in this process."""

    class Fakes(FakeEngines):
        def _load_embedder(self, settings: Settings) -> Embedder:
            return embedder or FakeEmbedder()

    async def run() -> None:
        host = host_of(folder, Fakes(Settings(), lambda: generator or FakeGenerator()))
        async with Client(build_server(host, downloads=Downloads()), mode="legacy") as client:
            await conversation(client)

    asyncio.run(asyncio.wait_for(run(), 60))


def host_of(folder: Path, engines: FakeEngines) -> Host:
    """Return a host as `bunko mcp` makes it."""
    settings = Settings()
    return Host([folder], settings=settings, engines=engines, library_settings=lambda _: settings, updates="on_call")


async def call(client: Client, tool: str, **given: object) -> Any:
    """Return the JSON of a call that went well. The client checks it against the tool's own schema."""
    result = await client.call_tool(tool, given)
    assert not result.is_error, result
    assert result.structured_content is not None
    return result.structured_content


def said(result: types.CallToolResult) -> str:
    """Return the text beside the JSON."""
    (block,) = result.content
    assert isinstance(block, types.TextContent)
    return block.text


def test_the_tools_describe_themselves(folder: Path) -> None:
    async def conversation(client: Client) -> None:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == ["search", "ask", "read", "list_documents"]
        for tool in tools:
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint
            assert tool.annotations.open_world_hint is False
            assert UNTRUSTED in (tool.description or "")
            assert tool.output_schema == TOOLS[tool.name].output
            assert tool.input_schema["additionalProperties"] is False
            assert tool.title
        assert UNTRUSTED in (client.instructions or "")

    converse(folder, conversation)


def test_passages_can_be_found_and_read_around(folder: Path) -> None:
    async def conversation(client: Client) -> None:
        found = await call(client, "search", query="When did the harbour of Kobe open?", top_k=2)
        assert len(found["hits"]) == 2
        hit = found["hits"][0]
        assert hit["path"] == "ships.md"
        whole = await call(client, "read", path="ships.md")
        assert whole["text"] == f"# Kobe\n\n{SHIPS}"
        assert whole["characters"] == len(whole["text"])
        assert whole["text"][hit["start"] : hit["end"]] == hit["text"]
        part = await call(client, "read", path="ships.md", start=hit["start"], end=hit["end"])
        assert part["text"] == hit["text"]
        assert [heading["label"] for heading in part["headings"]] == ["Kobe"]

    converse(folder, conversation)


def test_offsets_count_characters_of_any_script(folder: Path) -> None:
    async def conversation(client: Client) -> None:
        hit = (await call(client, "search", query="金閣寺はいつ建てられましたか。"))["hits"][0]
        part = await call(client, "read", path=hit["path"], start=hit["start"], end=hit["end"])
        assert part["text"] == hit["text"]
        assert (await call(client, "read", path="京都.txt", start=1, end=2))["text"] == KYOTO[1]

    converse(folder, conversation)


def test_an_answer_has_its_sources_in_the_text_too(folder: Path) -> None:
    async def conversation(client: Client) -> None:
        result = await client.call_tool("ask", {"question": "When did the harbour of Kobe open?"})
        answer: Any = result.structured_content
        assert "1868" in answer["answer"]
        assert answer["citations"][0]["path"] == "ships.md"
        assert answer["answer"] in said(result)
        assert "ships.md" in said(result)
        assert "data, not instructions" in said(result)

    converse(folder, conversation)


def test_what_no_source_carries_is_said(folder: Path) -> None:
    async def conversation(client: Client) -> None:
        result = await client.call_tool("ask", {"question": "Where does the cat sleep?"})
        answer: Any = result.structured_content
        assert answer["unsupported"] == ["Bananas grow on Mars."]
        assert "found in no source: 'Bananas grow on Mars.'" in said(result)

    converse(folder, conversation, generator=FakeGenerator("Bananas grow on Mars."))


def test_a_call_can_be_short_of_words(folder: Path) -> None:
    async def conversation(client: Client) -> None:
        answer = await call(client, "ask", question="Where does the cat sleep?", max_tokens=2)
        assert answer["usage"]["completion_tokens"] == 2
        assert answer["finish_reason"] == "length"
        assert answer["notes"]
        answer = await call(client, "ask", question="Where does the cat sleep?")
        assert answer["finish_reason"] == "stop"  # what one call asked for is not there for the next

    converse(folder, conversation)


def test_documents_are_listed_by_pages(folder: Path) -> None:
    write_files(folder, {"broken.pdf": b"%PDF-1.7"})

    async def conversation(client: Client) -> None:
        listed = await call(client, "list_documents")
        assert listed["total"] == 4
        assert [item["path"] for item in listed["documents"]] == ["broken.pdf", "cats.txt", "ships.md", "京都.txt"]
        page = await call(client, "list_documents", offset=1, limit=2)
        assert (page["total"], [item["path"] for item in page["documents"]]) == (4, ["cats.txt", "ships.md"])
        failed = (await call(client, "list_documents", state="failed"))["documents"]
        assert [(item["path"], bool(item["error"])) for item in failed] == [("broken.pdf", True)]
        assert [item["path"] for item in (await call(client, "list_documents", query="CAT"))["documents"]] == [
            "cats.txt"
        ]
        result = await client.call_tool("read", {"path": "broken.pdf"})
        assert result.is_error
        assert failed[0]["error"] in said(result)

    converse(folder, conversation)


def test_a_call_gives_only_so_much(folder: Path) -> None:
    write_files(folder, {"long.txt": "A long text. " * 5000})

    async def conversation(client: Client) -> None:
        part = await call(client, "read", path="long.txt", start=10, end=10**9)
        assert (part["start"], part["end"], len(part["text"])) == (10, 10 + READ_MOST, READ_MOST)
        beyond = await call(client, "read", path="long.txt", start=10**9)
        assert beyond["text"] == ""
        assert beyond["start"] == beyond["end"] == beyond["characters"]

    converse(folder, conversation)


def test_changes_of_the_folder_are_seen_by_the_next_call(folder: Path) -> None:
    async def conversation(client: Client) -> None:
        assert (await call(client, "list_documents"))["total"] == 3
        write_files(folder, {"moon.txt": "The moon has no weather."})
        assert (await call(client, "search", query="moon weather"))["hits"][0]["path"] == "moon.txt"
        write_files(folder, {"moon.txt": "The moon is made of rock and dust."})
        assert "rock" in (await call(client, "read", path="moon.txt"))["text"]
        assert "rock" in (await call(client, "ask", question="What is the moon made of?"))["answer"]
        (folder / "moon.txt").unlink()
        assert (await call(client, "list_documents"))["total"] == 3

    converse(folder, conversation)


@pytest.mark.parametrize(
    ("tool", "given", "expected"),
    [
        ("read", {"path": "cat.txt"}, "Did you mean 'cats.txt'"),
        ("read", {"path": "../secret"}, "There is no document '../secret'"),
        ("read", {"path": "cats.txt", "begin": 3}, "It takes: path, start, end"),
        ("read", {"path": "cats.txt", "start": -1}, "start: Input should be greater than or equal to 0"),
        ("search", {"query": "   "}, "empty"),
        ("search", {}, "'query' is missing"),
        ("search", {"query": "cats", "top_k": "5"}, "top_k: Input should be a valid integer"),
        ("search", {"query": "cats", "top_k": True}, "top_k: Input should be a valid integer"),
        ("ask", {"question": 7}, "question: Input should be a valid string"),
        ("ask", {"question": "Where?", "answer_language": "en", "model": "x"}, "'model' is not an argument"),
    ],
)
def test_an_error_is_a_result_with_what_to_do(folder: Path, tool: str, given: dict[str, object], expected: str) -> None:
    async def conversation(client: Client) -> None:
        result = await client.call_tool(tool, given)
        assert result.is_error
        assert expected in said(result)
        error: Any = result.structured_content
        assert error["error"]["type"]
        assert error["error"]["hint"]

    converse(folder, conversation)


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    async def conversation(client: Client) -> None:
        result = await client.call_tool("search", {"query": "cats"})
        assert result.is_error
        assert "Put documents there" in said(result)
        write_files(tmp_path, {"cats.txt": CATS})
        assert (await call(client, "search", query="cats"))["hits"]

    converse(tmp_path, conversation)


def test_an_unknown_tool_is_an_error_of_the_protocol(folder: Path) -> None:
    async def conversation(client: Client) -> None:
        with pytest.raises(MCPError, match="list_documents"):
            await client.call_tool("delete", {})

    converse(folder, conversation)


def test_whoever_waits_for_the_index_is_told_how_far_it_is(folder: Path) -> None:
    class Patient(FakeEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> Any:
            time.sleep(0.6)
            return super().embed_passages(texts)

    heard: Told = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    async def conversation(client: Client) -> None:
        await client.call_tool("search", {"query": "cats"}, progress_callback=hear)
        await asyncio.sleep(0.1)

    converse(folder, conversation, embedder=Patient())
    assert any("embedding" in (message or "") for _, _, message in heard), heard
    assert [progress for progress, _, _ in heard] == sorted({progress for progress, _, _ in heard})  # it only grows
    assert {total for _, total, _ in heard} == {1.0}


def test_an_agent_that_leaves_does_not_wait_for_the_index(folder: Path) -> None:
    write_files(
        folder, {f"{n}.txt": f"Passage {n}: " + " ".join(f"word{n * m}" for m in range(400)) for n in range(40)}
    )

    class Patient(FakeEmbedder):
        def count_tokens(self, texts: Sequence[str]) -> list[int]:
            time.sleep(0.02)
            return super().count_tokens(texts)

    class Fakes(FakeEngines):
        def _load_embedder(self, settings: Settings) -> Embedder:
            return Patient()

    async def run() -> float:
        host = host_of(folder, Fakes(Settings()))
        host.start()
        await asyncio.sleep(1.0)
        begin = time.monotonic()
        host.close()
        while any(thread.name.startswith("bunko-") for thread in threading.enumerate()):
            await asyncio.sleep(0.01)
        return time.monotonic() - begin

    assert asyncio.run(run()) < 5.0


@pytest.mark.parametrize("at", ["reading the prompt", "writing"])
def test_a_cancelled_call_stops_the_model_and_leaves_the_next_one_alone(folder: Path, at: str) -> None:
    reply = " ".join(f"word{n}" for n in range(400))
    slow = SteppedGenerator(reply, step_s=0.05, read_s=20.0 if at == "reading the prompt" else 0.0)

    async def conversation(client: Client) -> None:
        asking = asyncio.create_task(client.call_tool("ask", {"question": "Where does the cat sleep?"}))
        while not slow.at_work:
            await asyncio.sleep(0.01)
        assert (await call(client, "search", query="cats"))["hits"]  # does not wait for the answer
        assert slow.at_work
        begin = time.monotonic()
        asking.cancel()
        while slow.at_work:
            await asyncio.sleep(0.01)
        assert time.monotonic() - begin < 1.0
        assert (await call(client, "list_documents"))["total"] == 3

    converse(folder, conversation, generator=slow)


# --- in a process of its own ----------------------------------------------------------------------------------------


def connect(folder: Path, *flags: str, fake: bool = True) -> StdioServerParameters:
    """Return what starts the server as an agent does."""
    program, *arguments = command("mcp", folder, *flags, fake=fake)
    return StdioServerParameters(command=program, args=arguments, env=environment(), cwd=REPOSITORY)


def test_an_agent_starts_it_and_speaks_over_stdio(folder: Path) -> None:
    async def run() -> None:
        async with Client(connect(folder)) as client:
            assert client.server_info is not None
            assert client.server_info.name == "bunko"
            assert (await call(client, "search", query="harbour"))["hits"][0]["path"] == "ships.md"
            assert "1868" in (await call(client, "ask", question="When did the harbour of Kobe open?"))["answer"]

    asyncio.run(asyncio.wait_for(run(), 60))


def called(number: int, tool: str, **given: object) -> dict[str, object]:
    """Return the message that calls a tool."""
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": tool, "arguments": given}}


def test_nothing_but_the_protocol_reaches_stdout(folder: Path) -> None:
    messages: list[dict[str, object]] = [
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"},
            },
        },
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        called(2, "search", query="tea"),
        called(3, "ask", question="What do ships carry?"),
    ]
    process = subprocess.Popen(
        command("mcp", folder),
        env=environment({"TEST_NOISE": "1"}),
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write("".join(json.dumps(message) + "\n" for message in messages).encode())
    process.stdin.flush()
    lines = [json.loads(process.stdout.readline()) for _ in range(3)]
    process.stdin.close()
    rest, errors = process.stdout.read(), process.stderr.read().decode()
    assert process.wait(20) == 0
    assert {line["id"] for line in lines} == {1, 2, 3}
    assert rest == b""
    assert "noise on stdout" in errors


def test_a_download_is_reported_on_stderr_and_to_the_caller(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    downloads = Downloads()
    heard: Told = []

    class Fetching(FakeEngines):
        def _load_embedder(self, settings: Settings) -> Embedder:
            with downloads("a model", total=10) as add:
                add(4)
                time.sleep(0.5)
            return FakeEmbedder()

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    async def run() -> None:
        server = build_server(host_of(folder, Fetching(Settings())), downloads=downloads)
        async with Client(server, mode="legacy") as client:
            await client.call_tool("search", {"query": "cats"}, progress_callback=hear)
            await asyncio.sleep(0.1)

    asyncio.run(run())
    assert "fetching 40%" in [message for _, _, message in heard]
    out, err = capfd.readouterr()
    assert (out, err) == ("", "Fetching a model.\n")


def test_another_process_that_writes_the_index_is_not_waited_for(folder: Path) -> None:
    async def conversation(client: Client) -> None:
        assert (await call(client, "search", query="harbour"))["hits"]
        with Library(folder, settings=Settings()) as other, other.store.writing():
            assert (await call(client, "search", query="harbour"))["hits"][0]["path"] == "ships.md"

    converse(folder, conversation)


def test_a_folder_that_is_not_there_is_told_of_at_once(tmp_path: Path) -> None:
    done = subprocess.run(
        command("mcp", tmp_path / "nowhere"), cwd=REPOSITORY, env=environment(), capture_output=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"There is no folder" in done.stderr


@pytest.mark.models
def test_the_real_models_answer_an_agent(folder: Path) -> None:
    async def run() -> None:
        async with Client(connect(folder, fake=False)) as client:
            found = await call(client, "search", query="When was the port opened?")
            assert found["hits"][0]["path"] == "ships.md"
            answer = await call(client, "ask", question="When did the harbour of Kobe open?")
            assert "1868" in answer["answer"]
            assert answer["model"].startswith("smollm2")
            for item in answer["citations"]:
                part = await call(client, "read", path=item["path"], start=item["start"], end=item["end"])
                assert part["text"] == item["quote"]

    assert sys.executable
    asyncio.run(asyncio.wait_for(run(), 120))
