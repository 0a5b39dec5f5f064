"""Whose turn it is. In: who asks. Out: a ticket, which tells how many are ahead, and when it is its turn.

Clients take turns, however many questions each has: one with a hundred keeps nobody else waiting for more than one
of them. Used by the event loop alone, so that nothing here needs a lock. Knows nothing of questions.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator

from bunko.errors import Busy

# What a turn is taken to last before one has been seen, and the bounds of what clients are told.
_FIRST_GUESS_S = 3.0
_WAIT_AT_LEAST_S, _WAIT_AT_MOST_S = 1, 120
_WEIGHT = 0.2  # of the newest turn in the mean


class Ticket:
    """A place in the queue. Leave it at the end, whatever happens; leaving twice does nothing."""

    def __init__(self, queue: FairQueue, client: str) -> None:
        self.client = client
        self.queue = queue
        self.joined_at = asyncio.get_running_loop().time()
        self.begun_at = 0.0
        self._moved = asyncio.Event()

    @property
    def ahead(self) -> int:
        """How many turns come before this one, those that have begun included; 0 once it is this one's."""
        return self.queue.ahead_of(self)

    @property
    def waited_s(self) -> float:
        """How long it was until its turn came, in seconds."""
        return self.begun_at - self.joined_at

    async def moved(self) -> None:
        """Wait until something has changed in the queue."""
        await self._moved.wait()
        self._moved.clear()

    def tell(self) -> None:
        """Say that something has changed."""
        self._moved.set()

    def leave(self) -> None:
        """Make room for the next."""
        self.queue.remove(self)


class FairQueue:
    """So many turns at once; among those who wait, the clients take turns."""

    def __init__(self, *, limit: int, at_once: int = 1) -> None:
        """`limit` is how many may wait."""
        self._limit = limit
        self._at_once = at_once
        self._waiting: OrderedDict[str, deque[Ticket]] = OrderedDict()
        self._begun: set[Ticket] = set()
        self._turn_s = _FIRST_GUESS_S
        self.is_closed = False

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    @property
    def begun(self) -> int:
        """How many have their turn."""
        return len(self._begun)

    def join(self, client: str) -> Ticket:
        """Take a place. Raises Busy, which says when to come back, if there is none."""
        ticket = Ticket(self, client)
        if len(self._begun) < self._at_once and not self._waiting:
            self._begin(ticket)
            return ticket
        mine = self._waiting.get(client, ())
        if self.waiting >= self._limit or len(mine) >= max(1, self._limit * 3 // 4):
            who = "You have" if self.waiting < self._limit else "There are"
            raise Busy(
                f"{who} as many questions waiting as this server takes.",
                "Ask again later; the header Retry-After tells when.",
                retry_after_s=self.wait_s(),
            )
        self._waiting.setdefault(client, deque()).append(ticket)
        return ticket

    def close(self) -> None:
        """Let nobody wait any longer, though it is not their turn."""
        self.is_closed = True
        self._tell()

    def wait_s(self) -> int:
        """Estimate how long it is until all who wait now have had their turn, in whole seconds."""
        seconds = round((self.waiting + 1) * self._turn_s / self._at_once)
        return min(max(seconds, _WAIT_AT_LEAST_S), _WAIT_AT_MOST_S)

    def ahead_of(self, ticket: Ticket) -> int:
        """Count the turns before a ticket's: in each round every client has one."""
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
        """Take a ticket out; the next one begins if there is room."""
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
        self._tell()

    def _tell(self) -> None:
        for tickets in self._waiting.values():
            for each in tickets:
                each.tell()

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
        ticket.tell()


@contextlib.asynccontextmanager
async def a_turn(ticket: Ticket) -> AsyncGenerator[None, None]:
    """Wait for a ticket's turn, and leave at the end."""
    try:
        async for _ in turn(ticket):
            pass
        yield
    finally:
        ticket.leave()


async def turn(ticket: Ticket) -> AsyncGenerator[int, None]:
    """Yield how many are ahead, whenever that changes, until it is the ticket's turn, or the queue is closed."""
    told = 0
    while (ahead := ticket.ahead) and not ticket.queue.is_closed:
        if ahead != told:
            yield ahead
        told = ahead
        await ticket.moved()
