"""Measure the time to the first words through each interface ("door") of a server, and the engine's share of it.

    python benchmarks/doors.py FOLDER QUESTIONS.jsonl [--model MODEL] [--style free]

Starts `bunko serve FOLDER`, asks each question through each interface in turn (so that other load affects all of them),
and prints medians in milliseconds. "first": from sending the request to the first words of the answer; "engine": the
stages until then, from the answer's own timings; "beyond": the difference. With the style "extractive" an answer is one
phrase, sent when it is complete.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

READY_WITHIN_S = 600.0
# What comes before the first words, by the style of the answer.
BEFORE = {"free": ("write", "ground", "translate"), "extractive": ("ground", "translate")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One question through one interface."""

    first_ms: float
    engine_ms: float

    @property
    def beyond_ms(self) -> float:
        """The time that the interface adds."""
        return self.first_ms - self.engine_ms


class Server:
    """A `bunko serve` of our own."""

    def __init__(self, folder: Path, model: str) -> None:
        command = [sys.executable, "-m", "bunko.cli.main", "serve", str(folder), "--port", "0", "--json"]
        self.process = subprocess.Popen(
            [*command, *(["--model", model] if model else [])],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        started = json.loads(self.process.stdout.readline())
        self.place = urlsplit(started["url"]).netloc
        self.library: str = started["libraries"][0]
        until = time.monotonic() + READY_WITHIN_S
        while self.get("/ready") != 200:
            assert time.monotonic() < until, "it does not get ready"
            time.sleep(0.2)

    def get(self, path: str) -> int:
        """Return the status."""
        connection = http.client.HTTPConnection(self.place, timeout=READY_WITHIN_S)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def stream(self, path: str, body: Mapping[str, object]) -> Iterator[tuple[float, str, Any]]:
        """Yield each server-sent event: seconds since the request, its name, what it holds."""
        connection = http.client.HTTPConnection(self.place, timeout=READY_WITHIN_S)
        try:
            begin = time.perf_counter()
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            assert response.status == 200, response.read()
            name = ""
            for line in response:
                if line.startswith(b"event: "):
                    name = line[7:].decode().strip()
                elif line.startswith(b"data: ") and line.strip() != b"data: [DONE]":
                    yield time.perf_counter() - begin, name, json.loads(line[6:])
        finally:
            connection.close()


def native(server: Server, question: str, style: str) -> Run:
    """Ask the native API."""
    first: float = 0.0
    timings: Mapping[str, float] = {}
    body = {"question": question, "style": style, "stream": True}
    for seconds, name, value in server.stream(f"/api/libraries/{quote(server.library)}/ask", body):
        if name == "text" and not first:
            first = seconds
        if name == "finished":
            timings = value["timings_ms"]
    return run_of(first, timings, style)


def openai(server: Server, question: str, style: str) -> Run:
    """Ask the OpenAI-compatible API."""
    first: float = 0.0
    timings: Mapping[str, float] = {}
    messages = [{"role": "user", "content": question}]
    body = {"model": server.library, "messages": messages, "stream": True, "bunko": {"style": style}}
    for seconds, _, value in server.stream("/v1/chat/completions", body):
        delta = value["choices"][0]["delta"]
        if delta.get("content") and not first:
            first = seconds
        if "bunko" in delta:
            timings = delta["bunko"]["timings_ms"]
    return run_of(first, timings, style)


DOORS: Mapping[str, Callable[[Server, str, str], Run]] = {"native API": native, "/v1": openai}


def run_of(first_s: float, timings: Mapping[str, float], style: str) -> Run:
    """Return a run; `first_s` is 0 where there were no words."""
    engine = sum(ms for stage, ms in timings.items() if stage not in ("total", *BEFORE[style]))
    return Run(first_ms=first_s * 1000, engine_ms=engine)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--model", default="")
    parser.add_argument("--style", choices=sorted(BEFORE), default="free")
    parser.add_argument("--count", type=int, default=10)
    arguments = parser.parse_args()
    lines = arguments.questions.read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines if line.strip()]
    server = Server(arguments.folder, arguments.model)
    runs: dict[str, list[Run]] = {name: [] for name in DOORS}
    try:
        for ask in DOORS.values():  # warm
            ask(server, questions[-1], arguments.style)
        for n, question in enumerate(questions[: arguments.count]):
            for name in list(DOORS)[:: 1 if n % 2 else -1]:  # who comes second may find the prompt read already
                runs[name].append(DOORS[name](server, question, arguments.style))
    finally:
        server.process.terminate()
        server.process.wait(30)
    print("| door | first ms | engine ms | beyond ms | most beyond |\n|---|---|---|---|---|")
    for name, done in runs.items():
        columns = [[getattr(run, column) for run in done] for column in ("first_ms", "engine_ms", "beyond_ms")]
        cells = [f"{value:.1f}" for value in (*map(statistics.median, columns), max(columns[-1]))]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
