"""Servers with manners of their own: what can be used is used, and of the rest the reader learns what came."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from bunko.errors import BunkoError, RemoteBadAnswer, RemoteUnavailable
from bunko.generation import open_generator
from bunko.models import RemoteModel
from bunko.ports import GenerationOptions, Piece
from bunko.settings import Settings
from tests.engine.loopback import Handler, Request, Script, serve
from tests.generation.test_remote import HELLO, MODELS, OPTIONS, QUESTION, delta, finish, generator_for, server_of


def pieces_from(*events: object) -> list[Piece]:
    with generator_for(server_of(MODELS, events)) as (generator, _):
        return list(generator.stream(QUESTION, options=OPTIONS))


def text(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def answering(reply: Callable[[Handler, dict[str, Any]], None]) -> Script:
    """Return a server whose completions are what `reply` sends."""

    def script(handler: Handler, request: Request) -> None:
        if request.path == "/v1/chat/completions":
            reply(handler, request.body)
        else:
            server_of(MODELS)(handler, request)

    return script


def whole(handler: Handler, content: object = "Hello", status: int = 200) -> None:
    handler.reply({"choices": [{"index": 0, "message": {"content": content}, "finish_reason": "stop"}]}, status=status)


@pytest.mark.parametrize(
    "events",
    [
        (delta(content="Hel"), delta(content="lo"), "[DONE]"),
        ({"choices": None}, *HELLO[:-1], {"choices": None, "usage": {"prompt_tokens": 9}}, "[DONE]"),
        (delta(content=[{"type": "text", "text": "Hel"}]), delta(content=[{"text": "lo"}]), "[DONE]"),
        (delta(content="Hel"), delta(content="lo<|im_"), delta(content="end|>\nuser: And"), finish("stop")),
        (delta(content="Hello<end_of_turn>"), delta(content="\n<start_of_turn>user"), finish("stop")),
    ],
    ids=["no finish", "null choices", "parts", "end mark", "next turn"],
)
def test_what_is_there_is_used(events: tuple[object, ...]) -> None:
    pieces = pieces_from(*events)
    assert text(pieces) == "Hello"
    assert (pieces[-1].finish_reason, pieces[-1].notes) == ("stop", ())


def test_an_end_mark_that_the_prompt_quotes_is_text() -> None:
    asked = [QUESTION[0], type(QUESTION[1])(role="user", content="What is <|im_end|> for?")]
    with generator_for(server_of(MODELS, (delta(content="<|im_end|> ends it"), finish("stop")))) as (generator, _):
        assert text(list(generator.stream(asked, options=OPTIONS))) == "<|im_end|> ends it"


def test_a_whole_answer_where_a_stream_was_asked_for_is_used() -> None:
    with generator_for(answering(lambda handler, _: whole(handler))) as (generator, _):
        pieces = list(generator.stream(QUESTION, options=OPTIONS))
    assert text(pieces) == "Hello"
    assert pieces[-1].finish_reason == "stop"


def test_nothing_more_is_waited_for_after_the_end() -> None:
    def reply(handler: Handler, _: dict[str, Any]) -> None:
        handler.begin_events()
        for event in HELLO:
            handler.event(event)
        handler.stall()

    with generator_for(answering(reply), limits={"token_timeout_s": 5}) as (generator, _):
        assert text(list(generator.stream(QUESTION, options=OPTIONS))) == "Hello"


@pytest.mark.parametrize(
    ("events", "note"),
    [
        ((delta(refusal="I can't help with that."), finish("stop")), "I can't help with that."),
        ((delta(content="Mar"), finish("content_filter")), "content filter"),
        ((delta(tool_calls=[{"function": {"name": "search"}}]), finish("tool_calls")), "tool (search)"),
        ((delta(function_call={"name": "look"}), finish("function_call")), "tool (look)"),
    ],
)
def test_an_answer_that_the_model_does_not_give_is_explained(events: tuple[object, ...], note: str) -> None:
    last = pieces_from(*events)[-1]
    (told,) = last.notes
    assert note in told
    assert last.finish_reason == ("content_filter" if note == "content filter" else "stop")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "Unexpected endpoint"}}', "Unexpected endpoint"),
        (b'{"message": "Quota used up"}', "Quota used up"),
        (
            b"<!doctype html><html><body>Sign in to the <b>campus</b> network</body></html>",
            "Sign in to the campus network",
        ),
        (b"upstream is away", "upstream is away"),
        (b'event: error\ndata: {"message": "Channel Error"}\n\n', "Channel Error"),
        (b'data: {"error": "no memory"}\n\n', "no memory"),
    ],
)
def test_what_came_instead_is_told(body: bytes, words: str) -> None:
    script = answering(lambda handler, _: handler.reply(body))
    with generator_for(script) as (generator, _), pytest.raises(RemoteBadAnswer) as caught:
        list(generator.stream(QUESTION, options=OPTIONS))
    assert words in caught.value.message


@pytest.mark.parametrize(("events", "when"), [((), "before its answer"), ((delta(content="Hel"),), "in the middle")])
def test_a_broken_stream_is_no_server_that_cannot_be_reached(events: tuple[object, ...], when: str) -> None:
    with pytest.raises(RemoteUnavailable, match=when):
        pieces_from(*events)


def refusing(status: int, message: Callable[[dict[str, Any]], object]) -> Script:
    """Return a server that answers with `message(body)` as long as there is one."""

    def reply(handler: Handler, body: dict[str, Any]) -> None:
        if said := message(body):
            handler.reply({"error": said} if isinstance(said, str) else said, status=status)
        else:
            whole(handler)

    return answering(reply)


def _extra_forbidden(*allowed: str) -> Callable[[dict[str, Any]], object]:
    def message(body: dict[str, Any]) -> object:
        wrong = [name for name in body if name not in allowed]
        return (
            {"detail": [{"loc": ["body", name], "msg": "Extra inputs are not permitted"} for name in wrong]}
            if wrong
            else ""
        )

    return message


def _roles(body: dict[str, Any]) -> list[str]:
    return [message["role"] for message in body["messages"]]


CASES: dict[str, tuple[int, Callable[[dict[str, Any]], object], int]] = {
    "system": (400, lambda body: "System role not supported" if "system" in _roles(body) else "", 2),
    "system 500": (
        500,
        lambda body: "Jinja: Only user and assistant roles are supported!" if "system" in _roles(body) else "",
        2,
    ),
    "tokens": (
        400,
        lambda body: "Use 'max_completion_tokens' instead of 'max_tokens'." if "max_tokens" in body else "",
        2,
    ),
    "temperature": (400, lambda body: "'temperature' does not support 0.0" if "temperature" in body else "", 2),
    "options": (422, _extra_forbidden("model", "messages", "stream", "max_tokens", "temperature", "seed", "stop"), 2),
    "strict": (422, _extra_forbidden("model", "messages", "stream", "max_tokens", "temperature"), 2),
    "one by one": (
        422,
        lambda body: next((f"unknown field {name}" for name in ("seed", "stop", "stream_options") if name in body), ""),
        4,
    ),
    "dumb": (400, lambda body: "bad request" if "stream_options" in body else "", 2),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_server_refuses_it_is_not_asked_again(name: str) -> None:
    status, message, requests = CASES[name]
    options = GenerationOptions(max_tokens=24, stop=("\n",), seed=3)
    with generator_for(refusing(status, message)) as (generator, server):
        first = list(generator.stream(QUESTION, options=options))
        assert len(server.asked("/v1/chat/completions")) == requests
        again = list(generator.stream(QUESTION, options=options))
        (*_, last) = server.asked("/v1/chat/completions")
        assert len(server.asked("/v1/chat/completions")) == requests + 1
    assert text(first) == text(again) == "Hello"
    assert first[-1].notes
    content = " ".join(turn["content"] for turn in last.body["messages"])
    assert "Be brief." in content
    assert "Who wrote Hamlet?" in content
    assert last.body.get("max_tokens", last.body.get("max_completion_tokens")) == 24


def test_a_stop_text_that_the_server_refuses_is_applied_here() -> None:
    def reply(handler: Handler, body: dict[str, Any]) -> None:
        if "stop" in body:
            handler.reply({"error": "unknown field: stop"}, status=422)
        else:
            whole(handler, "Hello\nQuestion: who?")

    with generator_for(answering(reply)) as (generator, _):
        pieces = list(generator.stream(QUESTION, options=GenerationOptions(stop=("\n",))))
    assert text(pieces) == "Hello"


@pytest.mark.parametrize("status", [400, 422, 500])
def test_a_refusal_that_cannot_be_helped_is_shown_in_the_server_s_words(status: int) -> None:
    with generator_for(refusing(status, lambda _: "The cat sits on the keyboard")) as (generator, server):
        with pytest.raises(BunkoError, match="The cat sits on the keyboard"):
            list(generator.stream(QUESTION, options=OPTIONS))
        assert len(server.asked("/v1/chat/completions")) <= 2


def loads_first(times: int, message: object) -> Script:
    """Return a server that loads its model while it refuses this many requests, whatever is asked."""
    left = [times]

    def script(handler: Handler, request: Request) -> None:
        left[0] -= 1
        if left[0] >= 0:
            handler.reply({"error": message}, status=503)
        else:
            server_of(MODELS)(handler, request)

    return script


@pytest.mark.parametrize(
    "message", [{"code": 503, "message": "Loading model"}, "Model x/y is currently loading", "Server is warming up"]
)
def test_a_server_that_loads_its_model_is_waited_for(monkeypatch: pytest.MonkeyPatch, message: object) -> None:
    monkeypatch.setattr("bunko.engine.loading._PAUSE_S", 0.1)
    told: list[tuple[str, int, int]] = []
    with serve(loads_first(4, message)) as server:
        model = RemoteModel(name="m", kind="chat", url=f"{server.url}/v1", model="first")
        generator = open_generator(model, Settings(), waiting=lambda *stage: told.append(stage))
        with closing(generator):
            assert text(list(generator.stream(QUESTION, options=OPTIONS))) == "Hello"
    assert told[0] == ("waiting for the server's model", 0, 180)
    assert told[-1] == ("waiting for the server's model", 180, 180)


def test_the_wait_for_a_server_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bunko.engine.loading._PAUSE_S", 0.1)
    with (
        generator_for(loads_first(10_000, "Loading model"), model="m", limits={"start_timeout_s": 0.3}) as (
            generator,
            _,
        ),
        pytest.raises(RemoteUnavailable, match=r"not ready.*Loading model") as caught,
    ):
        list(generator.stream(QUESTION, options=OPTIONS))
    assert "generation.start_timeout_s" in caught.value.hint


def test_the_wait_for_a_server_can_be_interrupted() -> None:
    with generator_for(loads_first(10_000, "Loading model"), model="m") as (generator, server):
        timer = threading.Timer(0.3, generator.interrupt)
        timer.start()
        with pytest.raises(RemoteUnavailable):
            list(generator.stream(QUESTION, options=OPTIONS))
        timer.join()
        assert len(server.requests) < 5


def test_a_busy_server_is_asked_once_more_and_not_waited_for() -> None:
    script = answering(lambda handler, _: handler.reply({"error": "busy"}, status=503))
    with generator_for(script) as (generator, server), pytest.raises(RemoteUnavailable, match="too busy"):
        list(generator.stream(QUESTION, options=OPTIONS))
    assert len(server.asked("/v1/chat/completions")) == 2


@pytest.fixture
def no_proxy_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)


def through_proxy(script: Script, url: str, monkeypatch: pytest.MonkeyPatch) -> tuple[BunkoError, str]:
    """Return the error of a question to a server behind a proxy, and the proxy's address."""
    with serve(script) as proxy:
        login = proxy.url.replace("http://", "http://me:secret@")
        monkeypatch.setenv("HTTP_PROXY", login)
        monkeypatch.setenv("HTTPS_PROXY", login)
        model = RemoteModel(name="m", kind="chat", url=url, model="m")
        generator = open_generator(model, Settings())
        with closing(generator), pytest.raises(BunkoError) as caught:
            list(generator.stream(QUESTION, options=OPTIONS))
        assert proxy.requests
        assert "secret" not in f"{caught.value.message} {caught.value.hint}"
        return caught.value, proxy.url


