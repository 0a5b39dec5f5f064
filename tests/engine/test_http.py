"""Requests to servers that are honest, slow, broken or hostile."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from bunko.engine import http
from bunko.engine.endpoint import RemoteServer
from bunko.engine.failures import error_detail, printable
from bunko.engine.http import Connection, Timeouts
from bunko.errors import (
    BunkoError,
    EngineTimeout,
    PromptTooLong,
    RemoteBadAnswer,
    RemoteUnavailable,
    SettingsError,
)
from tests.engine.loopback import Handler, Loopback, Request, Script, serve

KEY = "sk-this-is-a-secret"
Ask = Callable[[Script], Any]


def connection_to(url: str, **timeouts: float) -> Connection:
    limits: dict[str, float] = {"connect_s": 2, "first_token_s": 5, "token_s": 5, **timeouts}
    return Connection(RemoteServer(url, key=KEY), timeouts=Timeouts(**limits))


def failure_of(script: Script, *, method: str = "get_json") -> BunkoError:
    """Return the error that an answer leads to."""
    with serve(script) as server, closing(connection_to(server.url)) as connection:
        with pytest.raises(BunkoError) as caught:
            if method == "stream":
                list(connection.stream("/x", {}))
            else:
                connection.get_json("/x")
        assert KEY not in str(caught.value)
        return caught.value


def answer(body: object, **options: Any) -> Script:
    return lambda handler, _: handler.reply(body, **options)


@pytest.fixture
def hello() -> Iterator[Loopback]:
    with serve(answer({"hello": "you"})) as server:
        yield server


def test_a_request_carries_the_key_and_wants_no_compression(hello: Loopback) -> None:
    connection = connection_to(hello.url + "/v1")
    assert connection.get_json("/a") == {"hello": "you"}
    assert connection.post_json("/b", {"text": "文庫"}) == {"hello": "you"}
    get, post = hello.requests
    assert (get.method, get.path, get.headers["authorization"]) == ("GET", "/a", f"Bearer {KEY}")
    assert (post.method, post.body, post.headers["content-type"]) == ("POST", {"text": "文庫"}, "application/json")
    assert get.headers["accept-encoding"] == "identity"


def test_without_a_key_none_is_sent(hello: Loopback) -> None:
    Connection(RemoteServer(hello.url), timeouts=Timeouts()).get_json("/")
    assert "authorization" not in hello.requests[0].headers


@pytest.mark.parametrize("key", ["a\nb", "a b", "鍵", "a\x00"])
def test_an_impossible_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        RemoteServer("http://localhost", key=key)
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (401, RemoteUnavailable, "BUNKO_API_KEY"),
        (403, RemoteUnavailable, "BUNKO_API_KEY"),
        (404, RemoteUnavailable, "has no /x"),
        (400, RemoteBadAnswer, "status 400"),
        (408, EngineTimeout, "out of time"),
        (504, EngineTimeout, "out of time"),
        (429, RemoteUnavailable, "in 7 seconds"),
        (503, RemoteUnavailable, "in 7 seconds"),
        (500, RemoteBadAnswer, "status 500"),
        (204, RemoteBadAnswer, "status 204"),
    ],
)
@pytest.mark.parametrize("method", ["get_json", "stream"])
def test_each_status_has_its_error(status: int, kind: type[BunkoError], said: str, method: str) -> None:
    body = {"error": {"message": "it is so"}} if status != 204 else b""
    error = failure_of(answer(body, status=status, headers={"Retry-After": "7"}), method=method)
    assert type(error) is kind
    assert said in str(error)
    assert error.hint
    assert status == 204 or "it is so" in error.message


@pytest.mark.parametrize(
    "detail",
    [
        {"type": "exceed_context_size_error", "message": "too much", "n_prompt_tokens": 9031, "n_ctx": 4096},
        {"code": "context_length_exceeded", "message": "too much"},
        {"message": "This model's maximum context length is 4096 tokens"},
    ],
)
def test_a_prompt_that_is_too_long_is_known_by_its_many_names(detail: dict[str, object]) -> None:
    error = failure_of(answer({"error": detail}, status=400))
    assert isinstance(error, PromptTooLong)
    if "n_ctx" in detail:
        assert "9,031" in error.message
        assert "4,096" in error.message


def test_a_redirect_is_told_and_not_followed() -> None:
    with serve(answer({})) as elsewhere:
        error = failure_of(answer(b"", status=307, headers={"Location": elsewhere.url + "/x"}))
        assert isinstance(error, RemoteUnavailable)
        assert elsewhere.url in error.message
        assert elsewhere.requests == []


@pytest.mark.parametrize("body", ["<html>It works!</html>", "", "[1, 2]", '"text"', "null", "[" * 100_000, b"\xff\xfe"])
def test_what_is_no_json_object_is_a_bad_answer(body: str | bytes) -> None:
    error = failure_of(answer(body))
    assert type(error) is RemoteBadAnswer
    assert len(error.message) < 400
    assert "/v1" in error.hint


def test_a_body_that_breaks_off_is_told() -> None:
    def script(handler: Handler, _: Request) -> None:
        handler.reply(b'{"a": 1', headers={"Content-Length": "100"})
        handler.close_connection = True

    assert isinstance(failure_of(script), RemoteUnavailable)


def test_a_body_may_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_MAX_BODY", 100_000)
    assert "more than 100,000 bytes" in failure_of(answer(b" " * 1_000_000)).message


def test_a_body_must_come_in_time() -> None:
    def script(handler: Handler, _: Request) -> None:
        handler.begin_events()
        while not handler.server_of_test.leaving.wait(0.05):
            handler.chunk(b" ")

    with serve(script) as server:
        began = time.monotonic()
        with pytest.raises(EngineTimeout, match=r"0.3 seconds"):
            connection_to(server.url, token_s=0.3).get_json("/")
        assert time.monotonic() - began < 2


def test_a_server_that_says_nothing_times_out() -> None:
    with serve(lambda handler, _: handler.stall()) as server:
        with pytest.raises(EngineTimeout):
            connection_to(server.url, token_s=0.2).get_json("/")
        with pytest.raises(EngineTimeout):
            connection_to(server.url, first_token_s=0.2).stream("/", {})


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9", "http://no-such-host.invalid", "https://127.0.0.1:9", "http://[broken", "http://"],
)
def test_a_server_that_is_not_there_is_told(url: str) -> None:
    with pytest.raises(RemoteUnavailable) as caught:
        connection_to(url).get_json("/")
    assert "can't be reached" in caught.value.message
    assert caught.value.hint


def test_tls_where_there_is_none_is_told(hello: Loopback) -> None:
    with pytest.raises(RemoteUnavailable):
        connection_to(hello.url.replace("http", "https")).get_json("/")


def test_a_password_in_the_url_is_not_shown() -> None:
    with pytest.raises(RemoteUnavailable) as caught:
        connection_to("http://me:hunter2@127.0.0.1:9/v1").get_json("/")
    assert "hunter2" not in str(caught.value)


def test_a_connection_that_the_server_closed_meanwhile_is_opened_again() -> None:
    def script(handler: Handler, _: Request) -> None:
        handler.reply({})
        handler.close_connection = True  # without having said so

    with serve(script) as server, closing(connection_to(server.url)) as connection:
        for _ in range(5):
            assert connection.get_json("/") == {}


def test_probing_takes_what_is_there_and_no_offence() -> None:
    def script(handler: Handler, request: Request) -> None:
        replies: dict[str, Any] = {"/yes": {"a": 1}, "/page": "<html>"}
        handler.reply(replies.get(request.path, "no"), status=200 if request.path in replies else 404)

    with serve(script) as server, closing(connection_to(server.url)) as connection:
        assert [connection.probe(path) for path in ("/yes", "/page", "/no")] == [{"a": 1}, {}, {}]
    with pytest.raises(RemoteUnavailable):
        connection_to("http://127.0.0.1:9").probe("/yes")


def test_a_stream_gives_events_as_they_come() -> None:
    def script(handler: Handler, _: Request) -> None:
        handler.begin_events()
        handler.chunk(b": ping\n\nevent: message\r\nid: 1\r\n")
        handler.chunk(b'data: {"a"')
        handler.chunk(b': "\xe6\x96')
        handler.chunk(b'\x87"}\r\n\r\ndata:{"b": 2}\n\n')
        handler.event("[DONE]")
        handler.chunk(b"")

    with serve(script) as server, closing(connection_to(server.url)) as connection:
        assert list(connection.stream("/", {})) == [{"a": "文"}, {"b": 2}]


def test_an_error_inside_a_stream_is_raised() -> None:
    for line in (b'data: {"error": {"message": "out of luck"}}\n\n', b'error: {"message": "out of luck"}\n\n'):

        def script(handler: Handler, _: Request, line: bytes = line) -> None:
            handler.begin_events()
            handler.event({"a": 1})
            handler.chunk(line)
            handler.chunk(b"")

        assert "out of luck" in failure_of(script, method="stream").message


def test_a_line_of_a_stream_may_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_MAX_LINE", 100_000)

    def script(handler: Handler, _: Request) -> None:
        handler.begin_events()
        for _times in range(100):
            handler.chunk(b"x" * 10_000)

    assert "a line of more than 100,000 bytes" in failure_of(script, method="stream").message


@pytest.mark.parametrize("ping", [False, True])
def test_a_stream_may_not_stall(*, ping: bool) -> None:
    def script(handler: Handler, _: Request) -> None:
        handler.begin_events()
        handler.event({"a": 1})
        while ping and not handler.server_of_test.leaving.wait(0.05):
            handler.chunk(b": still here\n\n")
        handler.stall()

    with serve(script) as server, closing(connection_to(server.url)) as connection:
        events = connection.stream("/", {})
        assert next(events) == {"a": 1}
        events.expect_within(0.3)
        began = time.monotonic()
        with pytest.raises(EngineTimeout, match=r"0.3 seconds"):
            next(events)
        assert time.monotonic() - began < 2


def test_closing_a_stream_hangs_up_at_once() -> None:
    hung_up = []

    def script(handler: Handler, _: Request) -> None:
        handler.begin_events()
        handler.event({"a": 1})
        handler.connection.settimeout(5)
        hung_up.append(handler.connection.recv(1) == b"")

    with serve(script) as server, closing(connection_to(server.url)) as connection:
        events = connection.stream("/", {})
        next(events)
        events.close()
        events.close()
        end = time.monotonic() + 2
        while not hung_up and time.monotonic() < end:
            time.sleep(0.01)
    assert hung_up == [True]


def test_a_server_that_accepts_and_closes_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.close()
        with pytest.raises(RemoteUnavailable):
            connection_to(url).get_json("/")


def test_foreign_texts_are_made_fit_for_a_terminal() -> None:
    assert printable("a\x1b[31m\nb\u202e") == "a?[31m b?"
    assert len(printable("x" * 10_000)) == 301
    assert error_detail(b'{"error": "plain"}')["message"] == "plain"
    assert error_detail(b'{"detail": "of FastAPI."}')["message"] == "of FastAPI"
    assert error_detail(b"\xff")["message"] == ""
