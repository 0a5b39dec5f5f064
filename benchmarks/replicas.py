"""Two read-only servers of a library on an object store behind HAProxy: start, new versions, restarts under load.

    python -m benchmarks.replicas s3://bucket/lib QUESTIONS.txt [--clients 8] [--restarts drain stop kill]

The store is reached as by `bunko serve` (AWS_ENDPOINT_URL and the keys). QUESTIONS.txt has one question a line. Needs
HAProxy, which runs with docs/recipes/haproxy-replicas.cfg. Prints JSON lines:

start       each server: seconds until /ready answers 200, of which the copy is most, and the size of the copy; ms of
            the first search and the first question, and the median of later ones, alone
published   for one new document, and for --many at once: seconds from the end of the writer until each server serves it
            and finds it, while the clients ask
restart     both servers, one after the other, while the clients ask: `drain` tells the balancer first and waits until
            the server has no question left, `stop` sends SIGTERM at once, `kill` SIGKILL. asked, answered, and lost:
            everything but a whole answer to that question. Clients don't ask again
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from bunko.config import load_settings
from bunko.embedding.choice import embedder_of
from bunko.engines import Engines
from bunko.indexing.chunking import chunks_of
from bunko.ports import Embedder
from bunko.settings import Settings
from bunko.store import Entry, Record, Store
from bunko.types import Document

RECIPE = Path(__file__).parent.parent / "docs" / "recipes" / "haproxy-replicas.cfg"
NAMES = ("a", "b")
_READY_S = 600.0
_AFTER_S = 3.0  # of load after a restart


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Replicas:
    """Two servers and the balancer."""

    def __init__(self, folder: Path, store: str, model: str) -> None:
        self.folder, self.store, self.model = folder, store, model
        self.library = store.rstrip("/").rpartition("/")[2]
        self.ports = {name: free_port() for name in NAMES}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.admin = folder / "admin.sock"
        self.admin.unlink(missing_ok=True)
        self.url = f"http://127.0.0.1:{free_port()}"

    def start(self, name: str) -> None:
        """Start a server; its copy is where it was."""
        own = ["serve", "--read-only", "--store", self.store, "--cache", str(self.folder / name), "--quiet"]
        own += ["--port", str(self.ports[name]), "--model", self.model, "--json"]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen([sys.executable, "-m", "bunko", *own], stdout=log, stderr=log)

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    async def wait_until_ready(self, http: httpx.AsyncClient, name: str) -> float:
        """Return the seconds until a server is ready."""
        begin = time.monotonic()
        while True:
            assert self.processes[name].poll() is None, (self.folder / f"{name}.log").read_text()[-2_000:]
            with contextlib.suppress(httpx.HTTPError):
                if (await http.get(f"{self.address(name)}/ready")).status_code == 200:
                    return time.monotonic() - begin
            assert time.monotonic() - begin < _READY_S, f"{name} does not get ready"
            await asyncio.sleep(0.05)

    def end(self, name: str, sign: int) -> None:
        self.processes[name].send_signal(sign)

    @contextlib.contextmanager
    def balancer(self) -> Iterator[None]:
        """Run HAProxy with the recipe, its addresses exchanged."""
        program = shutil.which("haproxy")
        assert program, "HAProxy is not installed"
        text = RECIPE.read_text(encoding="utf-8").replace("/run/haproxy.sock", str(self.admin))
        text = text.replace("127.0.0.1:9000", self.url.removeprefix("http://"))
        for name, place in zip(NAMES, ("127.0.0.1:9101", "127.0.0.1:9102"), strict=True):
            text = text.replace(place, f"127.0.0.1:{self.ports[name]}")
        config = self.folder / "haproxy.cfg"
        config.write_text(text, encoding="utf-8")
        with (self.folder / "haproxy.log").open("ab") as log:
            running = subprocess.Popen([program, "-f", str(config)], stdout=log, stderr=log)
        try:
            while not self.admin.exists():
                assert running.poll() is None, (self.folder / "haproxy.log").read_text()[-2_000:]
                time.sleep(0.05)
            yield
        finally:
            running.terminate()
            running.wait(20)

    def tell(self, command: str) -> str:
        """Send a command to the balancer; return its answer."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.admin))
            client.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: client.recv(65_536), b"")).decode()

    def stat(self, name: str) -> dict[str, str]:
        """Return what the balancer knows of a server."""
        head, *rows = self.tell("show stat").removeprefix("# ").splitlines()
        for row in rows:
            known = dict(zip(head.split(","), row.split(","), strict=False))
            if (known["pxname"], known["svname"]) == ("replicas", name):
                return known
        raise AssertionError(name)

    async def until_balanced(self, name: str) -> None:
        while not self.stat(name)["status"].startswith("UP"):
            await asyncio.sleep(0.1)


