"""What every test starts from: no settings of the user's own, and laws that are tried without a stopwatch."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import hypothesis
import pytest

from bunko.cli import background
from bunko.cli.main import main
from bunko.library import Library
from bunko.ports import Embedder, Generator
from bunko.reader import cards
from bunko.server.http.logs import LOGGER
from bunko.testing import FakeEmbedder, FakeGenerator
from tests.reading_processes import CAN_FORK, Forking
from tests.support import THOROUGH, Outcome

# The same examples in every run, so that a run fails because of a change and never by chance. For others, and more, by
# hand: --hypothesis-profile=thorough
hypothesis.settings.register_profile("bunko", deadline=None, max_examples=25, derandomize=True, database=None)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("bunko")

_reading = Forking()

# The files that take longest, the longest first. Those that run models and those that wait take turns, since a model
# computes on all cores. All others take less than ten seconds: at the end no process works alone for long.
_LONG = """
store/test_object_store store/test_snapshot
generation/test_starter_model indexing/test_watch test_docs indexing/test_sync e2e/test_real_models cli/test_cli
server/http/test_serving server/mcp/test_mcp answering/test_answer_cache evaluation/test_commands store/test_store
client/test_discovery answering/test_reasoning server/native/test_routes overview/test_surveying
server/http/test_openapi reading/test_reader client/test_remote_library indexing/test_killed server/mcp/test_processes
examples/test_notebook_example server/page/test_with_models replay/test_real_models
embedding/test_starter_embedder test_library
server/native/test_changes grounding/test_ground retrieval/test_search server/hosting/test_host
""".split()

# Each process of pytest-xdist starts engines of its own. More threads than cores stall each other: the models' tests
# then take a quarter more of the processors' time. An engine's own setting stays as it is; this caps OpenMP below it.
if _processes := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
    os.environ.setdefault("OMP_THREAD_LIMIT", str(max(1, (os.cpu_count() or 1) // _processes)))

Cli: TypeAlias = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Point BUNKO_CONFIG to a file that is not there; subprocesses inherit it."""
    monkeypatch.setenv("BUNKO_CONFIG", str(tmp_path / "no-such-config.toml"))
    monkeypatch.setenv("NO_COLOR", "1")
    # What a real reader marks depends on the words: tests bring one of their own.
    monkeypatch.setattr(cards, "_SHIPPED", tmp_path / "no-readers")


def pytest_xdist_auto_num_workers() -> int:
    """Return one process more than there are processors: many tests wait for others' processes, or for time to pass."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files first that take longest; pytest-xdist gives files to its processes in this order."""
    places = {f"tests/{name}.py": place for place, name in enumerate(_LONG)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


@pytest.fixture(scope="module", autouse=True)
def reading_processes_that_start_in_a_moment(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fork reading processes, but for the tests of reading itself."""
    with pytest.MonkeyPatch.context() as patch:
        if CAN_FORK and not THOROUGH and "tests/reading/" not in request.node.nodeid:
            patch.setattr("bunko.reading.reader.spawn", _reading.spawn)
        yield


def _finished_at_once(job: str) -> bool:
    """Make the rest of an index here: a process of its own would have real engines."""
    background.finish(job)
    return True


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command in this process, with fakes in the engines' place."""

    def run(*argv: str, embedder: Embedder | None = None, generator: Generator | None = None) -> Outcome:
        monkeypatch.setattr(Library, "embedder", embedder or FakeEmbedder())
        monkeypatch.setattr(Library, "_begin_embedder", lambda library: None)  # the real one: fetched, and loaded
        monkeypatch.setattr(Library, "generator", generator or FakeGenerator())
        monkeypatch.setattr(background, "start", _finished_at_once)
        try:
            code = main(argv)
        except SystemExit as leaving:  # argparse's way out
            code = int(leaving.code or 0)
        finally:  # a server's log goes to this test's stderr, which is closed after it
            for name in (LOGGER, "uvicorn.error"):
                logging.getLogger(name).handlers.clear()
        captured = capsys.readouterr()
        return Outcome(code=code, out=captured.out, err=captured.err)

    return run
