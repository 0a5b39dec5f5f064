"""The fair queue: clients take turns, no ticket is lost, and the reported place is the true one."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.errors import Busy
from bunko.server.hosting.fair_queue import FairQueue, Ticket


def order_of(clients: list[str], *, at_once: int = 1) -> list[tuple[str, int]]:
    """Return the order of these clients' turns, with the place that was reported to each."""

    async def play() -> list[tuple[str, int]]:
        queue = FairQueue(limit=1000, at_once=at_once)
        tickets = [queue.join(client) for client in clients]
        places = {ticket: ticket.ahead for ticket in tickets}
        order: list[tuple[str, int]] = []
        left = list(tickets)
        while left:
            begun = [ticket for ticket in left if ticket.ahead == 0]
            assert len(begun) == min(at_once, len(left))
            order.append((begun[0].client, places[begun[0]]))
            left.remove(begun[0])
            begun[0].leave()
        assert queue.waiting == queue.begun == 0
        return order

    return asyncio.run(play())


def test_a_client_with_many_questions_keeps_another_waiting_for_one_of_them() -> None:
    order = order_of(["greedy"] * 10 + ["modest"])
    assert [client for client, _ in order].index("modest") == 2


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=30))
def test_everybody_has_their_turn_at_the_reported_place(clients: list[str]) -> None:
    order = order_of(clients)
    assert sorted(client for client, _ in order) == sorted(clients)
    # With nobody joining later, the place that was reported is the place at which its turn comes.
    assert [place for _, place in order] == list(range(len(clients)))


@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=24))
def test_in_any_stretch_of_turns_no_waiting_client_is_passed_over_twice(clients: list[str]) -> None:
    order = [client for client, _ in order_of(clients)]
    for client in set(clients):
        places = [n for n, each in enumerate(order) if each == client]
        others = len(set(clients)) - 1
        # The first turn was begun before anybody waited.
        gaps = [later - earlier - (earlier == 0) for earlier, later in itertools.pairwise(places)]
        assert all(gap <= others + 1 for gap in gaps)


def test_who_leaves_the_queue_is_not_counted() -> None:
    async def play() -> None:
        queue = FairQueue(limit=10)
        first, second, third = (queue.join(client) for client in "abc")
        assert (first.ahead, second.ahead, third.ahead) == (0, 1, 2)
        second.leave()
        second.leave()
        assert third.ahead == 1
        first.leave()
        assert third.ahead == 0

    asyncio.run(play())


def test_a_full_queue_says_when_to_come_back_and_keeps_room_for_others() -> None:
    async def play() -> None:
        queue = FairQueue(limit=4)
        tickets: list[Ticket] = [queue.join("greedy") for _ in range(4)]  # one has its turn, three wait
        with pytest.raises(Busy) as raised:
            queue.join("greedy")
        assert 1 <= raised.value.retry_after_s <= 120
        tickets.append(queue.join("modest"))
        with pytest.raises(Busy):
            queue.join("third")
        for ticket in tickets:
            ticket.leave()
        assert queue.waiting == queue.begun == 0

    asyncio.run(play())
