"""Several servers of one model: each request goes to one that can take it, and fails once before the first token."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, closing
from typing import Any

import pytest

from bunko.engine.endpoint import RemoteServer
from bunko.engine.http import Timeouts
from bunko.engine.several import SharedConnection
from bunko.errors import BunkoError, EngineError, RemoteBadAnswer, RemoteUnavailable
from bunko.models.fetching.sources import parse_source
from tests.engine.loopback import Handler, Loopback, Request, Script, serve

LIMITS = Timeouts(connect_s=2, first_token_s=10, token_s=10, loading_s=5)
ROLE = {"choices": [{"delta": {"role": "assistant", "content": ""}}]}
WORD = {"choices": [{"delta": {"content": "word"}}]}
END = {"choices": [{"delta": {}, "finish_reason": "stop"}]}


def shared(*servers: Loopback | str) -> SharedConnection:
    urls = [server if isinstance(server, str) else server.url for server in servers]
    return SharedConnection([RemoteServer(url) for url in urls], timeouts=LIMITS)


def words(connection: SharedConnection) -> list[str]:
    events = connection.stream("/v1/chat/completions", {})
    try:
        return [event["choices"][0]["delta"].get("content", "") for event in events]
    finally:
        events.close()


def answers(handler: Handler, request: Request) -> None:
    """Stream a whole answer."""
    handler.begin_events()
    for event in (ROLE, WORD, END, "[DONE]"):
        handler.event(event)
    handler.chunk(b"")


def status(code: int, message: str = "no") -> Script:
    return lambda handler, request: handler.reply({"error": message}, status=code)


def hangs_up(handler: Handler, request: Request) -> None:
    """Close the connection without a word."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def breaks_off(*events: object) -> Script:
    """Begin a stream, send some events, and close the connection."""

    def script(handler: Handler, request: Request) -> None:
        handler.begin_events()
        for event in events:
            handler.event(event)
        hangs_up(handler, request)

    return script


def ends(*events: object) -> Script:
    """Send some events, and end the stream properly: what a proxy does whose server has gone."""

    def script(handler: Handler, request: Request) -> None:
        handler.begin_events()
        for event in events:
            handler.event(event)
        handler.chunk(b"")

    return script


def closed_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


PASSING: dict[str, Script] = {
    "502": status(502),
    "503": status(503, "busy"),
    "503 loading": status(503, "Loading model"),
    "hangs up": hangs_up,
    "breaks off before the first event": breaks_off(),
    "breaks off after the role": breaks_off(ROLE),
    "ends before the first token": ends(ROLE),
}


@pytest.mark.parametrize("script", PASSING.values(), ids=PASSING)
def test_another_server_answers_what_one_fails_before_the_first_token(script: Script) -> None:
    with serve(script) as bad, serve(answers) as good, closing(shared(bad, good)) as connection:
        assert "".join(words(connection)) == "word"
        assert (len(bad.requests), len(good.requests)) == (1, 1)
        assert "".join(words(connection)) == "word"  # the one that failed is avoided for a while
        assert (len(bad.requests), len(good.requests)) == (1, 2)


def test_another_server_answers_where_one_is_down() -> None:
    with serve(answers) as good, closing(shared(closed_port(), good)) as connection:
        assert "".join(words(connection)) == "word"


@pytest.mark.parametrize("name", [name for name in PASSING if name != "503 loading"])
def test_a_single_server_is_asked_once_more(name: str) -> None:
    tries: list[int] = []

    def script(handler: Handler, request: Request) -> None:
        tries.append(1)
        (PASSING[name] if len(tries) == 1 else answers)(handler, request)

    with serve(script) as server, closing(shared(server)) as connection:
        assert "".join(words(connection)) == "word"
    assert len(tries) == 2


@pytest.mark.parametrize(
    "script", [each for name, each in PASSING.items() if "loading" not in name and "ends" not in name]
)
def test_it_is_asked_no_third_time(script: Script) -> None:
    with serve(script) as one, serve(script) as two, closing(shared(one, two)) as connection:
        with pytest.raises(EngineError):
            words(connection)
        assert (len(one.requests), len(two.requests)) == (1, 1)


