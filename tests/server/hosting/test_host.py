"""Answers for many at once: nothing is mixed up, whoever leaves stops the model, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from bunko.errors import Busy, EngineCrashed, InvalidRequest, NotReady, UnknownLibrary, UnknownModel
from bunko.ports import GenerationOptions, Pieces
from bunko.server.hosting.host import Host, Inquiry, Queued
from bunko.testing import FakeGenerator
from bunko.types import Answer, Event, Finished, Message, Retrieved, TextDelta
from tests.server.support import SteppedGenerator, make_host
from tests.support import CATS, KYOTO, SHIPS, write_files


def run(host: Host, work: Callable[[], Awaitable[None]]) -> None:
    """Run a test while the host is alive, its libraries in step."""

    async def all_of_it() -> None:
        host.start()
        try:
            until = time.monotonic() + 60
            while any(library.state == "indexing" for library in host.libraries.values()):
                assert time.monotonic() < until
                await asyncio.sleep(0.02)
            await work()
        finally:
            host.close()

    asyncio.run(all_of_it())


async def gather(events: AsyncGenerator[Queued | Event, None]) -> tuple[list[Queued | Event], Answer]:
    found = [event async for event in events]
    assert isinstance(found[-1], Finished)
    return found, found[-1].answer


def test_an_answer_comes_as_the_library_gives_it(tmp_path: Path) -> None:
    host = make_host([write_files(tmp_path / "docs", {"cats.txt": CATS})])

    async def work() -> None:
        events, answer = await gather(
            host.answer(Inquiry(question="Where does the cat sleep?", library="docs"), client="a")
        )
        assert [type(event) for event in (events[0], events[-1])] == [Retrieved, Finished]
        assert "".join(event.text for event in events if isinstance(event, TextDelta)).split() == answer.text.split()
        assert answer.citations[0].path == "cats.txt"
        assert "queue" not in answer.timings

    run(host, work)


def test_the_model_alone_answers_without_a_library(tmp_path: Path) -> None:
    host = make_host([], generator=lambda: FakeGenerator("A poem."))

    async def work() -> None:
        _, answer = await gather(host.answer(Inquiry(question="Write a poem"), client="a"))
        assert (answer.text, answer.hits) == ("A poem.", ())

    run(host, work)


def test_fifty_clients_each_get_their_own_answer(tmp_path: Path) -> None:
    files = {f"room-{n}.txt": f"The lamp{n} of room{n} stands on shelf{n}." for n in range(50)}
    host = make_host(
        [write_files(tmp_path / "even", dict(list(files.items())[::2])),
         write_files(tmp_path / "odd", dict(list(files.items())[1::2]))],
        answers__strictness=0,
    )  # fmt: skip

    async def ask(n: int) -> None:
        library = ("even", "odd")[n % 2]
        events, answer = await gather(
            host.answer(Inquiry(question=f"Where is the lamp{n} of room{n}?", library=library), client=f"client {n}")
        )
        assert answer.citations[0].path == f"room-{n}.txt", (n, answer)
        assert f"shelf{n}." in answer.text
        texts = "".join(event.text for event in events if isinstance(event, TextDelta))
        assert f"shelf{n}." in texts

    async def work() -> None:
        await asyncio.gather(*map(ask, range(50)))
        assert host.queues[host.models[0]].begun == host.queues[host.models[0]].waiting == 0

    run(host, work)


def test_one_answer_at_a_time_and_the_others_see_their_place(tmp_path: Path) -> None:
    generator = SteppedGenerator()
    host = make_host([], generator=lambda: generator)

    async def work() -> None:
        results = await asyncio.gather(
            *(gather(host.answer(Inquiry(question=f"Question {n}"), client=f"c{n}")) for n in range(4))
        )
        assert generator.most_at_once == 1
        places = [[event.position for event in events if isinstance(event, Queued)] for events, _ in results]
        assert places == [[], [1], [2, 1], [3, 2, 1]]
        assert results[3][1].timings["queue"] > 0

    run(host, work)


def test_who_leaves_stops_the_model_at_once(tmp_path: Path) -> None:
    def reply(messages: Sequence[Message]) -> str:
        return "word " * 1000 if "on and on" in messages[-1].content else "short"

    generator = SteppedGenerator(reply, step_s=0.05)
    host = make_host([], generator=lambda: generator)

    async def work() -> None:
        events = host.answer(Inquiry(question="Go on and on", overrides={"generation.max_tokens": 1000}), client="a")
        async for event in events:
            if isinstance(event, TextDelta):
                break
        left = time.monotonic()
        await events.aclose()
        _, answer = await asyncio.wait_for(gather(host.answer(Inquiry(question="Next"), client="b")), 60)
        assert generator.breaks
        assert generator.breaks[0] - left < 0.5
        assert answer.text

    run(host, work)


def test_who_leaves_while_the_prompt_is_read_stops_the_model_at_once(tmp_path: Path) -> None:
    generator = SteppedGenerator(read_s=60)
    host = make_host([], generator=lambda: generator)

    async def work() -> None:
        asking = asyncio.ensure_future(gather(host.answer(Inquiry(question="Long"), client="a")))
        while not generator.at_work:
            await asyncio.sleep(0.01)
        left = time.monotonic()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        while generator.at_work:
            await asyncio.sleep(0.01)
        assert time.monotonic() - left < 0.5
        while host.queues[host.models[0]].begun:
            await asyncio.sleep(0.01)

    run(host, work)


def test_who_leaves_while_waiting_gives_up_the_place(tmp_path: Path) -> None:
    generator = SteppedGenerator(read_s=60)
    host = make_host([], generator=lambda: generator)

    async def work() -> None:
        first = asyncio.ensure_future(gather(host.answer(Inquiry(question="First"), client="a")))
        second = asyncio.ensure_future(gather(host.answer(Inquiry(question="Second"), client="b")))
        queue = host.queues[host.models[0]]
        while not (queue.begun and queue.waiting):
            await asyncio.sleep(0.01)
        second.cancel()
        while queue.waiting:
            await asyncio.sleep(0.01)
        first.cancel()
        while queue.begun:
            await asyncio.sleep(0.01)

    run(host, work)


def test_a_reader_that_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    generator = SteppedGenerator(step_s=0.001)
    host = make_host([], generator=lambda: generator)

    async def work() -> None:
        slow = host.answer(Inquiry(question="Slow"), client="a")
        assert isinstance(await slow.__anext__(), TextDelta)  # and no more
        _, answer = await asyncio.wait_for(gather(host.answer(Inquiry(question="Quick"), client="b")), 30)
        assert answer.text == "one two three four five six"
        _, late = await gather(slow)
        assert late.text == "one two three four five six"

    run(host, work)


def test_too_many_are_told_when_to_come_back(tmp_path: Path) -> None:
    generator = SteppedGenerator(read_s=60)
    host = make_host([], generator=lambda: generator, server__queue=2)

    async def work() -> None:
        tasks = [asyncio.ensure_future(gather(host.answer(Inquiry(question="Q"), client=f"c{n}"))) for n in range(3)]
        while host.queues[host.models[0]].waiting < 2:
            await asyncio.sleep(0.01)
        with pytest.raises(Busy) as raised:
            await gather(host.answer(Inquiry(question="One too many"), client="d"))
        assert raised.value.retry_after_s >= 1
        for task in tasks:
            task.cancel()

    run(host, work)


class Crashing(FakeGenerator):
    """Crashes at the first answer, as an engine that is killed does."""

    def stream(self, messages: Sequence[Message], *, options: GenerationOptions) -> Pieces:
        if len(self.prompts) == 0:
            self.prompts.append([])
            raise EngineCrashed("The engine's process died.", "The next question starts a new one.")
        yield from super().stream(messages, options=options)


def test_a_crash_is_told_to_the_one_who_asked_and_the_next_is_answered(tmp_path: Path) -> None:
    host = make_host([], generator=lambda: Crashing("Well."))

    async def work() -> None:
        with pytest.raises(EngineCrashed):
            await gather(host.answer(Inquiry(question="First"), client="a"))
        _, answer = await gather(host.answer(Inquiry(question="Second"), client="a"))
        assert answer.text == "Well."

    run(host, work)


def test_what_can_not_be_asked_is_refused_before_anything_begins(tmp_path: Path) -> None:
    host = make_host([write_files(tmp_path / "docs", {"cats.txt": CATS})], server__max_tokens=100)

    async def work() -> None:
        for inquiry, error in (
            (Inquiry(question="Q", library="other"), UnknownLibrary),
            (Inquiry(question="Q", model="other"), UnknownModel),
            (Inquiry(question="Q", overrides={"generation.threads": 64}), InvalidRequest),
            (Inquiry(question="Q", overrides={"generation.max_tokens": 101}), InvalidRequest),
            (Inquiry(question="x" * 100_001), InvalidRequest),
        ):
            with pytest.raises(error):
                await gather(host.answer(inquiry, client="a"))
        assert not host.queues[host.models[0]].begun

    run(host, work)


def test_a_stop_text_ends_what_is_shown_and_what_is_returned(tmp_path: Path) -> None:
    host = make_host([], generator=lambda: FakeGenerator("one two three four"))

    async def work() -> None:
        events, answer = await gather(host.answer(Inquiry(question="Count", stop=("three",)), client="a"))
        assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "one two "
        assert answer.text == "one two"

    run(host, work)


def test_a_library_that_can_not_be_opened_stops_no_other(tmp_path: Path) -> None:
    good = write_files(tmp_path / "good", {"cats.txt": CATS})
    host = make_host([good, write_files(tmp_path / "gone", {"ships.txt": SHIPS})])
    (tmp_path / "gone" / "ships.txt").unlink()
    (tmp_path / "gone").rmdir()

    async def work() -> None:
        assert host.library("gone").state == "failed"
        _, answer = await gather(host.answer(Inquiry(question="Where does the cat sleep?", library="good"), client="a"))
        assert answer.citations

    run(host, work)


def test_what_changes_in_the_folder_is_answered_from(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"cats.txt": CATS})
    host = make_host([root], answers__strictness=0)

    async def work() -> None:
        write_files(root, {"kyoto.txt": KYOTO})
        until = time.monotonic() + 60
        while not (host.library("docs").report or 0) or host.library("docs").report.documents < 2:  # type: ignore[union-attr]
            assert time.monotonic() < until
            await asyncio.sleep(0.05)
        found = await host.search("docs", "金閣寺")
        assert found.hits[0].chunk.path == "kyoto.txt"

    run(host, work)


def test_a_kept_answer_waits_for_nobody(tmp_path: Path) -> None:
    """With fakes nothing is kept, since nobody knows when they are the same again; that it is looked for is seen."""
    generator = SteppedGenerator(read_s=60)
    host = make_host([write_files(tmp_path / "docs", {"cats.txt": CATS})], generator=lambda: generator)

    async def work() -> None:
        blocking = asyncio.ensure_future(gather(host.answer(Inquiry(question="First"), client="a")))
        while not generator.at_work:
            await asyncio.sleep(0.01)
        found = await asyncio.wait_for(host.search("docs", "cat"), 30)  # searches do not wait either
        assert found.hits
        counted = Inquiry(question="How many documents are there?", library="docs")
        _, answer = await asyncio.wait_for(gather(host.answer(counted, client="b")), 30)
        assert "1" in answer.text
        blocking.cancel()

    run(host, work)


def test_stopping_ends_every_answer_and_takes_no_more(tmp_path: Path) -> None:
    generator = SteppedGenerator(read_s=60)
    host = make_host([], generator=lambda: generator)

    async def work() -> None:
        asking = asyncio.ensure_future(gather(host.answer(Inquiry(question="Long"), client="a")))
        while not generator.at_work:
            await asyncio.sleep(0.01)
        host.stop()
        with pytest.raises(NotReady):
            await asyncio.wait_for(asking, 5)
        with pytest.raises(NotReady):
            await gather(host.answer(Inquiry(question="More"), client="a"))

    run(host, work)


def test_each_model_has_a_name_that_tells_no_path(tmp_path: Path) -> None:
    host = make_host([], server__models=["/models/a/q4.gguf", "/models/b/q4.gguf", "smollm2-135m"])
    assert host.models == ("q4", "q4-2", "smollm2-135m")
    assert host.model("/models/b/q4.gguf") == "q4-2"
    host.close()
