"""A queue in which clients take turns. In: the names of clients. Out: tickets, which know how many are ahead of them.

Each client has one turn per round: a client with a hundred questions delays each other client by one question. Used by
the event loop alone, so it needs no lock. Knows nothing of questions.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator

from bunko.errors import Busy

# The assumed length of a turn before the first one has ended, and the bounds of Retry-After.
_FIRST_GUESS_S = 3.0
_MIN_WAIT_S, _MAX_WAIT_S = 1, 120
_WEIGHT = 0.2  # of the latest turn, in the moving mean


class Ticket:
    """A place in the queue. Always leave it at the end; leaving twice does nothing."""

    def __init__(self, queue: FairQueue, client: str) -> None:
        self.client = client
        self.queue = queue
        self.joined_at = asyncio.get_running_loop().time()
        self.begun_at = 0.0
        self._changed = asyncio.Event()

    @property
    def ahead(self) -> int:
        """Number of turns before this one, including those that have begun; 0 once this turn has begun."""
        return self.queue.ahead_of(self)

    @property
    def waited_s(self) -> float:
        """Seconds from joining until its turn began."""
        return self.begun_at - self.joined_at

    async def changed(self) -> None:
        """Wait until the queue has changed."""
        await self._changed.wait()
        self._changed.clear()

    def notify(self) -> None:
        """Wake up the tasks that wait in `changed`."""
        self._changed.set()

    def leave(self) -> None:
        """Leave the queue; the next turn may begin."""
        self.queue.remove(self)


class FairQueue:
    """Allows `at_once` turns at a time. Clients that wait take turns."""

    def __init__(self, *, limit: int, at_once: int = 1) -> None:
        """`limit` is the number of tickets that may wait."""
        self._limit = limit
        self._at_once = at_once
        self._waiting: OrderedDict[str, deque[Ticket]] = OrderedDict()
        self._begun: set[Ticket] = set()
        self._turn_s = _FIRST_GUESS_S
        self.is_closed = False

    @property
    def waiting(self) -> int:
        """Number of tickets that wait."""
        return sum(map(len, self._waiting.values()))

    @property
    def begun(self) -> int:
        """Number of turns that have begun."""
        return len(self._begun)

    def join(self, client: str) -> Ticket:
        """Take a place. Raises Busy, with the seconds to wait, if the queue is full."""
        ticket = Ticket(self, client)
        if len(self._begun) < self._at_once and not self._waiting:
            self._begin(ticket)
            return ticket
        mine = self._waiting.get(client, ())
        if self.waiting >= self._limit or len(mine) >= max(1, self._limit * 3 // 4):
            whose = "Your queue on this server" if self.waiting < self._limit else "The queue of this server"
            raise Busy(
                f"{whose} is full.",
                "Ask again after the number of seconds in the header Retry-After.",
                retry_after_s=self.wait_s(),
            )
        self._waiting.setdefault(client, deque()).append(ticket)
        return ticket

    def close(self) -> None:
        """End all waiting, without a turn."""
        self.is_closed = True
        self._notify()

    def wait_s(self) -> int:
        """Estimate the seconds until all waiting turns are over."""
        seconds = round((self.waiting + 1) * self._turn_s / self._at_once)
        return min(max(seconds, _MIN_WAIT_S), _MAX_WAIT_S)

    def ahead_of(self, ticket: Ticket) -> int:
        """Count the turns before a ticket's. Every client has one turn per round."""
        if ticket in self._begun:
            return 0
        mine = self._waiting.get(ticket.client)
        if mine is None or ticket not in mine:
            return 0  # it has left
        rounds = mine.index(ticket)
        ahead, before = rounds, True
        for client, tickets in self._waiting.items():
            if client == ticket.client:
                before = False
            else:
                ahead += min(len(tickets), rounds + before)
        return ahead + len(self._begun)

    def remove(self, ticket: Ticket) -> None:
        """Remove a ticket; the next turn begins if there is room."""
        if ticket in self._begun:
            self._begun.discard(ticket)
            took = asyncio.get_running_loop().time() - ticket.begun_at
            self._turn_s += _WEIGHT * (took - self._turn_s)
        elif ticket in self._waiting.get(ticket.client, ()):
            self._waiting[ticket.client].remove(ticket)
            if not self._waiting[ticket.client]:
                del self._waiting[ticket.client]
        else:
            return
        self._fill()
        self._notify()

    def _notify(self) -> None:
        for tickets in self._waiting.values():
            for each in tickets:
                each.notify()

    def _fill(self) -> None:
        while self._waiting and len(self._begun) < self._at_once:
            client, tickets = next(iter(self._waiting.items()))
            self._begin(tickets.popleft())
            del self._waiting[client]
            if tickets:
                self._waiting[client] = tickets  # to the end of the round

    def _begin(self, ticket: Ticket) -> None:
        ticket.begun_at = asyncio.get_running_loop().time()
        self._begun.add(ticket)
        ticket.notify()


@contextlib.asynccontextmanager
async def a_turn(ticket: Ticket) -> AsyncGenerator[None, None]:
    """Wait for a ticket's turn, and leave the queue at the end."""
    try:
        async for _ in turn(ticket):
            pass
        yield
    finally:
        ticket.leave()


async def turn(ticket: Ticket) -> AsyncGenerator[int, None]:
    """Yield the number of turns ahead whenever it changes, until the ticket's turn begins or the queue is closed."""
    last = 0
    while (ahead := ticket.ahead) and not ticket.queue.is_closed:
        if ahead != last:
            yield ahead
        last = ahead
        await ticket.changed()
