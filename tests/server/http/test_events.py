"""A stream of events notices a client that vanishes or reads nothing, and the answer behind it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Literal

import pytest
from starlette.types import Message

from bunko.server.http import events
from bunko.server.http.events import EventResponse, first_of

Behaviour = Literal["vanishes", "vanishes before the head is sent", "reads nothing"]


@pytest.mark.parametrize("behaviour", ["vanishes", "vanishes before the head is sent", "reads nothing"])
def test_the_answer_ends_with_its_reader(behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_STALLED_S", 0.2)
    ended = asyncio.Event()

    async def answer() -> AsyncGenerator[bytes, None]:
        try:
            for n in range(10_000):
                yield b"data: %d\n\n" % n
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)
        if behaviour == "vanishes before the head is sent" or (behaviour == "reads nothing" and len(sent) > 3):
            await asyncio.sleep(60)

    async def receive() -> Message:
        await asyncio.sleep(60 if behaviour == "reads nothing" else 0.05)
        return {"type": "http.disconnect"}

    async def run() -> None:
        scope: dict[str, Any] = {"type": "http", "method": "GET"}
        response = EventResponse(await first_of(answer(), within_s=1))
        await asyncio.wait_for(response(scope, receive, send), 10)  # and raises nothing
        assert ended.is_set()

    asyncio.run(run())


def test_a_quiet_stream_is_kept_open_by_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PING_S", 0.05)

    async def answer() -> AsyncGenerator[bytes, None]:
        await asyncio.sleep(0.3)
        yield b"data: 1\n\n"

    sent: list[bytes] = []

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))

    async def receive() -> Message:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    asyncio.run(EventResponse(answer())({"type": "http", "method": "GET"}, receive, send))
    assert sent.count(b": \n\n") >= 2
    assert sent[-2:] == [b"data: 1\n\n", b""]