@pytest.mark.parametrize("status", [403, 407, 502, 503, 504])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_error_of_a_proxy_names_the_proxy_and_the_way_around_it(
    monkeypatch: pytest.MonkeyPatch, no_proxy_yet: None, scheme: str, status: int
) -> None:
    def script(handler: Handler, request: Request) -> None:
        handler.reply("<html><title>Squid says no</title></html>", status=status, headers={"Connection": "close"})

    error, proxy = through_proxy(script, f"{scheme}://gpu.example/v1", monkeypatch)
    assert proxy in error.message
    assert "gpu.example" in error.message
    assert str(status) in error.message
    assert "NO_PROXY" in error.hint


def test_a_proxy_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch, no_proxy_yet: None) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    generator = open_generator(RemoteModel(name="m", kind="chat", url="http://gpu.example/v1", model="m"), Settings())
    with closing(generator), pytest.raises(RemoteUnavailable, match=r"proxy http://127\.0\.0\.1:9") as caught:
        list(generator.stream(QUESTION, options=OPTIONS))
    assert "NO_PROXY" in caught.value.hint


def test_a_server_behind_a_working_proxy_answers(monkeypatch: pytest.MonkeyPatch, no_proxy_yet: None) -> None:
    def script(handler: Handler, request: Request) -> None:
        assert request.path.startswith("http://gpu.example/")
        inner = replace(request, path=request.path.removeprefix("http://gpu.example"))
        server_of(MODELS)(handler, inner)

    with serve(script) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        model = RemoteModel(name="m", kind="chat", url="http://gpu.example/v1", model="first")
        with closing(open_generator(model, Settings())) as generator:
            assert text(list(generator.stream(QUESTION, options=OPTIONS))) == "Hello"
