r"""Measure the time that each interface ("door") of a served library adds: terminal, Python, API, an agent's tools.

usage: python benchmarks/doors_clients.py --folder FOLDER --questions Q.jsonl [--model M] [--rounds 10]

Q has one JSON object with "question" on each line. The folder is copied, indexed and served; each interface in turn
asks a new question. One JSON line is printed for each interface, with medians of the rounds in milliseconds:
first_ms   from the start (of the process, if the interface is a command) until the first words of the answer are there
whole_ms   ... until all of it is there, and the process has ended
own_ms     the server's own time for the answer; for `plain`, the command's
added_ms   the median of whole - own: the time that the interface adds; for commands, when asked again with --json
Interfaces: api (http.client, server-sent events), python (bunko.open(url)), cli (`bunko ask`, by the server), plain
(`bunko ask --no-server`), mcp (`ask` over HTTP; a process of its own, whose words come all at once).
The time until the first words also holds the work on the question; compare them with api.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bunko
from bunko.client.http import Caller, path_of, place_of
from bunko.types import Finished, TextDelta

Took = dict[str, float]
PROGRAM = [sys.executable, "-m", "bunko.cli.main"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--questions", required=True)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    lines = Path(arguments.questions).read_text(encoding="utf-8").splitlines()
    questions = iter([json.loads(line)["question"] for line in lines])
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory(prefix="bunko-bench-") as place:
        folder = Path(place, "documents")
        shutil.copytree(arguments.folder, folder, ignore=shutil.ignore_patterns(".bunko"))
        subprocess.run([*PROGRAM, "index", folder, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        servers = [start(["serve", folder, "--port", "0", "--json", "-m", arguments.model])]
        try:
            url = json.loads(servers[0].stdout.readline())["url"]
            wait(url)
            mcp = ["mcp", folder, "--http", "--port", "0", "--no-ocr", "-m", arguments.model]
            servers.append(start(mcp))
            agent = servers[1].stderr.readline().decode().split()[-1]
            doors = doors_of(folder, url, agent, arguments.model)
            for door in doors.values():
                door(next(questions))  # everything is loaded then
            for number in range(arguments.rounds):
                for name in [*doors][number % len(doors) :] + [*doors][: number % len(doors)]:
                    took = doors[name](next(questions))
                    took.setdefault("added_ms", took["whole_ms"] - took["own_ms"])
                    for key, value in took.items():
                        found[name][key].append(value)
                    print(name, {key: round(value) for key, value in took.items()}, file=sys.stderr)
        finally:
            for server in servers:
                server.terminate()
                server.wait(20)
    for name, values in found.items():
        print(json.dumps({"door": name} | {key: round(statistics.median(each), 1) for key, each in values.items()}))


def start(command: list[Any]) -> Any:
    return subprocess.Popen([*PROGRAM, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait(url: str) -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until:
        with contextlib.suppress(bunko.BunkoError):
            if Caller(place_of(url)).get("/ready")["ready"]:
                return
        time.sleep(0.2)
    raise SystemExit("The server does not get ready.")


def doors_of(folder: Path, url: str, agent: str, model: str) -> dict[str, Callable[[str], Took]]:
    return {
        "api": lambda question: by_api(url, folder, question),
        "python": lambda question: by_python(url, question),
        "cli": lambda question: by_command([folder, question]),
        "plain": lambda question: by_command([folder, question, "--no-server", "-m", model]),
        "mcp": lambda question: asyncio.run(by_agent(agent, question)),
    }


def by_api(url: str, folder: Path, question: str) -> Took:
    def events() -> Iterator[tuple[bool, float | None]]:
        body = {"question": question, "stream": True}
        for name, tree in Caller(place_of(url)).events(path_of("libraries", folder.name, "ask"), body):
            yield name == "text", tree["timings_ms"]["total"] if name == "finished" else None

    return timed(events())


def by_python(url: str, question: str) -> Took:
    def events() -> Iterator[tuple[bool, float | None]]:
        for event in bunko.open(url).stream(question):
            total = event.answer.timings["total"] if isinstance(event, Finished) else None
            yield isinstance(event, TextDelta), total

    return timed(events())


def timed(events: Iterator[tuple[bool, float | None]]) -> Took:
    begin, first, own = time.perf_counter(), 0.0, 0.0
    for is_text, total in events:
        if (is_text or total) and not first:
            first = 1000 * (time.perf_counter() - begin)
        own = total or own
    return {"first_ms": first, "whole_ms": 1000 * (time.perf_counter() - begin), "own_ms": own}


def by_command(arguments: list[Any]) -> Took:
    begin, first, seen = time.perf_counter(), 0.0, b""
    command = [*PROGRAM, "ask", *map(str, arguments), "--no-cache"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        while data := process.stdout.read1(65_536):
            seen += data
            if not first and seen.partition(b"Answer\n")[2].strip():
                first = 1000 * (time.perf_counter() - begin)
        process.wait()
    whole = 1000 * (time.perf_counter() - begin)
    assert process.returncode == 0, seen.decode()
    # Once more: on the screen a second has one decimal only.
    begin = time.perf_counter()
    printed = subprocess.run([*command, "--json"], check=True, capture_output=True).stdout
    added = 1000 * (time.perf_counter() - begin) - json.loads(printed)["timings_ms"]["total"]
    return {"first_ms": first, "whole_ms": whole, "own_ms": whole - added, "added_ms": added}


async def by_agent(url: str, question: str) -> Took:
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    async with (
        httpx2.AsyncClient(timeout=300, trust_env=False) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        await client.list_tools()
        begin = time.perf_counter()
        result = await client.call_tool("ask", {"question": question})
        whole = 1000 * (time.perf_counter() - begin)
    answer: Any = result.structured_content
    return {"first_ms": whole, "whole_ms": whole, "own_ms": answer["timings_ms"]["total"]}


if __name__ == "__main__":
    main()
