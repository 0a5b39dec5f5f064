"""The chat client with servers that somebody else runs: a real llama-server, and imitations of the others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bunko.engine.process import LlamaProcess
from bunko.errors import (
    BunkoError,
    EngineTimeout,
    PromptTooLong,
    RemoteBadAnswer,
    RemoteUnavailable,
)
from bunko.generation import open_generator
from bunko.generation.chat import ChatGenerator
from bunko.generation.counting import estimate_tokens
from bunko.models import RemoteModel
from bunko.ports import GenerationOptions, Piece
from bunko.settings import Settings, apply_overrides
from bunko.types import Message, Usage
from tests.engine.loopback import Handler, Loopback, Request, Script, serve
from tests.engine.support import make_process, make_tiny_model

QUESTION = [Message(role="system", content="Be brief."), Message(role="user", content="Who wrote Hamlet?")]
OPTIONS = GenerationOptions(max_tokens=24)


def remote(url: str, *, key: str = "", model: str = "", limits: Mapping[str, float] | None = None) -> ChatGenerator:
    settings = apply_overrides(Settings(), {f"generation.{name}": value for name, value in (limits or {}).items()})
    return open_generator(RemoteModel(name=url, kind="chat", url=f"{url}/v1", model=model, api_key=key), settings)


def delta(**fields: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": None}]}


def finish(reason: str) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


USAGE = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}}
HELLO = (
    delta(role="assistant", content=""),
    delta(content="Hel"),
    delta(content="lo"),
    finish("stop"),
    USAGE,
    "[DONE]",
)


def server_of(pages: Mapping[str, Any], events: tuple[object, ...] = HELLO) -> Script:
    """Return a server with these pages, whose completions are these events."""

    def script(handler: Handler, request: Request) -> None:
        if request.path == "/v1/chat/completions":
            handler.begin_events()
            for event in events:
                handler.event(event)
            handler.chunk(b"")
        elif request.path in pages:
            handler.reply(pages[request.path])
        else:
            handler.reply({"error": "no such page"}, status=404)

    return script


MODELS = {"/v1/models": {"object": "list", "data": [{"id": "first"}, {"id": "second"}]}}


@contextmanager
def generator_for(
    script: Script, *, model: str = "", limits: Mapping[str, float] | None = None
) -> Iterator[tuple[ChatGenerator, Loopback]]:
    with serve(script) as server, closing(remote(server.url, model=model, limits=limits)) as generator:
        yield generator, server


# A real llama-server, started apart


@pytest.fixture
def llama_server(tmp_path: Path) -> Iterator[LlamaProcess]:
    with closing(make_process(make_tiny_model(tmp_path))) as process:
        process.address()
        yield process


def test_a_real_llama_server_does_all_that_our_own_engine_does(llama_server: LlamaProcess) -> None:
    address = llama_server.address()
    with closing(remote(address.url, key=address.key)) as generator:
        assert generator.context_tokens() == 2048
        *pieces, last = generator.stream(QUESTION, options=OPTIONS)
        assert len("".join(piece.text for piece in pieces)) >= 24
        assert last.usage is not None
        assert last.usage.prompt_tokens == generator.count_tokens(QUESTION)
        assert last.prompt_ms > 0
        with pytest.raises(PromptTooLong, match=r"2,048"):
            list(generator.stream([Message(role="user", content="long " * 1000)], options=OPTIONS))


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_real_llama_server_refuses_who_has_no_key(llama_server: LlamaProcess, key: str) -> None:
    with (
        closing(remote(llama_server.address().url, key=key)) as generator,
        pytest.raises(RemoteUnavailable, match="API key") as caught,
    ):
        list(generator.stream(QUESTION, options=OPTIONS))
    assert "BUNKO_API_KEY" in caught.value.hint


def test_closing_leaves_the_server_running(llama_server: LlamaProcess) -> None:
    address = llama_server.address()
    for _ in range(2):
        with closing(remote(address.url, key=address.key)) as generator:
            generator.start()
            assert list(generator.stream(QUESTION, options=OPTIONS))


def test_a_server_that_goes_away_in_the_middle_is_told(llama_server: LlamaProcess) -> None:
    address = llama_server.address()
    with closing(remote(address.url, key=address.key)) as generator:
        stream = generator.stream(QUESTION, options=GenerationOptions(max_tokens=2000))
        next(stream)
        llama_server.close()
        with pytest.raises(RemoteUnavailable, match="can't be reached"):
            list(stream)


# Others


def test_only_standard_fields_go_to_an_unknown_server() -> None:
    with generator_for(server_of(MODELS)) as (generator, server):
        pieces = list(generator.stream(QUESTION, options=GenerationOptions(max_tokens=5, stop=("x",), seed=3)))
        (request,) = server.asked("/v1/chat/completions")
    assert request.body == {
        "model": "first",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who wrote Hamlet?"}],
        "max_tokens": 5,
        "temperature": 0.0,
        "seed": 3,
        "stop": ["x"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert [piece.text for piece in pieces] == ["Hel", "lo", ""]
    assert pieces[-1] == Piece(finish_reason="stop", usage=Usage(prompt_tokens=9, completion_tokens=2))


def test_the_model_that_is_asked_for_is_used() -> None:
    with generator_for(server_of(MODELS), model="second") as (generator, server):
        list(generator.stream(QUESTION, options=OPTIONS))
        assert server.asked("/v1/chat/completions")[0].body["model"] == "second"


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_is_kept_apart_whatever_it_is_called(name: str) -> None:
    events = (delta(**{name: "Hm"}), delta(**{name: "…"}), delta(content="Yes", **{name: None}), finish("stop"))
    with generator_for(server_of(MODELS, events)) as (generator, _):
        pieces = list(generator.stream(QUESTION, options=OPTIONS))
    assert "".join(piece.reasoning for piece in pieces) == "Hm…"
    assert "".join(piece.text for piece in pieces) == "Yes"
    assert pieces[-1].usage is None


@pytest.mark.parametrize(
    ("pages", "context"),
    [
        ({}, 4096),
        ({"/v1/models": {"data": [{"id": "m", "max_model_len": 32768}]}}, 32768),
        ({"/v1/models": {"data": [{"id": "m", "context_length": 16384}]}}, 16384),
        ({"/v1/models": {"data": [{"id": "m", "max_model_len": "many"}, 3, None]}}, 4096),
        ({"/v1/models": {"data": "none"}, "/props": {"default_generation_settings": 3}}, 4096),
        ({"/props": {"default_generation_settings": {"n_ctx": 1024}}}, 1024),
        ({"/api/v0/models": {"data": [{"id": "m", "loaded_context_length": 6000}]}}, 6000),
        ({"/api/ps": {"models": [{"name": "m", "context_length": 8192}]}}, 8192),
        ({"/api/show": {"parameters": 'stop "a"\nnum_ctx                        2048\n'}}, 2048),
    ],
    ids=["silent", "vllm", "hosted", "nonsense", "odd props", "llama-server", "lm-studio", "ollama", "ollama file"],
)
def test_the_context_is_found_where_each_server_keeps_it(pages: dict[str, Any], context: int) -> None:
    with generator_for(server_of(pages), model="m") as (generator, _):
        assert generator.context_tokens() == context


@pytest.mark.parametrize(
    ("pages", "parameters"),
    [
        (MODELS, 0),
        (
            {
                "/props": {"default_generation_settings": {"n_ctx": 1024}},
                "/v1/models": {"data": [{"id": "a.gguf", "meta": {"n_params": 494_032_768}}]},
            },
            494_032_768,
        ),
        ({"/api/show": {"details": {"parameter_size": "7.6B"}}}, 7_600_000_000),
        ({"/api/show": {"details": {"parameter_size": "many"}}}, 0),
    ],
    ids=["silent", "llama-server", "ollama", "nonsense"],
)
def test_a_server_may_tell_the_size_of_its_model(pages: dict[str, Any], parameters: int) -> None:
    with generator_for(server_of(pages), model="m") as (generator, _):
        assert generator.spec.parameters == 0  # nothing is asked before a question
        assert generator.tokens_per_s() == math.inf
        assert generator.spec.parameters == parameters


def test_where_the_server_cannot_count_tokens_are_estimated() -> None:
    with generator_for(server_of(MODELS)) as (generator, _):
        assert generator.count_tokens(QUESTION) == estimate_tokens(QUESTION)
        assert generator.render(QUESTION) is None


def test_a_server_is_asked_once_what_it_is() -> None:
    with generator_for(server_of(MODELS)) as (generator, server):
        for _ in range(3):
            generator.context_tokens()
            list(generator.stream(QUESTION, options=OPTIONS))
        assert len(server.asked("/v1/models")) == 1


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        ((delta(content="Hel"),), RemoteUnavailable),
        ((), RemoteUnavailable),
        (("<html>",), RemoteBadAnswer),
        (("[1]",), RemoteBadAnswer),
        (({"answer": "Hamlet"},), RemoteBadAnswer),
        (({"choices": "none"},), RemoteBadAnswer),
        ((delta(content=["a", "list"]),), RemoteBadAnswer),
        (({"error": {"message": "out of memory", "code": 500}},), RemoteBadAnswer),
    ],
)
def test_an_answer_that_is_none_is_told(events: tuple[object, ...], kind: type[BunkoError]) -> None:
    with generator_for(server_of(MODELS, events)) as (generator, _):
        with pytest.raises(kind) as caught:
            list(generator.stream(QUESTION, options=OPTIONS))
        assert type(caught.value) is kind
        assert caught.value.hint


@pytest.mark.parametrize("event", [{"choices": ["text"]}, {"choices": [{"delta": 3}]}, {"choices": [], "usage": 3}])
def test_small_oddities_do_no_harm(event: dict[str, object]) -> None:
    with generator_for(server_of(MODELS, (event, *HELLO))) as (generator, _):
        assert "".join(piece.text for piece in generator.stream(QUESTION, options=OPTIONS)) == "Hello"


def test_a_server_without_models_is_told() -> None:
    with (
        generator_for(server_of({"/v1/models": {"data": []}})) as (generator, _),
        pytest.raises(RemoteBadAnswer, match="list of its models"),
    ):
        generator.context_tokens()


def test_a_server_that_is_down_is_told() -> None:
    with closing(remote("http://127.0.0.1:9")) as generator, pytest.raises(RemoteUnavailable, match=r"127\.0\.0\.1:9"):
        list(generator.stream(QUESTION, options=OPTIONS))


def test_a_server_that_never_begins_is_told() -> None:
    def script(handler: Handler, request: Request) -> None:
        if request.path == "/v1/chat/completions":
            handler.begin_events()
            handler.stall()
        else:
            server_of(MODELS)(handler, request)

    with generator_for(script, limits={"first_token_timeout_s": 0.3}) as (generator, _), pytest.raises(EngineTimeout):
        list(generator.stream(QUESTION, options=OPTIONS))


def test_a_server_that_stops_in_the_middle_is_told_sooner() -> None:
    def script(handler: Handler, request: Request) -> None:
        if request.path == "/v1/chat/completions":
            handler.begin_events()
            handler.event(delta(content="Hel"))
            handler.stall()
        else:
            server_of(MODELS)(handler, request)

    with generator_for(script, limits={"token_timeout_s": 0.3}) as (generator, _):
        stream = generator.stream(QUESTION, options=OPTIONS)
        assert next(stream).text == "Hel"
        with pytest.raises(EngineTimeout, match=r"0.3 seconds"):
            next(stream)
