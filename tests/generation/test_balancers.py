"""Answers through HAProxy and nginx, configured as docs/recipes says. Left out where they are not installed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psutil
import pytest

from bunko.engine.process import LlamaProcess
from bunko.errors import EngineError, RemoteUnavailable
from bunko.generation import open_generator
from bunko.generation.chat import ChatGenerator
from bunko.models import RemoteModel
from bunko.ports import GenerationOptions
from bunko.settings import Settings
from bunko.types import Message
from tests.engine.loopback import Handler, Request, Script, serve
from tests.engine.support import happens_within, make_process, make_tiny_model
from tests.support import REPOSITORY

QUESTION = [Message(role="user", content="Who wrote Hamlet?")]
CONTEXT = 32_768
SHORT, LONG = GenerationOptions(max_tokens=16), GenerationOptions(max_tokens=30_000)  # the long one writes for 24 s
RECIPES = REPOSITORY / "docs" / "recipes"
BALANCERS = ("haproxy", "nginx")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def balancer(name: str, engines: list[str], folder: Path) -> Iterator[str]:
    """Run a balancer with its recipe, in front of two engines."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    recipe = RECIPES / {"haproxy": "haproxy.cfg", "nginx": "nginx.conf"}[name]
    port = free_port()
    text = recipe.read_text(encoding="utf-8").replace("127.0.0.1:9000", f"127.0.0.1:{port}")
    for place, engine in zip(("127.0.0.1:9101", "127.0.0.1:9102"), engines, strict=True):
        assert place in text
        text = text.replace(place, engine.removeprefix("http://"))
    config = folder / recipe.name
    if name == "nginx":
        text = f"pid {folder}/nginx.pid;\ndaemon off;\n" + re.sub(
            r"http \{", f"http {{\n    {_temporary(folder)}", text
        )
    config.write_text(text, encoding="utf-8")
    command = {"haproxy": [program, "-f", str(config)], "nginx": [program, "-c", str(config), "-p", str(folder)]}[name]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            assert happens_within(10, lambda: _listens(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            child.terminate()
            child.wait(10)


def _temporary(folder: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def generator(*urls: str) -> ChatGenerator:
    first, *others = (f"{url}/v1" for url in urls)
    model = RemoteModel(name=first, kind="chat", url=first, model="", api_key="shared", more_urls=tuple(others))
    return open_generator(model, Settings())


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[LlamaProcess]]:
    """Yield two real engines of a tiny model, with one key."""
    monkeypatch.setattr("bunko.engine.process.secrets.token_urlsafe", lambda _: "shared")
    model = make_tiny_model(tmp_path, context=CONTEXT)
    with ExitStack() as stack:
        started = [stack.enter_context(closing(make_process(model, changed={"n_ctx": CONTEXT}))) for _ in range(2)]
        for engine in started:
            engine.address()
        yield started


def urls(engines: list[LlamaProcess]) -> list[str]:
    return [engine.address().url for engine in engines]


def kill(engine: LlamaProcess) -> None:
    pid = engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def test_a_killed_engine_of_a_list_costs_no_answer(engines: list[LlamaProcess]) -> None:
    with closing(generator(*urls(engines))) as model:
        assert list(model.stream(QUESTION, options=SHORT))
        kill(engines[0])
        for _ in range(4):
            assert "".join(piece.text for piece in model.stream(QUESTION, options=SHORT))


def test_an_engine_of_a_list_that_is_killed_in_its_answer_is_told(engines: list[LlamaProcess]) -> None:
    with closing(generator(*urls(engines))) as model:
        stream = model.stream(QUESTION, options=LONG)
        next(stream)
        for engine in engines:  # whichever writes; the other one must not begin again
            kill(engine)
        with pytest.raises(RemoteUnavailable):
            list(stream)


@pytest.mark.parametrize("name", BALANCERS)
def test_a_killed_engine_behind_a_balancer_costs_no_answer(
    name: str, engines: list[LlamaProcess], tmp_path: Path
) -> None:
    with balancer(name, urls(engines), tmp_path) as url, closing(generator(url)) as model:
        assert list(model.stream(QUESTION, options=SHORT))
        kill(engines[1])
        for _ in range(6):
            assert "".join(piece.text for piece in model.stream(QUESTION, options=SHORT))


@pytest.mark.parametrize("name", BALANCERS)
def test_an_engine_that_is_killed_in_its_answer_is_told(name: str, engines: list[LlamaProcess], tmp_path: Path) -> None:
    with balancer(name, urls(engines), tmp_path) as url, closing(generator(url)) as model:
        before = [_spent(engine) for engine in engines]
        stream = model.stream(QUESTION, options=LONG)
        said = [next(stream)]

        def more() -> float:
            first, second = (_spent(engine) - earlier for engine, earlier in zip(engines, before, strict=True))
            return first - second

        assert happens_within(10, lambda: abs(more()) > 0.2)
        busy, other = engines if more() > 0 else reversed(engines)
        kill(busy)
        with pytest.raises(EngineError):
            said.extend(stream)
        assert "".join(piece.text for piece in said)
        assert other.pid is not None
        assert "".join(piece.text for piece in model.stream(QUESTION, options=SHORT))


def _spent(engine: LlamaProcess) -> float:
    """Return the processor time of an engine, in seconds."""
    assert engine.pid is not None
    return float(sum(psutil.Process(engine.pid).cpu_times()[:2]))


def test_questions_wait_at_the_balancer_and_not_in_an_engine(tmp_path: Path) -> None:
    most: dict[str, int] = {"one": 0, "two": 0}
    now: dict[str, int] = {"one": 0, "two": 0}
    lock = threading.Lock()

    def engine(name: str) -> Script:
        def script(handler: Handler, request: Request) -> None:
            if request.path != "/v1/chat/completions":
                handler.reply({"data": [{"id": "m"}]})
                return
            with lock:
                now[name] += 1
                most[name] = max(most[name], now[name])
            time.sleep(0.1)
            with lock:
                now[name] -= 1
            handler.reply({"choices": [{"message": {"content": "word"}, "finish_reason": "stop"}]})

        return script

    answers: list[str] = []
    with serve(engine("one")) as one, serve(engine("two")) as two:
        with balancer("haproxy", [one.url, two.url], tmp_path) as url, closing(generator(url)) as model:

            def ask() -> None:
                answers.append("".join(piece.text for piece in model.stream(QUESTION, options=SHORT)))

            threads = [threading.Thread(target=ask) for _ in range(12)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
        assert answers == ["word"] * 12
        assert most == {"one": 1, "two": 1}
        assert all(len(server.asked("/v1/chat/completions")) >= 4 for server in (one, two))
