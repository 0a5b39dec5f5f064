"""Put a served library under load for a while, and see that nothing is lost, mixed up or kept.

usage: python benchmarks/load.py --folder F --questions Q.jsonl [--clients 50] [--minutes 15] [--model M]

Starts `bunko serve` on a free port of this machine, with an index outside the folder. Each client asks in turn, over
/api and /v1, streamed and not; some search, some go away in the middle of an answer, some read slowly. Before, every
question was asked once alone. What is printed, one JSON line:

asked, answered    questions that were not broken off by the client, and those of them that got a whole answer
other_answer       of those, the ones whose answer is not the one that the question got when it was asked alone
mixed_up           of those, the ones that came with another question, or evidence of other documents than alone
lost               neither an answer nor an error that says when to come back
sent_away          answers 429 and 503; each client retried after Retry-After
left, searched     answers broken off by the client, searches
ask_s              median and 95% of the seconds of a question, waiting in the queue included
memory_mb          of each process (Pss), the median of each tenth of the time: the server's first, then the engine's;
                   and of each the part that no file holds (RssAnon), which is its own, whatever other programs use the
                   same files
slope_mb_h         of each process: a line through its values after the first ten minutes (of a shorter run, after the
                   first third), in MB an hour, and as a share of the mean
open_files         of the server, in the first and the last tenth
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import psutil

SLOW_S = 0.05  # between two lines of a slow reader


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--questions", required=True)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds that each client waits between two calls")
    parser.add_argument("--different", type=int, default=40, help="number of questions of the file")
    arguments = parser.parse_args()
    lines = Path(arguments.questions).read_text(encoding="utf-8").splitlines()
    questions = list(dict.fromkeys(json.loads(line)["question"] for line in lines))[: arguments.different]
    store = tempfile.mkdtemp(prefix="bunko-bench-")
    command = [sys.executable, "-m", "bunko.cli.main", "serve", arguments.folder, "--port", "0", "--json", "--quiet"]
    server = subprocess.Popen(
        [*command, "--store", store, "--model", arguments.model, "--queue", str(2 * arguments.clients)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        started = json.loads(server.stdout.readline())
        load = Load(started["url"].rstrip("/"), started["libraries"][0], questions, process=psutil.Process(server.pid))
        load.pause_s = arguments.pause
        print(json.dumps(asyncio.run(load.run(arguments.clients, arguments.minutes * 60))))
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(store, ignore_errors=True)


_MARK = re.compile(r" ?\[\d+\]")


class Load:
    """A number of clients for a number of seconds."""

    def __init__(self, url: str, library: Any, questions: list[str], *, process: psutil.Process) -> None:
        self.url, self.questions, self.process = url, questions, process
        self.library = library["name"] if isinstance(library, dict) else library
        self.alone: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.count: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.pause_s = 0.0
        self.memory: dict[str, list[tuple[float, float]]] = {}
        self.files: list[int] = []
        self.until = self.seconds_in_all = 0.0

    async def run(self, clients: int, seconds: float) -> dict[str, Any]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=self.url, timeout=600, limits=limits) as http:
            await self.wait_until_ready(http)
            for question in self.questions:
                tree = (await http.post(f"/api/libraries/{self.library}/ask", json={"question": question})).json()
                self.alone[question] = self.key(tree)
            self.count.clear()
            self.until, self.seconds_in_all = time.monotonic() + seconds, seconds
            print(f"{len(self.questions)} questions asked alone; {clients} clients begin", file=sys.stderr, flush=True)
            watching = asyncio.create_task(self.watch())
            await asyncio.gather(*(self.client(http, n) for n in range(clients)))
            watching.cancel()
        ask_s = sorted(self.seconds)
        return {
            "clients": clients,
            "minutes": round(seconds / 60, 1),
            **{
                name: self.count[name]
                for name in "asked answered other_answer mixed_up lost sent_away left searched".split()
            },
            "ask_s": [round(statistics.median(ask_s), 1), round(ask_s[int(0.95 * len(ask_s))], 1)],
            "memory_mb": {name: tenths(values) for name, values in self.memory.items()},
            "slope_mb_h": {name: slope(values, after=min(600.0, seconds / 3)) for name, values in self.memory.items()},
            "open_files": [round(statistics.median(part)) for part in (batched(self.files, 10)[0], self.files[-3:])],
        }

    async def wait_until_ready(self, http: httpx.AsyncClient) -> None:
        while (await http.get("/ready")).status_code != 200:
            await asyncio.sleep(0.5)

    async def watch(self) -> None:
        while True:
            begin = time.monotonic() - (self.until - self.seconds_in_all)
            for name, one in (("server", self.process), *named(self.process.children(recursive=True))):
                for what, mb in ((name, memory_of(one)), (f"{name}, anonymous", anonymous_of(one))):
                    self.memory.setdefault(what, []).append((begin, mb))
            self.files.append(self.process.num_fds())
            await asyncio.sleep(5)

    async def client(self, http: httpx.AsyncClient, n: int) -> None:
        chance = random.Random(n)
        for turn in itertools.count():
            if time.monotonic() > self.until:
                return
            question = self.questions[(n + turn) % len(self.questions)]
            ways = [self.ask, self.ask_streamed, self.ask_slowly, self.ask_as_openai, self.leave, self.search]
            way = chance.choices(ways, weights=[3, 3, 1, 2, 1, 2])[0]
            try:
                await way(http, question, chance)
            except Away as away:
                self.count["sent_away"] += 1
                self.count["asked"] -= way not in (self.leave, self.search)
                await asyncio.sleep(away.seconds)
            except (httpx.HTTPError, ValueError, KeyError) as error:
                self.count["lost"] += 1
                print(f"{way.__name__}: {error!r}", file=sys.stderr, flush=True)
            await asyncio.sleep(self.pause_s * chance.uniform(0.5, 1.5))

    async def ask(self, http: httpx.AsyncClient, question: str, chance: random.Random) -> None:
        self.count["asked"] += 1
        begin = time.monotonic()
        reply = await http.post(f"/api/libraries/{self.library}/ask", json={"question": question})
        self.judge(question, checked(reply).json(), begin)

    async def ask_streamed(
        self, http: httpx.AsyncClient, question: str, chance: random.Random, *, wait_s: float = 0.0
    ) -> None:
        self.count["asked"] += 1
        begin, last = time.monotonic(), ""
        async with self.stream(http, question) as reply:
            await check(reply)
            async for line in reply.aiter_lines():
                if line.startswith("data:"):
                    last = line[5:]
                await asyncio.sleep(wait_s)
        self.judge(question, json.loads(last), begin)

    async def ask_slowly(self, http: httpx.AsyncClient, question: str, chance: random.Random) -> None:
        await self.ask_streamed(http, question, chance, wait_s=SLOW_S)

    async def ask_as_openai(self, http: httpx.AsyncClient, question: str, chance: random.Random) -> None:
        self.count["asked"] += 1
        begin = time.monotonic()
        body = {"model": self.library, "messages": [{"role": "user", "content": question}]}
        message = checked(await http.post("/v1/chat/completions", json=body)).json()["choices"][0]["message"]
        tree = message["bunko"] | {"question": question, "answer": message["content"]}
        self.judge(question, tree, begin)

    async def leave(self, http: httpx.AsyncClient, question: str, chance: random.Random) -> None:
        async def read() -> None:
            async with self.stream(http, question) as reply:
                await check(reply)
                async for _ in reply.aiter_lines():
                    pass

        try:
            await asyncio.wait_for(read(), chance.uniform(0, 3))
        except asyncio.TimeoutError:
            self.count["left"] += 1

    async def search(self, http: httpx.AsyncClient, question: str, chance: random.Random) -> None:
        reply = await http.post(f"/api/libraries/{self.library}/search", json={"query": question})
        if not checked(reply).json()["hits"]:
            raise ValueError("no hits")
        self.count["searched"] += 1

    def stream(self, http: httpx.AsyncClient, question: str) -> Any:
        return http.stream("POST", f"/api/libraries/{self.library}/ask", json={"question": question, "stream": True})

    def judge(self, question: str, tree: dict[str, Any], begin: float) -> None:
        self.seconds.append(time.monotonic() - begin)
        text, paths = self.key(tree)
        self.count["answered"] += 1
        self.count["other_answer"] += text != self.alone[question][0]
        self.count["mixed_up"] += tree["question"] != question or paths != self.alone[question][1]

    def key(self, tree: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
        answer = _MARK.sub("", tree["answer"])  # /v1 leaves them out
        return answer, tuple(item["path"] for item in tree["evidence"])


class Away(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def checked(reply: httpx.Response) -> httpx.Response:
    if reply.status_code in (429, 503):
        raise Away(float(reply.headers["retry-after"]))
    return reply.raise_for_status()


async def check(reply: httpx.Response) -> None:
    if reply.status_code != 200:
        await reply.aread()
        checked(reply)


def memory_of(process: psutil.Process) -> float:
    try:
        return process.memory_full_info().pss / 2**20
    except psutil.Error:
        return 0.0


def anonymous_of(process: psutil.Process) -> float:
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon:"))


def named(children: list[psutil.Process]) -> list[tuple[str, psutil.Process]]:
    """Return the children by what they are, the engine's name without a number."""
    found: list[tuple[str, psutil.Process]] = []
    for child in children:
        try:
            words = " ".join(child.cmdline())
        except psutil.Error:
            continue
        kind = "engine" if "engine.child" in words else "reader" if "reading" in words else "other"
        found.append((kind, child))
    return found


def tenths(values: list[tuple[float, float]]) -> list[int]:
    return [round(statistics.median(mb for _, mb in part)) for part in batched(values, 10)]


def slope(values: list[tuple[float, float]], *, after: float) -> list[float]:
    """Return the slope of a line through the later values, in MB an hour, and its share of their mean."""
    late = [(at, mb) for at, mb in values if at > after]
    if len(late) < 3:
        return []
    per_s = statistics.linear_regression(*zip(*late, strict=True)).slope
    return [round(3600 * per_s, 1), round(3600 * per_s / statistics.mean(mb for _, mb in late), 4)]


def batched(items: list[Any], count: int) -> list[list[Any]]:
    size = max(1, -(-len(items) // count))
    return [items[n : n + size] for n in range(0, len(items), size)]


if __name__ == "__main__":
    main()
