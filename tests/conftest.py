"""What every test starts from: no settings of the user's own, and laws that are tried without a stopwatch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import hypothesis
import pytest

from bunko.cli.main import main
from bunko.library import Library
from bunko.ports import Embedder, Generator
from bunko.testing import FakeEmbedder, FakeGenerator
from tests.reading_processes import CAN_FORK, Forking
from tests.support import Outcome

# The same examples in every run, so that a run fails because of a change and never by chance. For others, and more, by
# hand: --hypothesis-profile=thorough
hypothesis.settings.register_profile("bunko", deadline=None, max_examples=25, derandomize=True, database=None)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("bunko")

THOROUGH = bool(os.environ.get("BUNKO_TEST_THOROUGH"))
_reading = Forking()

Cli: TypeAlias = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Point BUNKO_CONFIG to a file that is not there; subprocesses inherit it."""
    monkeypatch.setenv("BUNKO_CONFIG", str(tmp_path / "no-such-config.toml"))
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(scope="module", autouse=True)
def reading_processes_that_start_in_a_moment(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fork reading processes, but for the tests of reading itself."""
    with pytest.MonkeyPatch.context() as patch:
        if CAN_FORK and not THOROUGH and "tests/reading/" not in request.node.nodeid:
            patch.setattr("bunko.reading.reader.spawn", _reading.spawn)
        yield


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command in this process, with fakes in the engines' place."""

    def run(*argv: str, embedder: Embedder | None = None, generator: Generator | None = None) -> Outcome:
        monkeypatch.setattr(Library, "embedder", embedder or FakeEmbedder())
        monkeypatch.setattr(Library, "_begin_embedder", lambda library: None)  # the real one: fetched, and loaded
        monkeypatch.setattr(Library, "generator", generator or FakeGenerator())
        try:
            code = main(argv)
        except SystemExit as leaving:  # argparse's way out
            code = int(leaving.code or 0)
        captured = capsys.readouterr()
        return Outcome(code=code, out=captured.out, err=captured.err)

    return run