class Load:
    """Clients that ask one question after the other, until they are told to end."""

    def __init__(self, url: str, library: str, questions: Sequence[str]) -> None:
        self.url, self.library, self.questions = url, library, questions
        self.count: Counter[str] = Counter()
        self.lost: list[str] = []
        self.seconds: list[float] = []
        self.is_over = False

    async def client(self, n: int) -> None:
        async with httpx.AsyncClient(timeout=600) as http:
            while not self.is_over:
                question = self.questions[(n := n + 7) % len(self.questions)]
                await self.ask(http, question)

    async def ask(self, http: httpx.AsyncClient, question: str) -> None:
        self.count["asked"] += 1
        begin = time.monotonic()
        try:
            reply = await http.post(f"{self.url}/api/libraries/{self.library}/ask", json={"question": question})
            tree = reply.json()
            if reply.status_code == 200 and tree.get("question") == question and "answer" in tree:
                self.count["answered"] += 1
                self.seconds.append(time.monotonic() - begin)
                return
            self.lost.append(f"{reply.status_code} {reply.text[:200]}")
        except (httpx.HTTPError, ValueError) as error:
            self.lost.append(f"{type(error).__name__}: {error}")

    @contextlib.asynccontextmanager
    async def asking(self, clients: int) -> Any:
        """Ask until the block has ended."""
        self.count, self.lost, self.seconds, self.is_over = Counter(), [], [], False
        tasks = [asyncio.create_task(self.client(n)) for n in range(clients)]
        try:
            yield
        finally:
            self.is_over = True
            await asyncio.gather(*tasks)

    def told(self) -> dict[str, Any]:
        times = sorted(self.seconds)
        return {
            **{name: self.count[name] for name in ("asked", "answered")},
            "lost": len(self.lost),
            "of_lost": dict(Counter(self.lost).most_common(4)),
            "ask_s": [round(statistics.median(times), 2), round(times[int(0.95 * len(times))], 2)],
        }


def say(what: str, **values: Any) -> None:
    print(json.dumps({"what": what, **values, "load": round(os.getloadavg()[0], 1)}), flush=True)


async def search(http: httpx.AsyncClient, url: str, library: str, text: str) -> list[Any]:
    reply = await http.post(f"{url}/api/libraries/{library}/search", json={"query": text})
    return list(reply.raise_for_status().json()["hits"])


async def start(replicas: Replicas, http: httpx.AsyncClient, questions: Sequence[str]) -> None:
    """Start both servers, one after the other; search, and ask, each alone."""
    for name in NAMES:
        replicas.start(name)
        took = await replicas.wait_until_ready(http, name)
        files = [path.stat().st_size for path in (replicas.folder / name).rglob("*") if path.is_file()]
        searches, asks = [], []
        load = Load(replicas.address(name), replicas.library, questions)
        for text in questions[:8]:
            begin = time.monotonic()
            await search(http, replicas.address(name), replicas.library, text)
            searches.append(1000 * (time.monotonic() - begin))
        for text in questions[8:16]:
            begin = time.monotonic()
            await load.ask(http, text)
            asks.append(1000 * (time.monotonic() - begin))
        assert not load.lost, load.lost
        times = {
            f"{kind}_ms": [round(ms[0]), round(statistics.median(ms[1:]))]
            for kind, ms in (("search", searches), ("ask", asks))
        }
        say("start", server=name, ready_s=round(took, 2), copy_mb=sum(files) >> 20, files=len(files), **times)


def write(store: str, texts: Sequence[str], *, mark: str) -> float:
    """Write documents as one published version, as a sync does; return the seconds. The embedder is loaded before."""
    writer = Store(store)
    settings = load_settings(overrides={"embedder": embedder_of(writer.embedders())})
    embedder = Engines(settings).embedder(settings)
    embedder.embed_passages(texts[:1])
    begin = time.monotonic()
    with writer.writing(wait_s=90), writer.changing():
        writer.write(
            [_entry(Document(path=f"{mark}-{n}.txt", text=text), embedder, settings) for n, text in enumerate(texts)]
        )
        for window in writer.missing_texts(embedder.spec, window=2_000):
            writer.add_vectors(embedder.spec, list(window), embedder.embed_passages(list(window.values())))
        writer.tidy()
        writer.vectors_complete(embedder.spec)
    return time.monotonic() - begin