@pytest.mark.parametrize("script", [breaks_off(ROLE, WORD), ends(ROLE, WORD)], ids=["breaks off", "ends"])
def test_after_the_first_token_nothing_is_repeated(script: Script) -> None:
    with serve(script) as one, serve(script) as two, closing(shared(one, two)) as connection:
        events = connection.stream("/v1/chat/completions", {})
        got: list[Any] = []
        try:
            got.extend(events)
        except RemoteUnavailable:
            pass
        finally:
            events.close()
        assert got == [ROLE, WORD]
        assert len(one.requests) + len(two.requests) == 1


def test_a_tool_call_counts_as_a_token() -> None:
    call = {"choices": [{"delta": {"tool_calls": [{"function": {"name": "x"}}]}}]}
    with serve(breaks_off(call)) as one, serve(answers) as two, closing(shared(one, two)) as connection:
        with pytest.raises(RemoteUnavailable):
            words(connection)
        assert len(two.requests) == 0


@pytest.mark.parametrize("code", [400, 401, 404, 429, 500, 504])
def test_other_failures_are_not_repeated(code: int) -> None:
    with serve(status(code)) as one, serve(answers) as two, closing(shared(one, two)) as connection:
        with pytest.raises(EngineError):
            words(connection)
        assert len(two.requests) == 0


def test_other_requests_are_repeated_as_well() -> None:
    with serve(status(502)) as bad, serve(lambda handler, _: handler.reply({"tokens": [1]})) as good:
        with closing(shared(bad, good)) as connection:
            assert connection.post_json("/tokenize", {}) == {"tokens": [1]}
        with closing(shared(bad, good)) as connection:
            assert connection.get_json("/props") == {"tokens": [1]}
        with closing(shared(bad)) as connection, pytest.raises(RemoteBadAnswer):
            connection.get_json("/props")


def test_each_request_goes_to_the_server_with_the_fewest_open_ones() -> None:
    def slow(handler: Handler, request: Request) -> None:
        handler.begin_events()
        handler.event(WORD)
        handler.stall()

    with serve(slow) as one, serve(slow) as two, closing(shared(one, two)) as connection:
        streams = [connection.stream("/v1/chat/completions", {}) for _ in range(6)]
        for stream in streams:
            next(stream)
        assert (len(one.requests), len(two.requests)) == (3, 3)
        for stream in streams[::2]:  # those of the first server
            stream.close()
        later = [connection.stream("/v1/chat/completions", {}) for _ in range(3)]
        for stream in later:
            next(stream)
        assert (len(one.requests), len(two.requests)) == (6, 3)
        for stream in (*streams, *later):
            stream.close()


def test_an_interrupted_request_is_not_repeated() -> None:
    begun = threading.Event()

    def waits(handler: Handler, request: Request) -> None:
        begun.set()
        handler.stall()

    with serve(waits) as one, serve(waits) as two, closing(shared(one, two)) as connection:
        failed: list[EngineError] = []

        def ask() -> None:
            try:
                words(connection)
            except EngineError as error:
                failed.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        assert begun.wait(10)
        connection.interrupt()
        thread.join(10)
        assert len(failed) == 1
        assert len(one.requests) + len(two.requests) == 1


def test_where_all_load_their_model_the_second_is_waited_for() -> None:
    tries: list[int] = []

    def loads(handler: Handler, request: Request) -> None:
        tries.append(1)
        (status(503, "Loading model") if len(tries) < 3 else answers)(handler, request)

    with serve(loads) as one, serve(loads) as two, ExitStack() as stack:
        connection = stack.enter_context(closing(shared(one, two)))
        assert "".join(words(connection)) == "word"
        assert (len(one.requests), len(two.requests)) == (1, 2)


def test_a_list_of_servers_is_one_model() -> None:
    source = parse_source("http://one:8000/v1#m ; https://two/v1;http://one:8000")
    assert source == parse_source("http://one:8000/v1;https://two/v1#m")
    assert (getattr(source, "url", ""), getattr(source, "model", "")) == ("http://one:8000/v1", "m")
    assert getattr(source, "more_urls", ()) == ("https://two/v1",)


@pytest.mark.parametrize(
    "name", ["http://one/v1#a;http://two/v1#b", "http://one/v1;https://two/x.gguf", "http://one/v1;http://u:p@two/v1"]
)
def test_a_list_that_is_none_is_told(name: str) -> None:
    with pytest.raises(BunkoError):
        parse_source(name)
