"""Settings with a temporary cache that shares the converter, which is downloaded once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bunko.config import load_settings
from bunko.importing.converting import obtain_converter
from bunko.models import silent
from bunko.settings import Settings


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.node.get_closest_marker("conversion"):
        kept = obtain_converter(load_settings(), progress=silent)
        shutil.copytree(kept.parent, tmp_path / "cache" / "converter")
    return load_settings(overrides={"cache_dir": str(tmp_path / "cache")})