def _entry(document: Document, embedder: Embedder, settings: Settings) -> Entry:
    chunks = list(chunks_of(document, count_tokens=embedder.count_tokens, settings=settings.chunking))
    record = Record(path=document.path, file=document.path, digest=document.path, format="txt", chunks=len(chunks))
    return Entry(record=record, document=document, chunks=chunks)


async def publish(replicas: Replicas, http: httpx.AsyncClient, load: Load, *, clients: int, many: int) -> None:
    """Publish a version while the clients ask; tell when each server serves it and finds what is new."""
    for count in (1, many):
        mark = f"badger{int(time.time())}"
        texts = [
            f"The {mark} number {n} of {count} sleeps under the mill of {load.questions[n % 50]}." for n in range(count)
        ]
        before = {name: (await http.get(f"{replicas.address(name)}/health")).json()["version"] for name in NAMES}
        async with load.asking(clients):
            writing = await asyncio.to_thread(write, replicas.store, texts, mark=mark)
            begin = time.monotonic()
            seen: dict[str, list[float]] = {name: [] for name in NAMES}
            while any(len(times) < 2 for times in seen.values()):
                for name, times in seen.items():
                    url = replicas.address(name)
                    if not times and (await http.get(f"{url}/health")).json()["version"] > before[name]:
                        times.append(round(time.monotonic() - begin, 2))
                    if len(times) == 1 and any(
                        hit["path"].startswith(mark) for hit in await search(http, url, replicas.library, mark)
                    ):
                        times.append(round(time.monotonic() - begin, 2))
                assert time.monotonic() - begin < _READY_S, seen
                await asyncio.sleep(0.05)
        say("published", documents=count, writing_s=round(writing, 2), serves_and_finds_s=seen, **load.told())


async def restart(replicas: Replicas, http: httpx.AsyncClient, load: Load, how: str, *, clients: int) -> None:
    """Restart both servers, one after the other, while the clients ask."""
    took = []
    async with load.asking(clients):
        await asyncio.sleep(_AFTER_S)
        for name in NAMES:
            begin = time.monotonic()
            if how == "drain":
                replicas.tell(f"set server replicas/{name} state drain")
                while int(replicas.stat(name)["scur"]):
                    await asyncio.sleep(0.05)
            replicas.end(name, signal.SIGKILL if how == "kill" else signal.SIGTERM)
            await asyncio.to_thread(replicas.processes[name].wait)
            replicas.start(name)
            await replicas.wait_until_ready(http, name)
            if how == "drain":
                replicas.tell(f"set server replicas/{name} state ready")
            await replicas.until_balanced(name)
            took.append(round(time.monotonic() - begin, 1))
            await asyncio.sleep(_AFTER_S)
    say("restart", how=how, each_s=took, **load.told())


async def run(given: argparse.Namespace, folder: Path) -> None:
    questions = given.questions.read_text(encoding="utf-8").splitlines()
    replicas = Replicas(folder, given.store, given.model)
    try:
        async with httpx.AsyncClient(timeout=600) as http:
            await start(replicas, http, questions)
            with replicas.balancer():
                for name in NAMES:
                    await replicas.until_balanced(name)
                load = Load(replicas.url, replicas.library, questions)
                for how in given.restarts:
                    await restart(replicas, http, load, how, clients=given.clients)
                if given.many:
                    await publish(replicas, http, load, clients=given.clients, many=given.many)
    finally:
        for process in replicas.processes.values():
            process.terminate()
        for process in replicas.processes.values():
            process.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("questions", type=Path)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--restarts", nargs="*", default=["drain", "stop", "kill"])
    parser.add_argument("--many", type=int, default=1_000, help="documents of the larger new version; 0: none at all")
    parser.add_argument("--model", default="none")
    parser.add_argument("--folder", type=Path, help="keeps the copies: a later run starts with them")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="replicas-") as made:
        folder = given.folder or Path(made)
        folder.mkdir(exist_ok=True)
        asyncio.run(run(given, folder))


if __name__ == "__main__":
    main()
