"""One writer at a time on an object store, and versions that readers see whole. Real processes on a real S3 server."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bunko.errors import LeaseLost, StoreBusy, StoreDamaged
from bunko.store import control
from bunko.store.lease import acquire, holder
from bunko.store.published import published, recover
from bunko.store.remote import connect


def test_of_many_who_want_the_lease_one_gets_it(place: str) -> None:
    gate = threading.Barrier(6)

    def want(_: int) -> Any:
        database = connect(place)
        gate.wait()
        try:
            return acquire(database, place)
        except StoreBusy as error:
            return error

    for _ in range(3):
        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(want, range(6)))
        winners = [one for one in found if not isinstance(one, StoreBusy)]
        assert len(winners) == 1, found
        said = [one.message for one in found if isinstance(one, StoreBusy)]
        assert all(f"Process {os.getpid()} on " in message for message in said), said
        winners[0].release()
    assert control.read(connect(place).open_table(control.CONTROL)).token == 3


def test_many_who_create_the_row_and_change_it_all_find_one_row(place: str) -> None:
    gate = threading.Barrier(6)

    def add_one(_: int) -> int:
        database = connect(place)
        gate.wait()
        table = control.open_control(database)  # five find a table that may have no version yet
        while True:
            number = control.read(table).number
            if control.swap(table, {"number": number + 1}, number=number):
                return number

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(add_one, range(6))) == list(range(6))


def test_a_lease_is_renewed_while_it_is_held_and_free_afterwards(place: str) -> None:
    database = connect(place)
    with acquire(database, place, lease_s=4.0) as lease:
        time.sleep(6.0)
        lease.check()
        assert holder(database, place) == f"Process {os.getpid()} on {os.uname().nodename}"
        with pytest.raises(StoreBusy, match="If it was killed, its lease ends in"):
            acquire(connect(place), place)
    assert holder(database, place) == ""
    acquire(database, place).release()


_KILLED = """
import sys, time
from bunko.store.lease import acquire
from bunko.store.remote import connect
acquire(connect(sys.argv[1]), sys.argv[1], lease_s=2.0)
print("held", flush=True)
time.sleep(600)
"""


def test_a_writer_that_was_killed_is_followed_once_its_lease_has_run_out(place: str) -> None:
    other = subprocess.Popen([sys.executable, "-c", _KILLED, place], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with pytest.raises(StoreBusy, match=f"Process {other.pid} on "):
        acquire(connect(place), place)
    other.kill()
    other.wait()
    begin = time.monotonic()
    acquire(connect(place), place, wait_s=30.0).release()
    assert time.monotonic() - begin < 10


def _tables(place: str) -> tuple[Any, Any]:
    database = connect(place)
    return database.create_table("one", [{"n": 0}]), database.create_table("two", [{"n": 0}])


def test_readers_see_all_of_a_publication_or_nothing(place: str) -> None:
    one, two = _tables(place)
    database = connect(place)
    assert published(database, place) is None
    with acquire(database, place) as lease:
        publisher, undone = recover(database, place, lease)
        assert undone == ()
        first = publisher.publish({"one": one.version, "two": two.version})
        assert (first.number, publisher.publish({"one": one.version, "two": two.version})) == (1, first)
        one.add([{"n": 1}])
        assert published(database, place) == first
        second = publisher.publish({"one": one.version, "two": two.version})
    assert second.number == 2
    assert second.tables == {"one": 2, "two": 1}
    assert second.since["two"] == first.since["two"]
    assert published(connect(place), place) == second


def test_what_a_killed_writer_did_not_publish_is_taken_back(place: str) -> None:
    one, two = _tables(place)
    database = connect(place)
    with acquire(database, place) as lease:
        publisher, _ = recover(database, place, lease)
        publisher.publish({"one": one.version, "two": two.version})
    one.add([{"n": 1}])
    one.add([{"n": 2}])
    for _ in range(2):  # the second time, there is nothing left to do
        with acquire(database, place) as lease:
            publisher, undone = recover(database, place, lease)
        one.checkout_latest()
        assert one.to_arrow()["n"].to_pylist() == [0]
        assert publisher.latest is not None
        assert publisher.latest.tables == {"one": one.version, "two": 1}
        assert publisher.latest.number == 2
    assert undone == ()


def test_a_writer_that_was_paused_for_too_long_publishes_nothing(place: str) -> None:
    one, two = _tables(place)
    database = connect(place)
    stale = acquire(database, place, lease_s=60.0)
    publisher, _ = recover(database, place, stale)
    publisher.publish({"one": one.version, "two": two.version})
    # Its clock stands still, as a paused process's does: it takes its lease for valid. The row says it is over.
    stale._released.set()
    table = database.open_table(control.CONTROL)
    table.update(values={"expires_ms": 1})
    with acquire(connect(place), place) as lease:
        _, undone = recover(connect(place), place, lease)
        assert undone == ()
        one.add([{"n": 1}])
        stale.check()
        with pytest.raises(LeaseLost, match="taken over"):
            publisher.publish({"one": one.version, "two": two.version})
        with pytest.raises(LeaseLost):
            stale.check()
    version = published(database, place)
    assert version is not None
    assert version.number == 1


def test_a_lost_table_is_damage_and_said(place: str) -> None:
    one, two = _tables(place)
    database = connect(place)
    with acquire(database, place) as lease:
        publisher, _ = recover(database, place, lease)
        publisher.publish({"one": one.version, "two": two.version})
        database.drop_table("two")
        with pytest.raises(StoreDamaged, match="has lost its table 'two'"):
            recover(database, place, lease)
