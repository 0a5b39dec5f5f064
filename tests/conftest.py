"""What every test starts from: no settings of the user's own, and laws that are tried without a stopwatch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import hypothesis
import pytest

from bunko.cli.main import main
from bunko.library import Library
from bunko.ports import Embedder, Generator
from bunko.reader import cards
from bunko.testing import FakeEmbedder, FakeGenerator
from tests.support import Outcome

hypothesis.settings.register_profile("bunko", deadline=None, max_examples=40)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2000)  # --hypothesis-profile=thorough
hypothesis.settings.load_profile("bunko")

Cli: TypeAlias = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Point BUNKO_CONFIG to a file that is not there; subprocesses inherit it."""
    monkeypatch.setenv("BUNKO_CONFIG", str(tmp_path / "no-such-config.toml"))
    monkeypatch.setenv("NO_COLOR", "1")
    # What a real reader marks depends on the words: tests bring one of their own.
    monkeypatch.setattr(cards, "_SHIPPED", tmp_path / "no-readers")


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
