"""The parts of `bunko cluster` that need no cluster: shares, progress, status, and what is said without the extra."""

from __future__ import annotations

import importlib.util
import json
import urllib.request
from pathlib import Path

import pytest

from bunko.cluster.progress import NOTE, Meter, State, state_from
from bunko.cluster.status import read_status
from bunko.errors import NotIndexed, UsageError
from bunko.store import Store
from tests.support import CATS, make_library, run_program, write_files

HAS_EXTRA = all(importlib.util.find_spec(name) for name in ("ray", "lance", "lance_ray"))


@pytest.mark.skipif(HAS_EXTRA, reason="the extra is installed")
def test_without_the_extra_the_command_names_it(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.txt": CATS})
    outcome = run_program("cluster", "index", str(tmp_path), "--store", str(tmp_path / "index"))
    outcome.assert_clear(1, "ray", "pip install 'bunko[cluster]'")
    assert not (tmp_path / "index").exists()


def test_the_help_needs_no_extra() -> None:
    for words in (["cluster"], ["cluster", "--help"], ["cluster", "index", "--help"]):
        assert run_program(*words).code == 0


def test_the_progress_says_rate_and_time_to_go() -> None:
    meter = Meter(files=200, size=4_000)
    meter.add(files=50, bytes=1_000, passages=900, failed=1)
    state = meter.note(nodes=2, redone=3)
    assert (state.files, state.of_files, state.passages, state.nodes, state.redone) == (50, 200, 900, 2, 3)
    assert state.left_s == pytest.approx(3 * state.seconds)
    told = str(State(files=50, of_files=200, bytes=1_000, of_bytes=4_000, passages=900, nodes=2, redone=3, seconds=600))
    assert told == "50 of 200 files, 0.1 files/s, 900 passages, 2 nodes, 3 shares sent again, 30 min to go"
    assert state_from(state.as_json()) == state
    assert state_from("") is state_from("{") is state_from('{"unknown": 1}') is None
    assert State(of_files=3).left_s is None
    assert "Other runs use all cores of the cluster" in str(State(of_files=3, nodes=2, is_waiting=True))
    assert State(files=3, of_files=3, is_over=True).left_s == 0.0


def test_the_progress_is_served_as_metrics() -> None:
    meter = Meter(files=200, size=4_000)
    server, port = meter.serve("0")
    try:
        meter.add(files=50, bytes=1_000, passages=900)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
            text = page.read().decode()
    finally:
        server.shutdown()
    assert "bunko_cluster_files 50.0" in text
    assert "bunko_cluster_of_files 200.0" in text
    for place in ("", "x", "70000", "127.0.0.1:"):
        with pytest.raises(UsageError):
            meter.serve(place)


def test_the_status_tells_how_far_a_run_was(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "library", {"a.txt": CATS, "b.pdf": b"%PDF-1.7"})
    make_library(folder).sync()
    place = str(folder / ".bunko" / "store")
    assert read_status(place).run is None
    store = Store(place)
    with store.writing():
        store.keep_note(NOTE, State(files=1, of_files=2, at=1.0).as_json())
        during = read_status(place)
    assert during.writer.startswith("Process ")
    assert not during.is_interrupted
    after = read_status(place)
    assert (after.documents, after.failed, after.writer, after.published) == (1, 1, "", None)
    assert after.is_interrupted
    shown = run_program("cluster", "status", place)
    assert "interrupted" in shown.out
    assert "1 of 2 files" in shown.out
    assert "bunko cluster index" in shown.out
    told = run_program("cluster", "status", place, "--json").json
    assert (told["run"]["files"], told["run"]["left_s"], told["is_interrupted"]) == (1, 0.0, True)
    json.dumps(told)


def test_the_status_of_nothing_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotIndexed):
        read_status(str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()
    run_program("cluster", "status", str(tmp_path / "none")).assert_clear(1, "There is no index")
