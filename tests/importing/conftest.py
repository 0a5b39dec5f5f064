"""Settings with a cache of the test's own, but for the converter, which is fetched once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bunko.settings import Settings, cache_directory, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    kept = cache_directory(load_settings()) / "converter"
    if kept.is_dir():
        shutil.copytree(kept, tmp_path / "cache" / "converter")
    return load_settings(overrides={"cache_dir": str(tmp_path / "cache")})
