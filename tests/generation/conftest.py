"""Generators on tiny models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bunko.generation import open_generator
from bunko.generation.chat import ChatGenerator
from bunko.models import resolve
from bunko.settings import Settings, apply_overrides
from tests.engine.support import make_tiny_model


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The defaults, with one thread and a cache of the test's own."""
    return apply_overrides(Settings(), {"cache_dir": tmp_path / "cache", "generation.threads": 1})


@pytest.fixture
def tiny(tmp_path: Path, settings: Settings) -> Iterator[ChatGenerator]:
    """A generator on the tiny model, not started, with 8,192 tokens of context."""
    model = make_tiny_model(tmp_path, context=8192)
    generator = open_generator(resolve(str(model), kind="chat", settings=settings), settings)
    yield generator
    generator.close()
