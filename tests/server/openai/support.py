"""A real server in a thread, with engines that need no model, and the official client for it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvicorn
from openai import OpenAI

from bunko.engines import Engines
from bunko.ports import Embedder, GenerationOptions, Generator, Piece, Pieces
from bunko.server.hosting.host import Host
from bunko.server.http.access import Access
from bunko.server.http.app import build_app
from bunko.settings import Settings
from bunko.testing import FakeEmbedder, FakeGenerator
from bunko.types import Message, Usage


class FakeEngines(Engines):
    """Engines of which none is a model's."""

    def __init__(self, settings: Settings, generator: Generator) -> None:
        super().__init__(settings)
        self._fake = generator

    def _load_generator(self, settings: Settings) -> Generator:
        return self._fake

    def _load_embedder(self, settings: Settings) -> Embedder:
        return FakeEmbedder()


class SlowGenerator(FakeGenerator):
    """Thinks, then writes word after word, slowly; notes when it is told to stop."""

    def __init__(self, text: str, *, pause_s: float = 0.0, thought: str = "") -> None:
        super().__init__(text, context=4096)
        self.pause_s = pause_s
        self._thought = thought
        self.written = 0
        self.stopped = threading.Event()
        self.options: list[GenerationOptions] = []

    def stream(self, messages: Sequence[Message], *, options: GenerationOptions) -> Pieces:
        """Yield a thought and the text, by words."""
        self.prompts.append(list(messages))
        self.options.append(options)
        ended = False
        try:
            if self._thought:
                yield Piece(reasoning=self._thought)
            words = self._text(messages).split(" ")
            for n, word in enumerate(words[: options.max_tokens]):
                time.sleep(self.pause_s)
                self.written += 1
                yield Piece(text=word if n == 0 else f" {word}")
            ended = True
            usage = Usage(prompt_tokens=20, completion_tokens=min(len(words), options.max_tokens), cached_tokens=15)
            yield Piece(finish_reason="stop" if len(words) <= options.max_tokens else "length", usage=usage)
        finally:
            if not ended:
                self.stopped.set()


@contextlib.contextmanager
def serving(
    folder: Path, generator: Generator, *, settings: Settings | None = None, access: Access | None = None
) -> Iterator[str]:
    """Serve a folder, and yield the address of the OpenAI-compatible API once it can be asked."""
    settings = settings or Settings()
    host = Host(
        [folder], settings=settings, engines=FakeEngines(settings, generator), library_settings=lambda _: settings
    )
    config = uvicorn.Config(build_app(host, access or Access()), host="127.0.0.1", port=0, log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        _wait(lambda: server.started)
        _wait(lambda: all(library.state == "ready" for library in host.libraries.values()))
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        thread.join(10)


def client_for(url: str, *, token: str = "none") -> OpenAI:
    """Return the official client, which tries nothing twice."""
    return OpenAI(base_url=url, api_key=token, max_retries=0, timeout=20)


def _wait(condition: object, *, for_s: float = 60.0) -> None:
    assert callable(condition)
    until = time.monotonic() + for_s
    while not condition():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.02)
