"""Whether a store keeps writers apart: found out with a store that does, and with one that ignores the condition."""

from __future__ import annotations

import pytest

from bunko.diagnosis.object_store import store_findings
from bunko.errors import StoreError
from bunko.store import Store
from bunko.store.lease import acquire
from bunko.store.probe import probe
from bunko.store.remote import connect
from tests.store.s3 import passing


def test_a_store_that_keeps_writers_apart_passes_and_nothing_is_left(place: str) -> None:
    Store(place)
    found = probe(place, rounds=1)
    assert found.keeps_writers_apart, found
    assert found.winners == (1,)
    assert sorted(connect(place).list_tables().tables) == ["chunks", "control", "documents", "files", "state"]


def test_a_store_that_ignores_the_condition_is_found_out(
    place: str, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with passing(endpoint, left_out=("if-none-match",)) as careless:
        monkeypatch.setenv("AWS_ENDPOINT_URL", careless.url)
        findings = {finding.check: finding for finding in store_findings(place, rounds=2)}
    assert findings["store writers"].state == "problem"
    assert "the store lets several writers win the same version" in findings["store writers"].detail


def test_a_doctor_tells_the_version_and_who_writes(place: str) -> None:
    Store(place)
    with acquire(connect(place), place):
        findings = {finding.check: finding for finding in store_findings(place, rounds=1)}
    assert "version 1 of" in findings["index"].detail
    assert "is writing to it" in findings["writer"].detail
    assert findings["store writers"].state == "ok"
    assert "ms for a commit" in findings["store speed"].detail


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "the store can't be reached"),
        ({}, "there is no such bucket"),
    ],
)
def test_what_is_wrong_with_a_store_is_said_in_one_sentence(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    del endpoint
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreError, match=said):
        Store("s3://no-such-bucket-here/lib", access="read")
    (finding,) = store_findings("s3://no-such-bucket-here/lib")
    assert (finding.check, finding.state) == ("store", "problem")
