"""What the tests of the server share: a host with fake engines, a client inside the process, a server in its own."""

from __future__ import annotations

import contextlib
import json
import ssl
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import anyio
import httpx

from bunko.engines import Engines
from bunko.errors import EngineCrashed
from bunko.ports import Embedder, GenerationOptions, Generator, Pieces, Reader
from bunko.server.hosting.host import Host
from bunko.server.http.access import Access
from bunko.server.http.app import build_app
from bunko.settings import Settings
from bunko.testing import FakeEmbedder, FakeGenerator
from bunko.types import Message
from tests.started import Program
from tests.support import command, environment, make_settings

BASE = "http://127.0.0.1:8642"


class FakeEngines(Engines):
    """Fakes in the engines' place, one generator for each model."""

    def __init__(
        self, settings: Settings, make: Callable[[], Generator] = FakeGenerator, *, reader: Reader | None = None
    ) -> None:
        super().__init__(settings)
        self._make = make
        self._reader = reader
        self.made: list[Generator] = []

    def reader(self, settings: Settings, language: str) -> Reader | None:
        return self._reader

    def _load_generator(self, settings: Settings) -> Generator:
        self.made.append(self._make())
        return self.made[-1]

    def _load_embedder(self, settings: Settings) -> Embedder:
        return FakeEmbedder()


class SteppedGenerator(FakeGenerator):
    """Writes a word every `step_s` after reading for `read_s`; can be broken off at any time, as a real engine can."""

    def __init__(
        self,
        reply: Callable[[Sequence[Message]], str] | str = "one two three four five six",
        *,
        step_s: float = 0.01,
        read_s: float = 0.0,
    ) -> None:
        super().__init__(reply)
        self._step_s = step_s
        self._read_s = read_s
        self._broken_off = threading.Event()
        self.at_work = 0
        self.most_at_once = 0
        self.breaks: list[float] = []
        """When each answer that was broken off ended."""
        self.done = 0

    def interrupt(self) -> None:
        self._broken_off.set()

    def stream(self, messages: Sequence[Message], *, options: GenerationOptions) -> Pieces:
        self._broken_off.clear()
        self.at_work += 1
        self.most_at_once = max(self.most_at_once, self.at_work)
        try:
            self._wait(self._read_s)
            for piece in super().stream(messages, options=options):
                self._wait(self._step_s)
                yield piece
            self.done += 1
        finally:
            self.at_work -= 1

    def _wait(self, seconds: float) -> None:
        if self._broken_off.wait(seconds):
            self.breaks.append(time.monotonic())
            raise EngineCrashed("The connection broke.", "Ask again.")


def make_host(
    folders: Sequence[Path],
    *,
    generator: Callable[[], Generator] = FakeGenerator,
    reader: Reader | None = None,
    **values: object,
) -> Host:
    """Return a host with fake engines; `values` are settings, as make_settings takes them."""
    settings = make_settings(**values)
    engines = FakeEngines(settings, generator, reader=reader)
    return Host(folders, settings=settings, engines=engines, library_settings=lambda _: settings)


@contextlib.asynccontextmanager
async def serving(host: Host, *, access: Access | None = None, wait: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """Run the application inside this process, its libraries indexed, and return a client for it."""
    app = build_app(host, access or Access())
    async with app.router.lifespan_context(app):
        until = time.monotonic() + 60
        while wait and any(library.state == "indexing" for library in host.libraries.values()):
            assert time.monotonic() < until, "it does not get ready"
            await anyio.sleep(0.02)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE, timeout=60) as client:
            yield client


def events_of(text: str) -> list[tuple[str, Any]]:
    """Return the server-sent events of a body: name and value."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":") and ": " in line)
        if "data" in lines:
            found.append((lines.get("event", ""), json.loads(lines["data"])))
    return found


# --- a server in a process of its own ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server that runs."""

    process: subprocess.Popen[bytes]
    url: str
    token: str
    trusted: ssl.SSLContext | bool = True

    def client(self, **options: Any) -> httpx.Client:
        """Return a client with the server's token."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        options = {"verify": self.trusted, **options}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False, **options)


@contextlib.contextmanager
def program(
    *folders: Path,
    flags: Sequence[str] = (),
    fake: bool = True,
    env: Mapping[str, str] | None = None,
    trusted: ssl.SSLContext | bool = True,
    prefix: Sequence[str] = (),
    until: Literal["ready", "listening"] = "ready",
) -> Iterator[Running]:
    """Run `bunko serve` at any free port, and return once its libraries are ready, or while they are still indexed."""
    process = Program(
        command("serve", *folders, "--port", "0", "--json", "--quiet", *flags, fake=fake, prefix=prefix),
        env=environment(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1].decode()
        announced = json.loads(line)
        running = Running(process=process, url=announced["url"], token=announced["token"], trusted=trusted)
        with running.client() as client:
            deadline = time.monotonic() + 120
            while until == "ready" and not client.get("/ready").json()["ready"]:
                assert time.monotonic() < deadline, client.get("/ready").text
                time.sleep(0.05)
        yield running
    finally:
        process.kill()
        process.communicate()
