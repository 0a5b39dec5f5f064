"""A model for the processor is loaded without a word to anybody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support import REPOSITORY, environment

MODEL = Path(REPOSITORY) / "src" / "bunko" / "reader" / "model" / "en" / "reader.onnx"
LOAD = f"from bunko.engine.onnx_session import open_session; open_session({str(MODEL)!r})"


def test_onnx_runtime_collects_nothing_about_the_machine(tmp_path: Path) -> None:
    """It keeps quiet by itself where it believes to be in a CI run, hence the variables that are left out."""
    kept = {name: value for name, value in environment().items() if "CI" not in name.split("_")}
    for name in ("ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED", "ORT_RUNNING_UNIT_TESTS", "GITHUB_ACTIONS"):
        kept.pop(name, None)
    home = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "USERPROFILE")}
    subprocess.run([sys.executable, "-c", LOAD], env=kept | home, check=True, timeout=120)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert os.environ.get("ORT_DISABLE_TELEMETRY", "1") == "1"
