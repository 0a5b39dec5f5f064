"""A tiny model for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.support import make_tiny_model


@pytest.fixture
def tiny_model(tmp_path: Path) -> Path:
    """A chat model of 80 kB that loads in milliseconds and writes letters for ever."""
    return make_tiny_model(tmp_path)
